import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen, rawRequest } from '@portcullis/testing';

afterEach(closeAll);

describe.each(hostNames)('listen(%s)', (host) => {
  test.each([false, true])('runs the middleware, then the handler (tls: %s)', async (tls) => {
    const server = await listen(
      host,
      (_req, res, next) => {
        res.setHeader('X-First', 'yes');
        next();
      },
      (req, res) => res.end(`${req.method} ${req.url}`),
      { tls },
    );
    const response = await server.request('/a?b', { method: 'POST', body: 'x' });
    expect(response).toMatchObject({ status: 200, text: 'POST /a?b' });
    expect(response.headers['x-first']).toBe('yes');
  });

  test('answers 500 to an error that nobody handled', async () => {
    const server = await listen(host, (_req, _res, next) => next(new Error('boom')));
    expect((await server.request('/')).status).toBe(500);
  });
});

test('rawRequest gives every byte of the answer', async () => {
  const server = await listen('http', []);
  const answer = await rawRequest(
    server.port,
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
});
