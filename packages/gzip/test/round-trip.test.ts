import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closeAll } from '@portcullis/testing';
import type { TestServer } from '@portcullis/testing';
import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runtimeHas } from '../src/encoding.ts';
import { ask, plainText, serve } from './serve.ts';
import type { GzipOptions } from '../src/index.ts';

interface Plan {
  readonly type: string;
  readonly announce: boolean;
  readonly explicit: boolean;
  readonly pieces: readonly {
    readonly text: string;
    readonly wait: boolean;
    readonly flush: boolean;
  }[];
}

// What the next request is answered with; runs are one after the other.
let plan: Plan;
const servers: TestServer[] = [];

const variants: readonly GzipOptions[] = [
  {},
  { syncBudget: 0, minimumSize: 0 },
  { cache: true, breach: { jitter: 4, crossSite: false } },
];

beforeAll(async () => {
  for (const options of variants) {
    servers.push(
      await serve(options, async (_req, res) => {
        const { type, announce, explicit, pieces } = plan;
        const length = Buffer.byteLength(pieces.map(({ text }) => text).join(''));
        res.setHeader('Content-Type', type);
        if (announce) res.setHeader('Content-Length', length);
        if (explicit) res.writeHead(200);
        for (const { text, wait, flush } of pieces.slice(0, -1)) {
          res.write(text);
          if (flush) res.flushHeaders();
          if (wait) await nextTurn();
        }
        res.end(pieces.at(-1)?.text);
      }),
    );
  }
});

afterAll(closeAll);

const piece = fc.record({
  text: fc
    .tuple(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.constantFrom(1, 1, 20, 400))
    .map(([text, times]) => text.repeat(times)),
  wait: fc.boolean(),
  flush: fc.boolean(),
});
const plans = fc.record({
  type: fc.constantFrom('text/plain', 'text/event-stream', 'image/png'),
  announce: fc.boolean(),
  explicit: fc.boolean(),
  pieces: fc.array(piece, { maxLength: 6 }),
});
const codings = (['gzip', 'deflate', 'br', 'zstd'] as const).filter(runtimeHas);

describe('whatever the pieces, the sizes, the pauses and the coding', () => {
  test('the client decodes what the application wrote', async () => {
    await fc.assert(
      fc.asyncProperty(
        plans,
        fc.constantFrom('', ...codings),
        fc.nat(2),
        async (next, accept, at) => {
          plan = next;
          const server = servers[at];
          if (server === undefined) throw new Error('no server');
          const response = await ask(server, { accept });
          expect(response.status).toBe(200);
          expect(plainText(response)).toBe(next.pieces.map(({ text }) => text).join(''));
        },
      ),
      { numRuns: 250 },
    );
  }, 20_000);
});
