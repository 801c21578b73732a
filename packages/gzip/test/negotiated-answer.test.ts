import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, rawRequest } from '@portcullis/testing';
import { runtimeHas } from '../src/encoding.ts';
import { answer, ask, plainText, sample, serve } from './serve.ts';
import { pretendZstd, restoreZlib } from './replaced-zlib.ts';

afterEach(async () => {
  restoreZlib();
  await closeAll();
});

const body = sample(3000);

describe('the coding of an answer', () => {
  test.each([
    ['gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['br', 'br'],
    ['deflate, gzip, br', 'br'],
    ['gzip, br;q=0.8', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip;q=0.001', 'gzip'],
    ['identity;q=0, gzip', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0.5, identity;q=1', undefined],
    ['*;q=0, identity', undefined],
    ['not-gzip', undefined],
    ['sdch', undefined],
    ['identity', undefined],
    ['', undefined],
  ])('for Accept-Encoding %s is %s', async (accept, coding) => {
    const server = await serve({}, answer(body));
    const response = await ask(server, { accept });
    expect(response.status).toBe(200);
    expect(response.headers['content-encoding']).toBe(coding);
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect(plainText(response)).toBe(body);
  });

  (runtimeHas('zstd') ? test : test.skip)('is zstd where everybody has it', async () => {
    const server = await serve({}, answer(body));
    const response = await ask(server, { accept: 'gzip, deflate, br, zstd' });
    expect(response.headers['content-encoding']).toBe('zstd');
    expect(plainText(response)).toBe(body);
  });

  test('is never zstd where the runtime lacks it', async () => {
    pretendZstd(false);
    const server = await serve({}, answer(body));
    expect((await ask(server, { accept: 'zstd' })).headers['content-encoding']).toBeUndefined();
    expect((await ask(server, { accept: 'zstd, gzip' })).headers['content-encoding']).toBe('gzip');
  });

  test('follows the order of encodings', async () => {
    const server = await serve({ encodings: ['gzip', 'br'] }, answer(body));
    expect((await ask(server, { accept: 'br, gzip' })).headers['content-encoding']).toBe('gzip');
    expect((await ask(server, { accept: 'br' })).headers['content-encoding']).toBe('br');
    expect((await ask(server, { accept: 'deflate' })).headers['content-encoding']).toBeUndefined();
  });

  test('joins several header lines', async () => {
    const server = await serve({}, answer(body));
    const text = await rawRequest(
      server.port,
      'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity;q=0.5\r\nAccept-Encoding: deflate\r\nConnection: close\r\n\r\n',
    );
    expect(text).toMatch(/^content-encoding: deflate$/im);
  });
});

describe('hostile Accept-Encoding', () => {
  test.each([
    ['15 KB of one name', 'gzip'.repeat(3800)],
    ['a thousand members', Array.from({ length: 1000 }, () => 'gzip').join(',')],
    ['33 short members', Array.from({ length: 33 }, () => 'br').join(',')],
    ['only commas', ','.repeat(1000)],
    ['quotes that never close', 'gzip;a="'.repeat(30)],
  ])('%s gets the plain form', async (_, accept) => {
    const server = await serve({}, answer(body));
    const response = await ask(server, { accept });
    expect(response.status).toBe(200);
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect(plainText(response)).toBe(body);
  });

  test.each(['gzip;q=2', 'gzip;q=abc', 'gzip;q=0.1234', 'gzip;q=', 'gzip;__proto__=1'])(
    '%s gets a decodable answer',
    async (accept) => {
      const server = await serve({}, answer(body));
      expect(plainText(await ask(server, { accept }))).toBe(body);
    },
  );
});

describe('a client that refuses every form', () => {
  test.each(['*;q=0', 'identity;q=0', '*;q=0, sdch'])('%s gets the plain form', async (accept) => {
    const server = await serve({}, answer(body));
    const response = await ask(server, { accept });
    expect([response.status, response.text]).toEqual([200, body]);
  });

  test.each(['*;q=0', 'identity;q=0'])('%s gets 406 with onUnacceptable: 406', async (accept) => {
    const server = await serve({ onUnacceptable: 406 }, answer(body));
    const response = await ask(server, { accept });
    expect(response.status).toBe(406);
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect((await ask(server, { accept: 'identity;q=0, gzip' })).status).toBe(200);
    expect((await ask(server, { accept: 'br;q=0' })).status).toBe(200);
  });

  test('gets small and incompressible bodies coded when one coding is left', async () => {
    const server = await serve({}, answer('small'));
    const response = await ask(server, { accept: 'identity;q=0, gzip' });
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(plainText(response)).toBe('small');
    const image = await serve({}, answer('png', { 'Content-Type': 'image/png' }));
    expect((await ask(image, { accept: 'identity;q=0, gzip' })).text).toBe('png');
    const empty = await serve({}, answer(''));
    expect((await ask(empty, { accept: 'identity;q=0, gzip' })).body).toHaveLength(0);
  });
});

test('Cache-Control: no-transform in the request is obeyed', async () => {
  const server = await serve({}, answer(body));
  const response = await ask(server, { headers: { 'Cache-Control': 'max-age=0, No-Transform' } });
  expect(response.headers['content-encoding']).toBeUndefined();
  expect(response.headers['vary']).toBeUndefined();
  const other = await ask(server, { headers: { 'Cache-Control': 'no-cache' } });
  expect(other.headers['content-encoding']).toBe('gzip');
});
