import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen, rawRequest } from '@portcullis/testing';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzip } from '../src/index.ts';
import { answer, ask, plainText, sample, serve } from './serve.ts';

afterEach(closeAll);

const body = sample(3000);

describe('Content-Length', () => {
  test('is exact for a whole body, whatever the application said', async () => {
    const server = await serve({}, answer(body, { 'Content-Length': '3000' }));
    const response = await ask(server);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(response.headers['transfer-encoding']).toBeUndefined();
    expect(response.body.length).toBeLessThan(1500);
  });

  test('is in bytes, not characters', async () => {
    const text = 'žluťoučký kůň '.repeat(100);
    const server = await serve({ minimumSize: Buffer.byteLength(text) }, answer(text));
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(plainText(response)).toBe(text);
  });

  test('is kept for a client without codings', async () => {
    const server = await serve({}, answer(body));
    expect((await ask(server, { accept: '' })).headers['content-length']).toBe('3000');
  });

  test('is exact and the body plain when compression does not make it smaller', async () => {
    const noise = randomBytes(5000);
    const server = await serve({}, answer(noise, { 'Content-Type': 'application/octet-stream' }));
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['content-length']).toBe('5000');
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect(response.body.equals(noise)).toBe(true);
  });
});

describe('Vary', () => {
  test.each([
    [undefined, 'Accept-Encoding'],
    ['Origin', 'Origin, Accept-Encoding'],
    ['accept-encoding', 'accept-encoding'],
    ['Origin, ACCEPT-ENCODING', 'Origin, ACCEPT-ENCODING'],
    ['*', '*'],
  ])('%s of the application becomes %s', async (given, expected) => {
    const server = await serve({}, answer(body, given === undefined ? {} : { Vary: given }));
    expect((await ask(server)).headers['vary']).toBe(expected);
    expect((await ask(server, { accept: '' })).headers['vary']).toBe(expected);
  });

  test('is not set on a body below the minimum size', async () => {
    const server = await serve({}, answer('small', { 'Content-Length': '5' }));
    expect((await ask(server)).headers['vary']).toBeUndefined();
    expect((await ask(server, { accept: '' })).headers['vary']).toBeUndefined();
  });
});

describe('ETag', () => {
  test.each([
    ['weaken', '"x"', 'W/"x"'],
    ['weaken', 'W/"x"', 'W/"x"'],
    ['suffix', '"x"', '"x-gzip"'],
    ['suffix', 'W/"x"', 'W/"x"'],
    ['drop', '"x"', undefined],
    ['keep', '"x"', '"x"'],
  ] as const)('%s: %s of the application becomes %s', async (etag, given, expected) => {
    const server = await serve({ etag }, answer(body, { ETag: given }));
    expect((await ask(server)).headers['etag']).toBe(expected);
    expect((await ask(server, { accept: '' })).headers['etag']).toBe(given);
  });

  test('is not invented', async () => {
    const server = await serve({}, answer(body));
    expect((await ask(server)).headers['etag']).toBeUndefined();
  });
});

describe('conditional requests through Express', () => {
  test.each(['express4', 'express5'] as const)(
    '%s: 200, then 304 with the same ETag and Vary',
    async (host) => {
      for (const etag of ['weak', 'strong']) {
        const server = await listen(
          host,
          gzip(),
          (_req, res) => {
            (res as unknown as { type(t: string): { send(text: string): void } })
              .type('text')
              .send(body);
          },
          { settings: { etag } },
        );
        const first = await ask(server);
        expect(first.headers['content-encoding']).toBe('gzip');
        const tag = String(first.headers['etag']);
        expect(tag).toMatch(/^W\//);
        const second = await ask(server, { headers: { 'If-None-Match': tag } });
        expect(second.status).toBe(304);
        expect(second.headers['etag']).toBe(tag);
        expect(second.headers['vary']).toBe('Accept-Encoding');
        expect(second.headers['content-encoding']).toBeUndefined();
      }
    },
  );

  test('etag: suffix finds its tags again, in lists as well', async () => {
    const server = await listen(
      'express5',
      gzip({ etag: 'suffix' }),
      (_req, res) => {
        (res as unknown as { type(t: string): { send(text: string): void } })
          .type('text')
          .send(body);
      },
      { settings: { etag: 'strong' } },
    );
    const first = await ask(server);
    const tag = String(first.headers['etag']);
    expect(tag).toMatch(/^"[^"]+-gzip"$/);
    const second = await ask(server, { headers: { 'If-None-Match': `"other", ${tag}` } });
    expect([second.status, second.headers['etag']]).toEqual([304, tag]);
    const plain = await ask(server, { accept: '', headers: { 'If-None-Match': tag } });
    expect([plain.status, plain.headers['etag']]).toEqual([304, tag]);
  });

  test('etag: suffix is invisible to If-Match', async () => {
    let seen: string | undefined;
    const server = await serve({ etag: 'suffix' }, (req, res) => {
      seen = req.headers['if-match'];
      res.end();
    });
    await ask(server, { headers: { 'If-Match': '"x-gzip", "y"' } });
    expect(seen).toBe('"x", "y"');
  });
});

describe('304', () => {
  const notModified =
    (headers: Record<string, string>): Parameters<typeof serve>[1] =>
    (_req, res) => {
      res.writeHead(304, headers);
      res.end();
    };

  test.each([
    [{}, 'Accept-Encoding'],
    [{ 'Content-Type': 'text/html' }, 'Accept-Encoding'],
    [{ 'Content-Type': 'image/png' }, undefined],
    [{ 'Cache-Control': 'no-transform' }, undefined],
  ])('with %j has Vary %s', async (headers, vary) => {
    const server = await serve({}, notModified(headers));
    expect((await ask(server)).headers['vary']).toBe(vary);
    expect((await ask(server, { accept: '' })).headers['vary']).toBe(vary);
  });

  test('of an excluded type does not vary, whatever a filter would say', async () => {
    const handler = notModified({ 'Content-Type': 'text/csv' });
    const excluding = await serve({ excludeContentTypes: ['text/csv'] }, handler);
    expect((await ask(excluding)).headers['vary']).toBeUndefined();
    const filtering = await serve({ filter: () => true }, notModified({ 'Content-Type': 'x/y' }));
    expect((await ask(filtering)).headers['vary']).toBe('Accept-Encoding');
  });

  test('has the weak form of a strong tag if that is what the client has', async () => {
    const server = await serve({}, notModified({ ETag: '"x"' }));
    const weak = await ask(server, { headers: { 'If-None-Match': 'W/"x"' } });
    expect(weak.headers['etag']).toBe('W/"x"');
    const strong = await ask(server, { headers: { 'If-None-Match': '"x"' } });
    expect(strong.headers['etag']).toBe('"x"');
    expect((await ask(server)).headers['etag']).toBe('"x"');
  });
});

test('Accept-Ranges goes from the coded form and stays on the plain one', async () => {
  const server = await serve({}, answer(body, { 'Accept-Ranges': 'bytes' }));
  expect((await ask(server)).headers['accept-ranges']).toBeUndefined();
  expect((await ask(server, { accept: '' })).headers['accept-ranges']).toBe('bytes');
});

test.each([
  ['W/"x"', 200],
  ['"x"', 206],
  ['"other"', 200],
  [undefined, 206],
])('a range request with If-Range: %s to Express is answered with %i', async (ifRange, status) => {
  const folder = await mkdtemp(join(tmpdir(), 'gzip-'));
  await writeFile(join(folder, 'file.txt'), body);
  const server = await listen('express5', gzip(), (_req, res) => {
    res.setHeader('ETag', '"x"');
    const { sendFile } = res as unknown as { sendFile(name: string, options: object): void };
    sendFile.call(res, 'file.txt', { root: folder });
  });
  // Who resumes a download as a rule asks for the plain form.
  for (const accept of ['gzip', 'identity']) {
    const headers = {
      Range: 'bytes=10-19',
      ...(ifRange === undefined ? {} : { 'If-Range': ifRange }),
    };
    const response = await ask(server, { accept, headers });
    expect(response.status).toBe(status);
    expect(plainText(response)).toBe(status === 206 ? body.slice(10, 20) : body);
  }
  await rm(folder, { recursive: true });
});

describe('HEAD', () => {
  test('has the head of GET without its length', async () => {
    const server = await listen('express5', gzip(), (_req, res) => {
      (res as unknown as { type(t: string): { send(text: string): void } }).type('text').send(body);
    });
    const [get, head] = [await ask(server), await ask(server, { method: 'HEAD' })];
    const without = ({ headers }: typeof get): unknown => {
      const { 'content-length': _length, date: _date, ...rest } = headers;
      return rest;
    };
    expect(get.headers['content-encoding']).toBe('gzip');
    expect(without(head)).toEqual(without(get));
    expect(head.headers['content-length']).toBeUndefined();
    expect(head.body).toHaveLength(0);
  });

  test('of a body given to end() is known', async () => {
    const server = await serve({}, answer(body));
    expect((await ask(server, { method: 'HEAD' })).headers['content-encoding']).toBe('gzip');
    const small = await serve({}, answer('small'));
    const response = await ask(small, { method: 'HEAD' });
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['vary']).toBeUndefined();
  });

  test.each([1, 12, 100, 255, 256, 400])(
    'of %d bytes, with a minimum size of 1, says nothing that GET does not',
    async (length) => {
      const server = await serve({ minimumSize: 1 }, (_req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        res.setHeader('Content-Length', length);
        res.end(body.slice(0, length));
      });
      const [get, head] = [await ask(server), await ask(server, { method: 'HEAD' })];
      expect(head.headers['content-length']).toBeUndefined();
      expect(head.headers['vary']).toBe(get.headers['vary']);
      expect([undefined, get.headers['content-encoding']]).toContain(
        head.headers['content-encoding'],
      );
    },
  );

  test('of few bytes has the coding of GET when the client takes nothing else', async () => {
    const server = await serve({ minimumSize: 1 }, answer('tiny'));
    const response = await ask(server, { method: 'HEAD', accept: 'gzip, identity;q=0' });
    expect(response.headers['content-encoding']).toBe('gzip');
  });

  test('without a hint of the body says only that it varies', async () => {
    const server = await serve({}, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain', ETag: '"x"' });
      res.end();
    });
    const { headers } = await ask(server, { method: 'HEAD' });
    expect([headers['content-encoding'], headers['vary'], headers['etag']]).toEqual([
      undefined,
      'Accept-Encoding',
      '"x"',
    ]);
  });
});

describe('writeHead', () => {
  test.each<[string, (res: ServerResponse) => void]>([
    [
      'an object',
      (res) => res.writeHead(200, 'Fine', { 'Content-Type': 'text/plain', 'X-Own': 'a' }),
    ],
    [
      'a flat list',
      (res) => res.writeHead(200, 'Fine', ['Content-Type', 'text/plain', 'X-Own', 'a']),
    ],
    [
      'a Content-Length',
      (res) =>
        res.writeHead(200, 'Fine', {
          'Content-Type': 'text/plain',
          'X-Own': 'a',
          'Content-Length': 3000,
        }),
    ],
  ])('with %s keeps reason and headers', async (_, writeHead) => {
    const server = await serve({}, (_req, res) => {
      writeHead(res);
      expect(res.headersSent).toBe(true);
      expect(() => res.setHeader('X-Late', '1')).toThrow(/after they are sent/);
      res.end(body);
    });
    const response = await ask(server);
    expect([response.status, response.statusMessage]).toEqual([200, 'Fine']);
    expect(response.headers['x-own']).toBe('a');
    expect(response.headers['x-late']).toBeUndefined();
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(plainText(response)).toBe(body);
  });
});

describe('HTTP/1.0', () => {
  test('whole bodies keep their length', async () => {
    const server = await serve({}, answer(body));
    const text = await rawRequest(server.port, 'GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n');
    const [head = '', coded = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/content-encoding: gzip/i);
    expect(head).toMatch(new RegExp(`content-length: ${coded.length}`, 'i'));
  });

  test('streams end with the connection', async () => {
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.flushHeaders();
      res.end(body);
    });
    const text = await rawRequest(server.port, 'GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n');
    const [head = '', ...rest] = text.split('\r\n\r\n');
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
    expect(Buffer.from(rest.join('\r\n\r\n'), 'latin1').subarray(0, 2).toString('hex')).toBe(
      '1f8b',
    );
  });
});

test('early hints go out first and decide nothing', async () => {
  const server = await serve({}, (req, res, next) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' });
    setImmediate(() => answer(body)(req, res, next));
  });
  const text = await rawRequest(
    server.port,
    'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n',
  );
  expect(text).toMatch(/^HTTP\/1\.1 103 .*\r\n.*style\.css/);
  expect(text).toMatch(/HTTP\/1\.1 200 OK[^]*content-encoding: gzip/i);
});

describe('trailers', () => {
  test('announced by a Trailer header survive', async () => {
    const server = await serve({}, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain', Trailer: 'X-Sum' });
      res.addTrailers({ 'X-Sum': '42' });
      res.end(body);
    });
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(response.headers['content-length']).toBeUndefined();
    expect(response.trailers['x-sum']).toBe('42');
    expect(plainText(response)).toBe(body);
  });

  test('added before one end() survive', async () => {
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.addTrailers({ 'X-Sum': '42' });
      res.end(body);
    });
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(response.trailers['x-sum']).toBe('42');
  });
});
