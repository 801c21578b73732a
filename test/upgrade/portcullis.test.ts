import { afterEach, describe, expect, test } from '@jest/globals';
import { compose } from '@portcullis/core';
import type { Middleware } from '@portcullis/core';
import { cors } from '@portcullis/cors';
import { gzip } from '@portcullis/gzip';
import { httpsRedirect } from '@portcullis/https-redirect';
import { memoryStore, session, sessionOf } from '@portcullis/session';
import { getHost, trustedHost } from '@portcullis/trusted-host';
import type { UpgradeMiddleware } from '@portcullis/upgrade';
import { closeServers, cookiesOf, echo, listenChat, open } from './listen.ts';

afterEach(closeServers);

const secretKey = 'q7-Rk2vX9mLw4-example-of-a-long-secret-key-Zt8p';

describe('trusted-host on a handshake', () => {
  test('refuses a host that is not listed with 400', async () => {
    const { url } = await listenChat(trustedHost({ allowedHosts: ['app.example'] }));
    const { status, body } = await open(url, { headers: { Host: 'evil.example' } });
    expect([status, body]).toEqual([400, 'Invalid host header']);
  });

  test('lets a listed host pass, and the next function read it', async () => {
    const { url } = await listenChat([
      trustedHost({ allowedHosts: ['app.example'] }),
      (req, res, next) => {
        res.setHeader('X-Host', String(getHost(req)?.hostname));
        next();
      },
    ]);
    const { status, headers } = await open(url, { headers: { Host: 'App.Example:8080' } });
    expect([status, headers['x-host']]).toEqual([101, 'app.example']);
  });

  test('redirects to ws://www.', async () => {
    const { url } = await listenChat(trustedHost({ allowedHosts: ['www.app.example'] }));
    const { status, headers } = await open(`${url}/chat?a=1`, { headers: { Host: 'app.example' } });
    expect([status, headers.location]).toEqual([307, 'ws://www.app.example/chat?a=1']);
  });
});

describe('https-redirect on a handshake', () => {
  const allowedHosts = ['app.example'];
  const headers = { Host: 'app.example' };

  test('redirects ws to wss', async () => {
    const { url } = await listenChat(httpsRedirect({ allowedHosts }));
    const answer = await open(`${url}/chat?a=1`, { headers });
    expect([answer.status, answer.headers.location]).toEqual([307, 'wss://app.example/chat?a=1']);
  });

  test("refuses with 403 when insecure: 'reject'", async () => {
    const { url } = await listenChat(httpsRedirect({ allowedHosts, insecure: 'reject' }));
    expect((await open(url, { headers })).status).toBe(403);
  });

  test('lets wss pass, with HSTS on the 101', async () => {
    const { url } = await listenChat(httpsRedirect({ allowedHosts, hsts: true }), { tls: true });
    const answer = await open(url, { headers });
    expect(answer.status).toBe(101);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });

  test('believes a trusted proxy that says wss', async () => {
    const { url } = await listenChat(httpsRedirect({ allowedHosts, trustProxy: 'loopback' }));
    const answer = await open(url, { headers: { ...headers, 'X-Forwarded-Proto': 'wss' } });
    expect(answer.status).toBe(101);
  });
});

describe('cors on a handshake', () => {
  const stack = cors({ allowOrigins: ['https://app.example'], allowCredentials: true });

  test.each([
    ['a foreign origin', 'https://evil.example', 403],
    ['the null origin', 'null', 403],
    ['a listed origin', 'https://app.example', 101],
    ['a client that is no browser', undefined, 101],
  ])('%s: %p is %p', async (_name, origin, status) => {
    const { url } = await listenChat(stack);
    const headers = origin === undefined ? {} : { Origin: origin };
    expect((await open(url, { headers })).status).toBe(status);
  });

  test('a page of the same host passes without being listed', async () => {
    const { url, port } = await listenChat(stack);
    const origin = `http://127.0.0.1:${String(port)}`;
    expect((await open(url, { headers: { Origin: origin } })).status).toBe(101);
    const other = `http://127.0.0.1:${String(port + 1)}`;
    expect((await open(url, { headers: { Origin: other } })).status).toBe(403);
  });
});

describe('gzip on a handshake', () => {
  test('does nothing, to the 101 or to a refusal', async () => {
    const { url } = await listenChat([
      gzip(),
      (req, res, next) => {
        if (req.url === '/') return next();
        res.statusCode = 403;
        res.setHeader('Content-Type', 'text/plain');
        return res.end('no '.repeat(1000));
      },
    ]);
    const headers = { 'Accept-Encoding': 'gzip' };
    const accepted = await open(url, { headers });
    expect([accepted.status, accepted.headers['content-encoding']]).toEqual([101, undefined]);
    expect(await echo(accepted.client, 'hello')).toBe('hello');
    const refused = await open(`${url}/no`, { headers });
    expect([refused.status, refused.headers['content-encoding']]).toEqual([403, undefined]);
  });
});

describe('session on a handshake', () => {
  const count: UpgradeMiddleware = (req, res, next) => {
    const data = sessionOf<{ visits?: number }>(req);
    data.visits = (data.visits ?? 0) + 1;
    res.setHeader('X-Visits', data.visits);
    if (req.url === '/no') res.writeHead(403).end('no');
    else next();
  };

  test.each([
    ['in a cookie', {}],
    ['in a store', { store: memoryStore({ singleProcess: true }) }],
  ])('%s is loaded and saved: the cookie rides on the 101', async (_name, options) => {
    const { url } = await listenChat([session({ secretKey, ...options }), count]);
    const first = await open(url);
    expect([first.status, first.headers['set-cookie']?.length]).toEqual([101, 1]);
    const second = await open(url, { headers: { Cookie: cookiesOf(first.headers) } });
    expect([first.headers['x-visits'], second.headers['x-visits']]).toEqual(['1', '2']);
  });

  test('is saved with a refusal too', async () => {
    const { url } = await listenChat([session({ secretKey }), count]);
    const first = await open(`${url}/no`);
    const second = await open(url, { headers: { Cookie: cookiesOf(first.headers) } });
    expect([first.status, second.headers['x-visits']]).toEqual([403, '2']);
  });

  test('that cannot be saved refuses the handshake with 500', async () => {
    const { url, wss } = await listenChat([
      session({ secretKey }),
      (req, _res, next) => {
        sessionOf<{ much: string }>(req).much = 'x'.repeat(100_000);
        next();
      },
    ]);
    expect((await open(url)).status).toBe(500);
    expect(wss.clients.size).toBe(0);
  });
});

describe('the whole stack, in its order', () => {
  const stack: Middleware[] = [
    trustedHost({ allowedHosts: ['app.example'] }),
    httpsRedirect(),
    cors({ allowOrigins: ['https://app.example'], allowCredentials: true }),
    gzip(),
    session({ secretKey }),
    (req, _res, next) => {
      sessionOf<{ seen?: boolean }>(req).seen = true;
      next();
    },
  ];

  test.each<[string, UpgradeMiddleware[]]>([
    ['as a list', stack],
    ['composed', [compose(stack)]],
  ])('%s: accepts, and each of its members may refuse', async (_name, layers) => {
    const { url } = await listenChat(layers, { tls: true });
    const plain = await listenChat(layers);
    const good = { Host: 'app.example', Origin: 'https://app.example' };
    const { status, headers, client } = await open(url, { headers: good });
    expect([status, headers['set-cookie']?.length]).toEqual([101, 1]);
    expect(await echo(client, 'hello')).toBe('hello');
    expect((await open(url, { headers: { ...good, Host: 'evil.example' } })).status).toBe(400);
    expect((await open(plain.url, { headers: good })).status).toBe(307);
    expect((await open(url, { headers: { ...good, Origin: 'https://evil.example' } })).status).toBe(
      403,
    );
  });
});
