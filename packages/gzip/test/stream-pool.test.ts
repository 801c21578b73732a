import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import type { StreamPool } from '../src/stream-pool.ts';
import { createStreamPool } from '../src/stream-pool.ts';

const finishing = { level: 6, flush: zlib.constants.Z_FINISH, chunkSize: 4096 };

function compress(pool: StreamPool, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pool.compress(body, (error, output) => {
      if (output === undefined) reject(error ?? new Error('neither output nor error'));
      else resolve(output);
    });
  });
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('createStreamPool', () => {
  test('gives what the one-shot call gives, with reused streams', async () => {
    let created = 0;
    const pool = createStreamPool(
      () => {
        created += 1;
        return zlib.createGzip(finishing);
      },
      3,
      60_000,
    );
    for (let i = 0; i < 60; i++) {
      const text = randomBytes((i * 997) % 30_000).toString('base64');
      const body = Buffer.from(text.repeat(1 + (i % 3)) || 'x');
      const outputs = await Promise.all([compress(pool, body), compress(pool, body)]);
      const expected = zlib.gzipSync(body, { level: 6 });
      for (const output of outputs) {
        expect(zlib.gunzipSync(output).equals(body)).toBe(true);
        // Not always to the byte: the matcher peeks behind the end, where the last body still stands.
        expect(Math.abs(output.length - expected.length)).toBeLessThan(8);
      }
    }
    expect(created).toBe(2);
    expect(pool.idle).toBe(2);
  });

  test('forgets one body before the next', async () => {
    const pool = createStreamPool(() => zlib.createDeflate(finishing), 1, 60_000);
    const secret = randomBytes(500);
    await compress(pool, secret);
    const next = await compress(pool, secret);
    // With the history of the first body the second would shrink to a back-reference.
    expect(next.length).toBeGreaterThan(500);
    expect(zlib.inflateSync(next)).toEqual(secret);
  });

  test('keeps no more streams than it may', async () => {
    const pool = createStreamPool(() => zlib.createGzip(finishing), 1, 60_000);
    const body = Buffer.alloc(1000, 'a');
    await Promise.all([compress(pool, body), compress(pool, body), compress(pool, body)]);
    expect(pool.idle).toBe(1);
  });

  test('closes idle streams after a while', async () => {
    const closed: zlib.Gzip[] = [];
    const pool = createStreamPool(
      () => {
        const stream = zlib.createGzip(finishing);
        stream.on('close', () => closed.push(stream));
        return stream;
      },
      2,
      30,
    );
    await compress(pool, Buffer.alloc(1000, 'a'));
    await compress(pool, Buffer.alloc(1000, 'b'));
    expect(pool.idle).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(pool.idle).toBe(0);
    expect(closed).toHaveLength(1);
    expect(zlib.gunzipSync(await compress(pool, Buffer.alloc(1000, 'c'))).toString()).toMatch(
      /^c+$/,
    );
  });

  test('reports the failure of a stream and does not use it again', async () => {
    const streams: zlib.Gzip[] = [];
    const pool = createStreamPool(
      () => {
        const stream = zlib.createGzip(finishing);
        streams.push(stream);
        return stream;
      },
      2,
      60_000,
    );
    const failing = compress(pool, Buffer.alloc(100_000, 'a'));
    streams[0]?.destroy(new Error('out of order'));
    await expect(failing).rejects.toThrow('out of order');
    expect(pool.idle).toBe(0);
    await compress(pool, Buffer.alloc(1000, 'a'));
    expect(streams).toHaveLength(2);
    streams[1]?.destroy(new Error('while idle'));
    await new Promise(setImmediate);
    expect(pool.idle).toBe(0);
  });
});
