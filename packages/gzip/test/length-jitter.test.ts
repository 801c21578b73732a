import { describe, expect, test } from '@jest/globals';
import zlib from 'node:zlib';
import { runtimeHas } from '../src/encoding.ts';
import { canJitter, skippableFrame, withGzipComment, withJitter } from '../src/length-jitter.ts';

const body = Buffer.from('what is sent '.repeat(40));

describe('length jitter', () => {
  test('knows which codings have a place for it', () => {
    expect((['zstd', 'br', 'gzip', 'deflate'] as const).filter(canJitter)).toEqual([
      'zstd',
      'gzip',
    ]);
  });

  test('lengthens gzip by 2 to n + 1 bytes, and it still decodes', () => {
    const plain = zlib.gzipSync(body);
    const added = new Set<number>();
    for (let i = 0; i < 400; i++) {
      const output = withJitter('gzip', plain, 8);
      expect(zlib.gunzipSync(output).equals(body)).toBe(true);
      added.add(output.length - plain.length);
    }
    expect([...added].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('leaves what it is given as it is, because the cache keeps it', () => {
    const plain = zlib.gzipSync(body);
    const before = Buffer.from(plain);
    withGzipComment(plain, 8);
    expect(plain.equals(before)).toBe(true);
  });

  test('makes zstd frames of 9 to n + 8 bytes', () => {
    const lengths = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const frame = skippableFrame(4);
      expect(frame.readUInt32LE(0)).toBe(0x184d2a50);
      expect(frame.readUInt32LE(4)).toBe(frame.length - 8);
      lengths.add(frame.length);
    }
    expect([...lengths].sort((a, b) => a - b)).toEqual([9, 10, 11, 12]);
  });

  test('puts the frame behind zstd data', () => {
    const output = withJitter('zstd', Buffer.from('data'), 4);
    expect(output.subarray(0, 4).toString()).toBe('data');
    expect(output.length).toBeGreaterThanOrEqual(13);
  });

  (runtimeHas('zstd') ? test : test.skip)('zstd with a frame behind it still decodes', () => {
    const output = withJitter('zstd', zlib.zstdCompressSync(body, {}), 16);
    // The test's own types know no zstd; the runtime was asked.
    const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync(b: Buffer): Buffer };
    expect(zstdDecompressSync(output).equals(body)).toBe(true);
  });
});
