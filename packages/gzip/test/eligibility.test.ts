import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, rawRequest } from '@portcullis/testing';
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { gzip } from '../src/index.ts';
import { answer, ask, plainText, sample, serve } from './serve.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const body = sample(3000);

describe('what is left exactly as it is', () => {
  test.each<[string, Record<string, string>, rare?: boolean]>([
    ['a type that is dense already', { 'Content-Type': 'image/png' }],
    ['gRPC', { 'Content-Type': 'application/grpc' }],
    ['a coding of the application', { 'Content-Encoding': 'br' }],
    ['a part of something', { 'Content-Range': 'bytes 0-2999/9000' }],
    ['several parts', { 'Content-Type': 'multipart/byteranges; boundary=x' }],
    ['no-transform', { 'Cache-Control': 'public, No-Transform' }],
    ['a coding of transfer', { 'Transfer-Encoding': 'gzip, chunked' }, true],
    ['Content-MD5', { 'Content-MD5': 'x' }, true],
    ['Digest', { Digest: 'sha-256=x' }, true],
    ['Content-Digest', { 'Content-Digest': 'sha-256=:x:' }, true],
    ['Repr-Digest', { 'Repr-Digest': 'sha-256=:x:' }, true],
    ['a signature', { 'Signature-Input': 'sig=("etag")' }, true],
  ])('%s', async (_, headers, rare = false) => {
    const server = await serve(
      {},
      answer(body, { ETag: '"x"', 'Accept-Ranges': 'bytes', ...headers }),
    );
    for (const accept of ['gzip', '']) {
      const { headers: sent, text } = await ask(server, { accept });
      expect(sent['content-encoding']).toBe(
        'Content-Encoding' in headers ? headers['Content-Encoding'] : undefined,
      );
      // For a client without codings the rare obstacles are not looked for: a Vary too many is harmless.
      if (accept === 'gzip' || !rare) expect(sent['vary']).toBeUndefined();
      expect(sent['etag']).toBe('"x"');
      expect(sent['accept-ranges']).toBe('bytes');
      expect(text).toBe(body);
    }
  });

  test('a response without Content-Type', async () => {
    const server = await serve({}, (_req, res) => res.end(body));
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['vary']).toBeUndefined();
    expect(response.headers['content-length']).toBe('3000');
  });

  test.each([
    ['text/plain', 'Accept-Encoding'],
    ['image/png', undefined],
  ])('206 of %s, which has the Vary of the whole: %s', async (type, vary) => {
    const server = await serve({}, (req, res, next) => {
      res.statusCode = 206;
      answer('part', { 'Content-Type': type, ETag: '"x"' })(req, res, next);
    });
    for (const accept of ['gzip', '']) {
      const { headers, text } = await ask(server, { accept });
      expect(headers['content-encoding']).toBeUndefined();
      expect(headers['vary']).toBe(vary);
      expect(headers['etag']).toBe('"x"');
      expect(text).toBe('part');
    }
  });

  test.each([204, 205])('%i, which has no body', async (status) => {
    const server = await serve({}, (_req, res) => {
      res.writeHead(status, { 'Content-Type': 'text/plain' });
      res.end();
    });
    const { headers } = await ask(server);
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['vary']).toBeUndefined();
  });

  test('no-transform inside a quoted value forbids nothing', async () => {
    const server = await serve({}, answer(body, { 'Cache-Control': 'ext="a, no-transform"' }));
    expect((await ask(server)).headers['content-encoding']).toBe('gzip');
  });

  test('no-transform in one of several Cache-Control lines', async () => {
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.setHeader('Cache-Control', ['public', 'no-transform']);
      res.end(body);
    });
    expect((await ask(server)).headers['content-encoding']).toBeUndefined();
  });
});

test('Content-Encoding: identity opts out and is not sent', async () => {
  const server = await serve({}, answer(body, { 'Content-Encoding': 'Identity' }));
  const response = await ask(server);
  expect(response.headers['content-encoding']).toBeUndefined();
  expect(response.headers['vary']).toBeUndefined();
  expect(response.text).toBe(body);
});

test('Transfer-Encoding: chunked of the application is no obstacle', async () => {
  const server = await serve({}, answer(body, { 'Transfer-Encoding': 'chunked' }));
  const response = await ask(server);
  expect(response.headers['content-encoding']).toBe('gzip');
  const framings = [response.headers['content-length'], response.headers['transfer-encoding']];
  expect(framings.filter((framing) => framing !== undefined)).toHaveLength(1);
  expect(plainText(response)).toBe(body);
});

test.each([200, 201, 301, 404, 500])('a body of status %i is compressed', async (status) => {
  const server = await serve({}, (req, res, next) => {
    res.statusCode = status;
    answer(body)(req, res, next);
  });
  const response = await ask(server);
  expect([response.status, response.headers['content-encoding']]).toEqual([status, 'gzip']);
});

test('a WebSocket handshake that is refused is not touched', async () => {
  const middleware = gzip();
  const server = await serve({}, answer(body));
  server.server.on('upgrade', (req: IncomingMessage, socket: Socket) => {
    const res = new ServerResponse(req);
    res.assignSocket(socket);
    middleware(req, res, () => answer(body)(req, res, () => undefined));
    res.on('finish', () => socket.end());
  });
  const text = await rawRequest(
    server.port,
    'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  expect(text).not.toMatch(/content-encoding|vary/i);
  expect(text.endsWith(body)).toBe(true);
});

test('CONNECT that succeeds has no body to code', async () => {
  const middleware = gzip();
  const server = await serve({}, answer(body));
  server.server.on('connect', (req: IncomingMessage, socket: Socket) => {
    const res = new ServerResponse(req);
    res.assignSocket(socket);
    middleware(req, res, () => answer(body)(req, res, () => undefined));
    res.on('finish', () => socket.end());
  });
  const text = await rawRequest(
    server.port,
    'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nAccept-Encoding: gzip\r\n\r\n',
  );
  expect(text).not.toMatch(/content-encoding|vary/i);
});

describe('filter', () => {
  test('decides instead of the type table', async () => {
    const server = await serve(
      { filter: (req) => req.headers['x-squeeze'] === 'yes' },
      answer(body, { 'Content-Type': 'application/x-own' }),
    );
    expect((await ask(server)).headers['content-encoding']).toBeUndefined();
    const response = await ask(server, { headers: { 'X-Squeeze': 'yes' } });
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(plainText(response)).toBe(body);
  });

  test('works without a Content-Type', async () => {
    const server = await serve({ filter: () => true }, (_req, res) => res.end(body));
    expect((await ask(server)).headers['content-encoding']).toBe('gzip');
  });

  test('cannot allow what HTTP forbids', async () => {
    const server = await serve({ filter: () => true }, answer(body, { 'Content-Encoding': 'br' }));
    expect((await ask(server)).headers['content-encoding']).toBe('br');
  });

  test('that throws leaves the response plain, and says so once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const filter = (): boolean => {
      throw new Error('no such tenant');
    };
    const server = await serve({ filter }, answer(body));
    for (let i = 0; i < 3; i++) {
      const response = await ask(server);
      expect([response.status, response.text]).toEqual([200, body]);
    }
    expect(warn.mock.calls.map(([message, about]) => [message, about])).toEqual([
      [
        '@portcullis/gzip: the option "filter" threw, so the response is sent uncompressed: Error: no such tenant',
        { type: 'PortcullisWarning', code: 'ERR_PORTCULLIS_GZIP_FILTER' },
      ],
    ]);
  });
});

describe('excludeContentTypes', () => {
  test('leaves those types alone, and others not', async () => {
    const options = { excludeContentTypes: ['text/csv', 'image/*'] };
    for (const type of ['text/csv; header=present', 'image/svg+xml']) {
      const server = await serve(options, answer(body, { 'Content-Type': type }));
      const response = await ask(server);
      expect(response.headers['content-encoding']).toBeUndefined();
      expect(response.headers['vary']).toBeUndefined();
    }
    const server = await serve(options, answer(body));
    expect((await ask(server)).headers['content-encoding']).toBe('gzip');
  });

  test('holds against a filter as well', async () => {
    const server = await serve(
      { excludeContentTypes: ['text/plain'], filter: () => true },
      answer(body),
    );
    expect((await ask(server)).headers['content-encoding']).toBeUndefined();
  });
});
