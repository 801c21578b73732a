import { createSecretKey, randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { scanCookies } from '../src/cookie/scan.ts';
import { signedCookies } from '../src/express-session/signed-cookie.ts';
import { signedIds } from '../src/store/signed-id.ts';
import type { StrategySetup } from '../src/strategy.ts';
import { encryptedTokens } from '../src/token/encrypted.ts';
import { createRandomPool } from '../src/token/random.ts';

const now = 1_800_000_000;
const setup: StrategySetup = {
  cookieName: 'session',
  secrets: [randomBytes(32)],
  lifetimes: { idle: 1000, absolute: undefined, renewAfter: undefined, reissueAfter: 60 },
  now: () => now,
};

/** Bytes in use after everything that can go is gone. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  return process.memoryUsage().heapUsed;
}

const valuesIn = (header: string): readonly string[] => scanCookies(header, 'session').values;

interface Reader {
  readonly make: (index: number) => string;
  readonly read: (header: string) => unknown;
}

function encrypted(): Reader {
  const tokens = encryptedTokens(setup, createRandomPool());
  return {
    make: (index) =>
      tokens.seal({
        id: 'AAAAAAAAAAA',
        data: {},
        text: `{"n":${String(index)}}`,
        createdAt: now,
        issuedAt: now,
      }),
    read: (header) => valuesIn(header).map((value) => tokens.open(value, now)),
  };
}

function storeIds(): Reader {
  const ids = signedIds(setup);
  return {
    make: () => ids.sign(randomBytes(32).toString('base64url')),
    read: (header) => valuesIn(header).map((value) => ids.verify(value)),
  };
}

function expressIds(): Reader {
  const key = createSecretKey(randomBytes(32));
  const cookies = signedCookies(key, [key]);
  return {
    make: () => cookies.sign(randomBytes(24).toString('base64url')),
    read: (cookie) => cookies.idOf({ headers: { cookie } } as never, 'session'), // all it looks at
  };
}

describe.each([
  ['encrypted sessions', encrypted],
  ['ids of a store', storeIds],
  ['ids of express-session', expressIds],
])('%s that are remembered', (_, make) => {
  test('hold nothing of what else their visitors sent', () => {
    const reader = make();
    const visits = 1500;
    const padding = 14_000;
    const before = usedHeap();
    for (let index = 0; index < visits; index++) {
      const bytes = Buffer.from(`pad=${'x'.repeat(padding)}; session=${reader.make(index)}`);
      reader.read(bytes.toString('latin1'));
    }
    expect(usedHeap() - before).toBeLessThan((visits * padding) / 3);
    expect(reader.read('')).not.toBeNull(); // alive until here, with what it remembers
  });
});
