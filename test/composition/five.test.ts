import { afterEach, describe, expect, test } from '@jest/globals';
import { cors } from '@portcullis/cors';
import { gzip } from '@portcullis/gzip';
import { httpsRedirect } from '@portcullis/https-redirect';
import { session, sessionOf } from '@portcullis/session';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { HostName, TestMiddleware, TestServer } from '@portcullis/testing';
import { trustedHost } from '@portcullis/trusted-host';
import { gunzipSync } from 'node:zlib';

afterEach(closeAll);

const origin = 'https://app.example';
const long = JSON.stringify({
  items: Array.from({ length: 200 }, (_, id) => ({ id, name: `item ${id}` })),
});

const application: TestMiddleware = (req, res, next) => {
  const { pathname } = new URL(req.url ?? '/', 'http://localhost');
  if (pathname === '/throws') throw new Error('the application failed');
  if (pathname === '/rejects') return Promise.reject(new Error('the application failed later'));
  if (pathname === '/missing') {
    next();
    return undefined;
  }
  if (pathname === '/visits') {
    const data = sessionOf<{ visits?: number }>(req);
    data.visits = (data.visits ?? 0) + 1;
    res.end(String(data.visits));
    return undefined;
  }
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(long);
  return undefined;
};

function start(host: HostName, { secure = true }: { secure?: boolean } = {}): Promise<TestServer> {
  return listen(
    host,
    [
      trustedHost({ allowedHosts: ['api.example', '127.0.0.1'] }),
      httpsRedirect({ trustProxy: 'loopback', enabled: secure }),
      cors({
        allowOrigins: [origin],
        allowCredentials: true,
        allowMethods: ['GET', 'PUT'],
        allowHeaders: ['X-Token'],
      }),
      gzip(),
      session({
        secretKey: 'kR3v-8Qw1zLr0-example-of-a-long-secret-key-T7',
        trustProxy: 'loopback',
      }),
    ],
    application,
  );
}

const secure = { 'X-Forwarded-Proto': 'https' };

describe.each(hostNames)('all five on %s', (host) => {
  test('marks the answer for an allowed origin', async () => {
    const server = await start(host);
    const { status, headers } = await server.request('/', {
      headers: { ...secure, Origin: origin },
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
    });
    expect(headers['vary']).toMatch(/Origin/);
  });

  test('answers a preflight', async () => {
    const server = await start(host);
    const response = await server.request('/', {
      method: 'OPTIONS',
      headers: {
        ...secure,
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'x-token',
      },
    });
    expect(response).toMatchObject({ status: 200, text: 'OK' });
    expect(response.headers['access-control-allow-methods']).toBe('GET, PUT');
  });

  test('compresses the body', async () => {
    const server = await start(host);
    const response = await server.request('/', {
      headers: { ...secure, 'Accept-Encoding': 'gzip' },
    });
    expect(response.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(response.body.length),
    });
    expect(gunzipSync(response.body).toString()).toBe(long);
  });

  test('keeps a session over two requests', async () => {
    const server = await start(host);
    const first = await server.request('/visits', { headers: secure });
    expect(first.text).toBe('1');
    const cookie = first.setCookie.map((line) => line.split(';')[0]).join('; ');
    const second = await server.request('/visits', { headers: { ...secure, Cookie: cookie } });
    expect(second.text).toBe('2');
    expect(first.setCookie).toHaveLength(1);
    expect(first.setCookie[0]).toMatch(/; HttpOnly/i);
    expect(first.setCookie[0]).toMatch(/; Secure/i);
  });

  test('refuses a host that is not listed', async () => {
    const server = await start(host);
    const response = await server.request('/', { headers: { ...secure, Host: 'evil.example' } });
    expect(response).toMatchObject({ status: 400, text: 'Invalid host header' });
    expect(response.setCookie).toEqual([]);
  });

  // Express 4 and Connect never see a rejected promise: the application has to pass it to next there.
  const failing = host === 'express4' || host === 'connect' ? ['/throws'] : ['/throws', '/rejects'];
  test.each(failing)('keeps the CORS headers on the 500 of %s', async (path) => {
    const server = await start(host);
    const { status, headers } = await server.request(path, {
      headers: { ...secure, Origin: origin },
    });
    expect(status).toBe(500);
    expect(headers['access-control-allow-origin']).toBe(origin);
  });

  test('redirects plain http to the checked host', async () => {
    const server = await start(host);
    const { status, headers } = await server.request('/a?b=c', {
      headers: { Host: 'api.example' },
    });
    expect(status).toBe(307);
    expect(headers['location']).toBe('https://api.example/a?b=c');
  });

  test('serves plain http where the redirect is switched off', async () => {
    const server = await start(host, { secure: false });
    expect((await server.request('/')).status).toBe(200);
  });
});
