import { describe, expect, test } from '@jest/globals';
import { crc32 } from 'node:zlib';
import type { CachedSource } from '../src/variant-cache.ts';
import { createVariantCache } from '../src/variant-cache.ts';

function source(text: string, variant = 'gzip6'): CachedSource {
  const body = Buffer.from(text);
  return { variant, body, checksum: crc32(body) };
}

const encoded = Buffer.from('coded');

describe('createVariantCache', () => {
  test('keeps a body when it comes the second time', () => {
    const cache = createVariantCache(10_000);
    expect(cache.find(source('one'))).toBeUndefined();
    cache.offer(source('one'), encoded);
    expect(cache.find(source('one'))).toBeUndefined();
    expect(cache.bytes).toBe(0);
    cache.offer(source('one'), encoded);
    expect(cache.find(source('one'))).toEqual(encoded);
  });

  test('tells codings and levels apart', () => {
    const cache = createVariantCache(10_000);
    cache.offer(source('one'), encoded);
    cache.offer(source('one'), encoded);
    expect(cache.find(source('one', 'br4'))).toBeUndefined();
    expect(cache.find(source('one', 'gzip9'))).toBeUndefined();
  });

  test('does not answer for other bytes with the same checksum and length', () => {
    const cache = createVariantCache(10_000);
    const kept = source('kept');
    cache.offer(kept, encoded);
    cache.offer(kept, encoded);
    expect(cache.find({ ...kept, body: Buffer.from('keps') })).toBeUndefined();
    const forged = { ...kept, body: Buffer.from('keps') };
    const other = Buffer.from('other');
    cache.offer(forged, other);
    expect(cache.find(forged)).toEqual(other);
    expect(cache.find(kept)).toBeUndefined();
  });

  test('is not fooled by an application that writes into its buffer again', () => {
    const cache = createVariantCache(10_000);
    const mine = source('first');
    cache.offer(mine, encoded);
    cache.offer(mine, encoded);
    mine.body.write('other');
    expect(cache.find({ ...mine, checksum: crc32(Buffer.from('first')) })).toBeUndefined();
    expect(cache.find(source('first'))).toEqual(encoded);
  });

  test('stays within its bytes and drops what was not asked for longest', () => {
    const cache = createVariantCache(5000);
    const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(800));
    const [a = '', b = '', c = '', d = ''] = texts;
    for (const text of [a, b, c]) {
      cache.offer(source(text), encoded);
      cache.offer(source(text), encoded);
    }
    expect(cache.find(source(a))).toBeDefined();
    for (let i = 0; i < 2; i++) cache.offer(source(d), Buffer.alloc(400));
    expect(cache.bytes).toBeLessThanOrEqual(5000);
    expect(cache.find(source(b))).toBeUndefined();
    expect(cache.find(source(a))).toBeDefined();
    expect(cache.find(source(d))).toBeDefined();
  });

  test('takes no body of more than a quarter of its bytes', () => {
    const cache = createVariantCache(4000);
    for (let i = 0; i < 3; i++) cache.offer(source('x'.repeat(1000)), encoded);
    expect(cache.bytes).toBe(0);
  });

  test('does not grow with bodies that come once', () => {
    const cache = createVariantCache(1_000_000);
    for (let i = 0; i < 5000; i++) cache.offer(source(`unique ${i}`), encoded);
    expect(cache.bytes).toBe(0);
  });
});
