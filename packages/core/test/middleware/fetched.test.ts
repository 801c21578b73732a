import { afterEach, describe, expect, test } from '@jest/globals';
import { functionMiddleware } from '@portcullis/core';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import { deflateSync, gzipSync } from 'node:zlib';

afterEach(closeAll);

const body = 'hello, upstream '.repeat(50);

/** A server that answers with `content`, coded as it says, and with headers about its connection. */
async function upstream(content: Buffer, coding?: string): Promise<string> {
  const { url } = await listen('http', [], (_req, res) => {
    res.writeHead(201, 'Made', {
      ...(coding === undefined ? {} : { 'Content-Encoding': coding }),
      'Content-Length': content.length,
      'Content-Type': 'text/plain',
      'Set-Cookie': ['a=1', 'b=2'],
      Connection: 'keep-alive, X-Hop',
      'X-Hop': 'here',
      'X-End': 'there',
    });
    res.end(content);
  });
  return url;
}

describe.each(hostNames)('A response of fetch() that is returned on %s', (host) => {
  test.each<[string, Buffer, string | undefined]>([
    ['as it is', Buffer.from(body), undefined],
    ['decoded, when it came in gzip', gzipSync(body), 'gzip'],
    ['decoded, when it came in two codings', deflateSync(gzipSync(body)), 'GZIP, deflate'],
  ])('goes out %s', async (_how, content, coding) => {
    const url = await upstream(content, coding);
    const server = await listen(
      host,
      functionMiddleware(() => fetch(url)),
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([201, body]);
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['x-hop']).toBeUndefined();
    expect(response.headers).toMatchObject({ 'x-end': 'there', 'content-type': 'text/plain' });
    expect(response.headers['content-length']).toBe(
      coding === undefined ? String(body.length) : undefined,
    );
    expect(response.setCookie).toEqual(['a=1', 'b=2']);
  });

  test('keeps a coding that fetch() does not know', async () => {
    const url = await upstream(Buffer.from('coded'), 'gzip, compress');
    const server = await listen(
      host,
      functionMiddleware(() => fetch(url)),
    );
    const { headers, text } = await server.request('/');
    expect([headers['content-encoding'], text]).toEqual(['gzip, compress', 'coded']);
  });

  test('made anew keeps every header that its maker gave it', async () => {
    const coded = gzipSync(body);
    const server = await listen(
      host,
      functionMiddleware(() => new Response(coded, { headers: { 'Content-Encoding': 'gzip' } })),
    );
    const response = await server.request('/');
    expect([response.headers['content-encoding'], response.body]).toEqual(['gzip', coded]);
  });
});

describe('functionMiddleware', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'got nothing'],
    ['an object', {}, 'got an object'],
    [
      'a middleware of Express',
      function audit(_req: unknown, _res: unknown, next: () => void) {
        next();
      },
      'got the function audit of 3 parameters; mount (req, res, next) as it is',
    ],
  ])('refuses %s when it is called, not when a request comes', (_what, fn, message) => {
    expect(() => functionMiddleware(fn as never)).toThrow(
      new TypeError(`functionMiddleware() takes a function (ctx, callNext), ${message}`),
    );
  });

  test('refuses to wait for something else than the head', async () => {
    const server = await listen(
      'http',
      functionMiddleware((_ctx, callNext) => callNext({ until: 'headers' as 'head' })),
    );
    const { status, text } = await server.request('/');
    expect([status, text]).toEqual([
      500,
      'callNext() can wait until \'head\', got the string "headers"',
    ]);
  });
});
