import { afterEach, describe, expect, jest, test } from '@jest/globals';
import zlib from 'node:zlib';
import type { Codec, Delivery } from '../src/codec.ts';
import { createCodec } from '../src/codec.ts';
import type { Encoding } from '../src/encoding.ts';
import { runtimeHas } from '../src/encoding.ts';
import { levelsOf } from '../src/levels.ts';
import { decode } from './decode.ts';

const available = (['gzip', 'deflate', 'br', 'zstd'] as const).filter(runtimeHas);
const text = JSON.stringify(
  Array.from({ length: 3000 }, (_, id) => ({ id, name: `user ${id * 7919}`, even: id % 2 === 0 })),
);
const bodies = [text.slice(0, 600), text.slice(0, 20_000), text].map((part) => Buffer.from(part));

afterEach(() => {
  jest.restoreAllMocks();
});

function codecOf(encoding: Encoding): Codec {
  return createCodec(encoding, levelsOf(encoding, undefined), 2);
}

function offLoop(codec: Codec, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    codec.compress(body, (error, output) => (output ? resolve(output) : reject(error)));
  });
}

async function streamed(codec: Codec, delivery: Delivery, body: Buffer): Promise<Buffer> {
  const { stream, flushKind } = codec.createStream(delivery);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const half = body.length >> 1;
  stream.write(body.subarray(0, half));
  await new Promise<void>((resolve) => stream.flush(flushKind, resolve));
  expect(chunks.length).toBeGreaterThan(0);
  stream.end(body.subarray(half));
  await new Promise((resolve) => stream.once('end', resolve));
  return Buffer.concat(chunks);
}

describe.each(available)('the codec %s', (encoding) => {
  test.each(bodies.map((body) => [body.length, body] as const))(
    'gives back %i bytes whole, off the loop and in pieces',
    async (_, body) => {
      const codec = codecOf(encoding);
      const outputs = [
        codec.compressSync(body),
        await offLoop(codec, body),
        await streamed(codec, 'announced', body),
        await streamed(codec, 'open', body),
        await streamed(codec, 'messages', body),
      ];
      for (const output of outputs) {
        expect(output.length).toBeLessThan(body.length);
        expect(decode(encoding, output).equals(body)).toBe(true);
      }
    },
  );

  test('says at which level it works', () => {
    const codec = createCodec(encoding, { small: 2, large: 1, announced: 1, open: 1 }, 1);
    expect([codec.levelFor(16_384), codec.levelFor(16_385)]).toEqual([2, 1]);
    expect(codec.cost.estimate(1_000_000)).toBeGreaterThan(0);
  });
});

test('deflate is the zlib format, not the raw one', () => {
  const [first] = codecOf('deflate').compressSync(bodies[0] ?? Buffer.alloc(0));
  expect(first).toBe(0x78);
});

describe('a codec that fails off the loop', () => {
  test('says so', async () => {
    jest.spyOn(zlib, 'brotliCompress').mockImplementation((...call: unknown[]) => {
      const callback = call[2] as (error: Error | null) => void;
      setImmediate(callback, new Error('no memory'));
    });
    await expect(offLoop(codecOf('br'), Buffer.from('x'))).rejects.toThrow('no memory');
  });
});

describe('levelsOf', () => {
  test.each([
    ['gzip', undefined, { small: 6, large: 4, announced: 6, open: 6 }],
    ['gzip', 9, { small: 9, large: 9, announced: 9, open: 9 }],
    ['deflate', 1, { small: 1, large: 1, announced: 1, open: 1 }],
    ['br', 9, { small: 4, large: 4, announced: 4, open: 3 }],
    ['zstd', 9, { small: 3, large: 3, announced: 3, open: 1 }],
    ['br', { gzip: 1 }, { small: 4, large: 4, announced: 4, open: 3 }],
    ['br', { br: 11 }, { small: 11, large: 11, announced: 11, open: 11 }],
    ['br', { br: 0 }, { small: 0, large: 0, announced: 0, open: 3 }],
    ['br', { br: 1 }, { small: 1, large: 1, announced: 1, open: 3 }],
    ['zstd', { zstd: 1 }, { small: 1, large: 1, announced: 1, open: 1 }],
  ] as const)('%s with %j', (encoding, given, expected) => {
    expect(levelsOf(encoding, given)).toEqual(expected);
  });
});

describe('cost guesses', () => {
  test('rise with the level', () => {
    const guess = (encoding: Encoding, level: number): number => {
      const levels = { small: level, large: level, announced: level, open: level };
      return createCodec(encoding, levels, 1).cost.estimate(100_000);
    };
    for (const encoding of ['gzip', 'br', 'zstd'] as const) {
      const guesses = [1, 4, 9].map((level) => guess(encoding, level));
      expect(guesses).toEqual([...guesses].sort((a, b) => a - b));
    }
    expect(guess('br', 11)).toBeGreaterThan(100);
  });
});
