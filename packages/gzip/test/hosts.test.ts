// The same checks on every kind of server.
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames } from '@portcullis/testing';
import { answer, ask, plainText, sample, serve } from './serve.ts';

afterEach(closeAll);

const body = sample(3000);

describe.each(hostNames)('on %s', (host) => {
  test('a whole body is compressed, with an exact length', async () => {
    const server = await serve({}, answer(body, { ETag: '"x"', Vary: 'Origin' }), host);
    const response = await ask(server);
    expect(response.status).toBe(200);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(response.headers['vary']).toBe('Origin, Accept-Encoding');
    expect(response.headers['etag']).toBe('W/"x"');
    expect(plainText(response)).toBe(body);
  });

  test('a body worked on in the thread pool is the same', async () => {
    const server = await serve({ syncBudget: 0 }, answer(body), host);
    const response = await ask(server, { accept: 'br' });
    expect(response.headers['content-encoding']).toBe('br');
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(plainText(response)).toBe(body);
  });

  test('a stream is compressed as it comes', async () => {
    const server = await serve(
      {},
      (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' });
        res.write('data: 1\n\n');
        setTimeout(() => res.end('data: 2\n\n'), 10);
      },
      host,
    );
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(plainText(response)).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('a client without codings gets the plain form', async () => {
    const server = await serve({}, answer(body), host);
    const response = await ask(server, { accept: '' });
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect(response.text).toBe(body);
  });

  test('HEAD has no body and the coding of GET', async () => {
    const server = await serve({}, answer(body, { 'Content-Length': '3000' }), host);
    const response = await ask(server, { method: 'HEAD' });
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(response.headers['content-length']).toBeUndefined();
    expect(response.body).toHaveLength(0);
  });

  test('an error page is compressed, or left alone, and arrives', async () => {
    const server = await serve(
      { minimumSize: 0 },
      (_req, _res, next) => next(new Error('broken')),
      host,
    );
    const response = await ask(server);
    expect(response.status).toBe(500);
    expect(plainText(response)).toMatch(/broken/);
  });

  test('trailers survive', async () => {
    const server = await serve(
      {},
      (_req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        res.setHeader('Trailer', 'x-sum');
        res.addTrailers({ 'x-sum': '42' });
        res.end(body);
      },
      host,
    );
    const response = await ask(server);
    expect(response.trailers['x-sum']).toBe('42');
    expect(plainText(response)).toBe(body);
  });
});
