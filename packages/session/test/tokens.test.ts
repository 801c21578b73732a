import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { sign, unsign } from 'cookie-signature';
import * as fc from 'fast-check';
import type { RejectionReason, SessionRecord, StrategySetup } from '../src/strategy.ts';
import { encryptedTokens } from '../src/token/encrypted.ts';
import { dayKeys, deriveKeys } from '../src/token/keys.ts';
import { macCheck } from '../src/token/hmac.ts';
import { createRandomPool } from '../src/token/random.ts';
import { signedTokens } from '../src/token/signed.ts';
import type { TokenFormat } from '../src/token/token.ts';

const now = 1_800_000_000;
const oldSecret = Buffer.alloc(32, 'old secret of many letters');
const newSecret = Buffer.alloc(32, 'new secret of other letters');

const setup: StrategySetup = {
  cookieName: 'session',
  secrets: [newSecret],
  lifetimes: { idle: 3600, absolute: 86_400, renewAfter: undefined, reissueAfter: 60 },
  now: () => now,
};

const record: SessionRecord = {
  id: 'AAECAwQFBgc',
  data: { user: 'bob' },
  text: '{"user":"bob"}',
  createdAt: now - 100,
  issuedAt: now - 10,
};

const full: SessionRecord = {
  ...record,
  userId: '42',
  authenticatedAt: now - 50,
  generation: '3',
  renewedAt: now - 60,
  flash: { info: ['welcome\nback'] },
};

const formats: readonly (readonly [string, (given: StrategySetup) => TokenFormat])[] = [
  ['encrypted', (given) => encryptedTokens(given, createRandomPool())],
  ['signed', signedTokens],
];

function reasonOf(format: TokenFormat, token: string, at = now): RejectionReason | undefined {
  const opened = format.open(token, at);
  return 'reason' in opened ? opened.reason : undefined;
}

describe.each(formats)('%s tokens', (kind, make) => {
  const tokens = make(setup);

  test('that were read before still end when their time is over', () => {
    const token = tokens.seal(record);
    const reasons = [now, now, record.issuedAt + 3600, record.issuedAt + 3601];
    expect(reasons.map((at) => reasonOf(tokens, token, at))).toEqual([
      undefined,
      undefined,
      undefined,
      'expired-idle',
    ]);
  });

  test('that were read before give each reader data of its own', () => {
    const token = tokens.seal(full);
    const [first, second] = [tokens.open(token, now), tokens.open(token, now)];
    expect(second).toEqual(first);
    expect('record' in first && 'record' in second).toBe(true);
    if (!('record' in first) || !('record' in second)) return;
    expect(second.record.data).not.toBe(first.record.data);
    expect(second.record.flash).not.toBe(first.record.flash);
  });

  test.each([
    ['data alone', record],
    ['everything', full],
    [
      'unicode, quotes and separators',
      { ...record, data: { a: 'ü😀";=,' }, text: '{"a":"ü😀\\";=,"}' },
    ],
  ])('give back %s', (_, given) => {
    const opened = tokens.open(tokens.seal(given), now);
    expect(opened).toEqual({ record: given, newest: true });
  });

  test('hold nothing but cookie octets', () => {
    expect(tokens.seal(full)).toMatch(/^[\w\-.+/]+$/);
  });

  test.each([
    ['exactly maxAge old', { issuedAt: now - 3600 }, undefined],
    ['a second older', { issuedAt: now - 3601 }, 'expired-idle'],
    ['beyond the absolute lifetime', { createdAt: now - 86_401 }, 'expired-absolute'],
    ['from the future', { issuedAt: now + 61 }, 'future'],
  ])('are judged when %s', (_, times, reason) => {
    expect(reasonOf(tokens, tokens.seal({ ...record, ...times }))).toBe(reason);
  });

  test.each([
    ['nothing', ''],
    ['a word', 'garbage'],
    ['markup', '<script>'],
    ['padding', `${tokens.seal(record)}=`],
    ['the head alone', tokens.seal(record).slice(0, 30)],
    ['a null of Starlette', 'null'],
    ['percent signs', '%7B%22user%22%3A%22bob%22%7D'],
  ])('refuse %s as malformed', (_, token) => {
    expect(reasonOf(tokens, token)).toBe('malformed');
  });

  test('refuse what four cookies cannot hold without decoding it', () => {
    expect(reasonOf(tokens, 'A'.repeat(100_000))).toBe('oversize');
  });

  test('accept an older secret, say so, and refuse one that was removed', () => {
    const old = make({ ...setup, secrets: [oldSecret] }).seal(record);
    const both = make({ ...setup, secrets: [newSecret, oldSecret] });
    expect(both.open(old, now)).toEqual({ record, newest: false });
    expect(both.open(both.seal(record), now)).toEqual({ record, newest: true });
    expect(reasonOf(tokens, old)).toBe('unknown-key');
  });

  test('mean nothing under another cookie name', () => {
    const other = make({ ...setup, cookieName: 'admin' });
    expect(reasonOf(other, tokens.seal(record))).toBe('unknown-key');
  });

  test('are told apart when two secrets share a key id', () => {
    const [twin, other] = findTwins(kind === 'signed' ? 'sign-data' : 'encrypt-data');
    const made = make({ ...setup, secrets: [twin] }).seal(record);
    const both = make({ ...setup, secrets: [other, twin] });
    expect(both.open(made, now)).toEqual({ record, newest: false });
    expect(reasonOf(make({ ...setup, secrets: [other] }), made)).toBe('bad-signature');
  });

  test('survive no mutation at all', () => {
    const genuine = tokens.seal(full);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/= ';
    const at = fc.nat(genuine.length - 1);
    const mutation = fc.oneof(
      fc
        .tuple(at, fc.constantFrom(...alphabet.split('')))
        .map(([i, c]) => genuine.slice(0, i) + c + genuine.slice(i + 1)),
      fc
        .tuple(at, fc.constantFrom(...alphabet.split('')))
        .map(([i, c]) => genuine.slice(0, i) + c + genuine.slice(i)),
      at.map((i) => genuine.slice(0, i) + genuine.slice(i + 1)),
      at.map((i) => genuine.slice(0, i)),
      at.map((i) => genuine.slice(i)),
      fc.tuple(at, at).map(([i, j]) => genuine.slice(0, i) + genuine.slice(j)),
      fc.string({ maxLength: 300 }),
    );
    fc.assert(
      fc.property(mutation, (token) => {
        fc.pre(token !== genuine);
        expect(tokens.open(token, now)).toHaveProperty('reason');
      }),
      { numRuns: 5000 },
    );
  });

  test('survive no flipped bit', () => {
    const genuine = Buffer.from(tokens.seal(record), 'latin1');
    for (let bit = 0; bit < genuine.length * 8; bit++) {
      const flipped = Buffer.from(genuine);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(tokens.open(flipped.toString('latin1'), now)).toHaveProperty('reason');
    }
  });
});

describe('encrypted tokens', () => {
  const tokens = encryptedTokens(setup, createRandomPool());

  test('show nothing of the data', () => {
    const bytes = Buffer.from(tokens.seal(full), 'base64url').toString('latin1');
    expect(bytes).not.toMatch(/bob|user|welcome/);
  });

  test('differ each time', () => {
    const many = new Set(Array.from({ length: 2000 }, () => tokens.seal(record).slice(0, 26)));
    expect(many.size).toBe(2000);
  });

  test('open on the day after they were issued', () => {
    const midnight = Math.ceil(now / 86_400) * 86_400;
    const token = tokens.seal({ ...record, issuedAt: midnight - 1 });
    expect(reasonOf(tokens, token, midnight + 1)).toBeUndefined();
  });

  test('derive no key for a time that is out of range', async () => {
    const asked: number[] = [];
    jest.resetModules();
    jest.doMock('../src/token/keys.ts', () => ({
      deriveKeys,
      dayKeys(master: KeyObject) {
        const forDay = dayKeys(master);
        return (seconds: number) => {
          asked.push(seconds);
          return forDay(seconds);
        };
      },
    }));
    const watched = await import('../src/token/encrypted.ts');
    const opener = watched.encryptedTokens(setup, createRandomPool());
    const genuine = tokens.seal(record);
    const forged = Buffer.from(genuine, 'base64url');
    forged.writeUInt32BE(1, 3);
    expect(reasonOf(opener, forged.toString('base64url'))).toBe('expired-idle');
    expect(asked).toEqual([]);
    expect(reasonOf(opener, genuine)).toBeUndefined();
    expect(asked).toEqual([record.issuedAt]);
  });

  test('are refused where signed ones are expected, and the other way round', () => {
    const signed = signedTokens(setup);
    expect(reasonOf(signed, tokens.seal(record))).toBe('malformed');
    expect(reasonOf(tokens, signed.seal(record))).toBe('malformed');
  });
});

describe('signed tokens', () => {
  test('are what cookie-signature makes and accepts', () => {
    const [derived] = deriveKeys([newSecret], 'sign-data', 'session');
    if (derived === undefined) throw new Error('no key');
    const token = signedTokens(setup).seal(full);
    const value = unsign(token, derived.key);
    expect(sign(String(value), derived.key)).toBe(token);
  });

  test('are not accepted with characters that only share their low byte', () => {
    const tokens = signedTokens(setup);
    const token = tokens.seal(full);
    const accepted = Array.from(token).filter((character, index) => {
      const twin = String.fromCharCode(character.charCodeAt(0) + 0x100);
      const now = full.issuedAt;
      return 'record' in tokens.open(token.slice(0, index) + twin + token.slice(index + 1), now);
    });
    expect(accepted).toEqual([]);
  });
});

describe('macCheck', () => {
  const key = createSecretKey(newSecret);
  const check = macCheck(key, 300);
  const macOf = (text: string): string =>
    createHmac('sha256', key).update(text).digest('base64').replace('=', '');

  test('agrees with createHmac, and accepts nothing else', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[\w.-]{0,300}$/),
        fc.nat(42),
        fc.integer({ min: 1, max: 127 }),
        (text, at, bit) => {
          const mac = macOf(text);
          expect(check(text, mac)).toBe(true);
          const wrong =
            mac.slice(0, at) + String.fromCharCode(mac.charCodeAt(at) ^ bit) + mac.slice(at + 1);
          expect(check(text, wrong)).toBe(false);
        },
      ),
    );
  });

  test('refuses a MAC of another length and a text that is too long', () => {
    const mac = macOf('text');
    expect([check('text', mac), check('text', mac.slice(1)), check('text', `${mac}=`)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(check('x'.repeat(301), macOf('x'.repeat(301)))).toBe(false);
  });
});

describe('dayKeys', () => {
  test('gives one key per day, and forgets old days when they are many', () => {
    const forDay = dayKeys(createSecretKey(newSecret));
    const first = forDay(0);
    expect(forDay(86_399)).toBe(first);
    expect(forDay(86_400).equals(first)).toBe(false);
    for (let day = 2; day < 600; day++) forDay(day * 86_400);
    expect(forDay(0)).not.toBe(first);
    expect(forDay(0).equals(first)).toBe(true);
  });
});

describe('deriveKeys', () => {
  test('gives each purpose and each cookie a key of its own', () => {
    const texts = [
      deriveKeys([newSecret], 'encrypt-data', 'a'),
      deriveKeys([newSecret], 'sign-data', 'a'),
      deriveKeys([newSecret], 'encrypt-data', 'b'),
    ].map(([key]) => key?.key.export().toString('hex'));
    expect(new Set(texts).size).toBe(3);
    expect(texts).not.toContain(newSecret.toString('hex'));
  });
});

describe('createRandomPool', () => {
  test('never gives the same bytes twice, and leaves none behind', () => {
    const pool = createRandomPool();
    const seen = new Set(Array.from({ length: 5000 }, () => pool.text(8)));
    expect(seen.size).toBe(5000);
    const view = pool.bytes(4);
    expect(view).toHaveLength(4);
  });
});

/** Key ids have 16 bits, so a pair is found among a few hundred. */
function findTwins(purpose: 'encrypt-data' | 'sign-data'): readonly [Buffer, Buffer] {
  const seen = new Map<number, Buffer>();
  for (let index = 0; index < 10_000; index++) {
    const secret = Buffer.from(`a long enough secret for tests ${String(index)}`);
    const kid = deriveKeys([secret], purpose, 'session')[0]?.kid ?? -1;
    const twin = seen.get(kid);
    if (twin !== undefined) return [secret, twin];
    seen.set(kid, secret);
  }
  throw new Error('no twins found');
}
