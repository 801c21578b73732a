import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import zlib from 'node:zlib';
import { gzip } from '../src/index.ts';
import type { GzipDecision } from '../src/index.ts';
import { runtimeHas } from '../src/encoding.ts';
import { answer, ask, plainText, sample, serve } from './serve.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const body = sample(3000);

/** Runs `work` and returns the reasons that were published meanwhile. */
async function reasons(work: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  const listener = (message: unknown): number => seen.push((message as GzipDecision).reason);
  subscribe('portcullis:gzip:decision', listener);
  await work();
  unsubscribe('portcullis:gzip:decision', listener);
  return seen;
}

describe('the variant cache', () => {
  test('answers the third request with the bytes of the first two', async () => {
    const server = await serve({ cache: true }, answer(body));
    const bodies: Buffer[] = [];
    const seen = await reasons(async () => {
      for (let i = 0; i < 4; i++) bodies.push((await ask(server)).body);
    });
    expect(seen).toEqual(['compressed', 'compressed', 'cached', 'cached']);
    for (const each of bodies) expect(each.equals(bodies[0] ?? Buffer.alloc(0))).toBe(true);
    expect(plainText(await ask(server))).toBe(body);
  });

  test('works for bodies of the thread pool, and for each coding', async () => {
    const server = await serve(
      { cache: { maxBytes: '4mb' }, syncBudget: 0 },
      answer(sample(100_000)),
    );
    for (const accept of ['gzip', 'br']) {
      const seen = await reasons(async () => {
        for (let i = 0; i < 3; i++) {
          const response = await ask(server, { accept });
          expect(response.headers['content-encoding']).toBe(accept);
          expect(plainText(response)).toBe(sample(100_000));
        }
      });
      // The second coding of a body is kept at once: the body itself was seen before.
      expect(seen).toEqual(['compressed', accept === 'gzip' ? 'compressed' : 'cached', 'cached']);
    }
  });

  test('does not mix up bodies that share an ETag', async () => {
    const server = await serve({ cache: true }, (req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.setHeader('ETag', '"same"');
      res.end(`${String(req.headers['x-user'])}${body}`);
    });
    for (const user of ['ann', 'ann', 'ann', 'bob', 'eve', 'bob', 'ann']) {
      expect(plainText(await ask(server, { headers: { 'X-User': user } }))).toBe(`${user}${body}`);
    }
  });

  test.each([
    ['Set-Cookie', { 'Set-Cookie': 'a=b' }],
    ['private', { 'Cache-Control': 'private' }],
    ['no-store', { 'Cache-Control': 'max-age=1, No-Store' }],
  ])('keeps nothing of an answer with %s', async (_, headers) => {
    const server = await serve({ cache: true }, answer(body, headers));
    const seen = await reasons(async () => {
      for (let i = 0; i < 4; i++) await ask(server);
    });
    expect(new Set(seen)).toEqual(new Set(['compressed']));
  });
});

describe('breach', () => {
  const lengthsOf = async (accept: string): Promise<Set<number>> => {
    const server = await serve({ breach: { jitter: 16 } }, answer(body));
    const lengths = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const response = await ask(server, { accept });
      expect(response.headers['content-encoding']).toBe(accept);
      expect(response.headers['content-length']).toBe(String(response.body.length));
      expect(plainText(response)).toBe(body);
      lengths.add(response.body.length);
    }
    return lengths;
  };

  test('gzip answers vary in length by 1 to n', async () => {
    const plain = zlib.gzipSync(body).length;
    const lengths = [...(await lengthsOf('gzip'))];
    expect(lengths.length).toBeGreaterThan(4);
    expect(Math.min(...lengths)).toBeGreaterThan(plain);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(plain + 17);
  });

  (runtimeHas('zstd') ? test : test.skip)('zstd answers vary in length', async () => {
    expect((await lengthsOf('zstd')).size).toBeGreaterThan(4);
  });

  test('cached answers vary as well', async () => {
    const server = await serve({ breach: true, cache: true }, answer(body));
    const lengths = new Set<number>();
    for (let i = 0; i < 30; i++) lengths.add((await ask(server)).body.length);
    expect(lengths.size).toBeGreaterThan(4);
  });

  test.each(['gzip', 'zstd'] as const)('streams of %s decode', async (accept) => {
    if (!runtimeHas(accept)) return;
    const server = await serve({ breach: true }, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.write('first ');
      setTimeout(() => res.end(body), 10);
    });
    const lengths = new Set<number>();
    for (let i = 0; i < 15; i++) {
      const response = await ask(server, { accept });
      expect(response.headers['content-encoding']).toBe(accept);
      expect(plainText(response)).toBe(`first ${body}`);
      lengths.add(response.body.length);
    }
    expect(lengths.size).toBeGreaterThan(2);
  });

  test('brotli and deflate, which cannot vary, are not used', async () => {
    const server = await serve({ breach: true }, answer(body));
    expect(
      (await ask(server, { accept: 'br, deflate' })).headers['content-encoding'],
    ).toBeUndefined();
    expect((await ask(server, { accept: 'br, gzip' })).headers['content-encoding']).toBe('gzip');
  });

  test.each([
    ['cross-site', 'session=1', undefined],
    ['cross-site', undefined, 'gzip'],
    ['same-origin', 'session=1', 'gzip'],
    ['none', 'session=1', 'gzip'],
    [undefined, 'session=1', 'gzip'],
  ])('Sec-Fetch-Site: %s with Cookie %s gets %s', async (site, cookie, coding) => {
    const server = await serve({ breach: { jitter: 0 } }, answer(body));
    const headers = {
      ...(site === undefined ? {} : { 'Sec-Fetch-Site': site }),
      ...(cookie === undefined ? {} : { Cookie: cookie }),
    };
    const response = await ask(server, { headers });
    expect(response.headers['content-encoding']).toBe(coding);
    expect(response.headers['vary']).toBe('Accept-Encoding');
    const careless = await serve({}, answer(body));
    expect((await ask(careless, { headers })).headers['content-encoding']).toBe('gzip');
  });
});

describe('portcullis:gzip:decision', () => {
  test('says what became of a body', async () => {
    const seen: unknown[] = [];
    const listener = (message: unknown): number => seen.push(message);
    subscribe('portcullis:gzip:decision', listener);
    const server = await serve({}, answer(body));
    const response = await ask(server);
    await ask(server, { accept: '' });
    unsubscribe('portcullis:gzip:decision', listener);
    const about = { method: 'GET', status: 200, contentType: 'text/plain' };
    expect(seen).toEqual([
      {
        ...about,
        reason: 'compressed',
        encoding: 'gzip',
        bytes: 3000,
        encodedBytes: response.body.length,
      },
      {
        ...about,
        reason: 'identity',
        encoding: undefined,
        bytes: undefined,
        encodedBytes: undefined,
      },
    ]);
  });

  test.each<[string, Parameters<typeof serve>[1], Parameters<typeof ask>[1]]>([
    ['small', answer('small'), {}],
    ['small', answer('small', { 'Content-Length': '5' }), { accept: '' }],
    ['filtered', answer(body, { 'Content-Type': 'image/png' }), {}],
    ['filtered', answer(body, { 'Content-Type': 'image/png' }), { accept: '' }],
    ['no-type', (_req, res) => res.end(body), {}],
    ['no-body', (_req, res) => res.writeHead(204).end(), {}],
    ['encoded', answer(body, { 'Content-Encoding': 'br' }), {}],
    ['opt-out', answer(body, { 'Content-Encoding': 'identity' }), {}],
    ['no-transform', answer(body, { 'Cache-Control': 'no-transform' }), {}],
    ['range', answer(body, { 'Content-Range': 'bytes 0-1/2' }), {}],
    ['transfer-encoding', answer(body, { 'Transfer-Encoding': 'gzip, chunked' }), {}],
    ['digest', answer(body, { Digest: 'x' }), {}],
    ['not-smaller', answer(Buffer.from(zlib.gzipSync(sample(9000)))), {}],
    ['head', answer(body), { method: 'HEAD' }],
    [
      'head-unknown',
      (_req, res) => res.writeHead(200, { 'Content-Type': 'text/a' }).end(),
      { method: 'HEAD' },
    ],
    [
      'streamed',
      (_req, res) => {
        res.setHeader('Content-Type', 'text/event-stream');
        res.write('data: x\n\n');
        res.end();
      },
      {},
    ],
    ['unacceptable', answer(body), { accept: '*;q=0' }],
    ['cross-site', answer(body), { headers: { 'Sec-Fetch-Site': 'cross-site', Cookie: 'a=b' } }],
  ])('%s', async (reason, handler, how) => {
    const options = reason === 'cross-site' ? { breach: true } : {};
    const server = await serve(options, handler);
    expect(await reasons(() => ask(server, how))).toEqual([reason]);
  });
});

describe('mounted twice', () => {
  test('codes once, by the inner instance', async () => {
    const server = await listen(
      'http',
      [gzip({ encodings: ['gzip'] }), gzip({ encodings: ['br'], minimumSize: 10 })],
      answer(sample(100)),
    );
    const response = await ask(server, { accept: 'gzip, br' });
    expect(response.headers['content-encoding']).toBe('br');
    expect(plainText(response)).toBe(sample(100));
    const second = await ask(server, { accept: 'gzip' });
    expect(second.headers['content-encoding']).toBeUndefined();
  });

  test('with etag: suffix inside', async () => {
    const server = await listen(
      'http',
      [gzip(), gzip({ etag: 'suffix' })],
      answer(body, { ETag: '"x"' }),
    );
    expect((await ask(server)).headers['etag']).toBe('"x-gzip"');
  });
});
