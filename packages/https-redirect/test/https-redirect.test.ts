import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { setCheckedHost } from '@portcullis/core/http';
import { httpsRedirect, type HttpsRedirectOptions } from '@portcullis/https-redirect';
import { closeAll, hostNames, listen, type HostName } from '@portcullis/testing';
import { collect } from './collect.ts';
import { send, serve } from './redirected.ts';

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

function warnings(): unknown[] {
  const { calls } = jest.mocked(process.emitWarning).mock;
  return calls.map(([, options]) => (options as { code?: unknown }).code);
}

async function locationOf(
  host: string,
  options: HttpsRedirectOptions = {},
  start?: string,
): Promise<unknown> {
  const { status, location } = await send(await serve(options), [`Host: ${host}`], start);
  return location ?? status;
}

describe('the target of the redirect', () => {
  test.each([
    ['a.test', 'https://a.test/'],
    ['A.Test', 'https://a.test/'],
    ['a.test.', 'https://a.test/'],
    ['a.test:80', 'https://a.test/'],
    ['a.test:443', 'https://a.test/'],
    ['a.test:123', 'https://a.test:123/'],
    ['[::1]:80', 'https://[::1]/'],
    ['[::1]:3000', 'https://[::1]:3000/'],
    ['192.0.2.1', 'https://192.0.2.1/'],
  ])('%s: %s', async (host, location) => {
    await expect(locationOf(host)).resolves.toBe(location);
  });

  test.each([
    ['GET /a/b?c=d&e=f HTTP/1.1', 'https://a.test/a/b?c=d&e=f'],
    ['POST /a HTTP/1.1', 'https://a.test/a'],
    ['HEAD /a HTTP/1.1', 'https://a.test/a'],
    ['OPTIONS * HTTP/1.1', 'https://a.test/'],
    ['GET http://a.test/x?y HTTP/1.1', 'https://a.test/x?y'],
    ['GET http://a.test HTTP/1.1', 'https://a.test/'],
    ['GET /x#y HTTP/1.1', 'https://a.test/x'],
    ['GET //evil.test/x HTTP/1.1', 'https://a.test//evil.test/x'],
    ['GET /\\evil.test HTTP/1.1', 'https://a.test/%5Cevil.test'],
    ['GET /"<b> HTTP/1.1', 'https://a.test/%22%3Cb%3E'],
  ])('%s: %s', async (start, location) => {
    await expect(locationOf('a.test', {}, start)).resolves.toBe(location);
  });

  test.each([
    'example.com@evil.com',
    'evil.com/#',
    'evil.com#.a.test',
    'a.test:0',
    'a.test:99999',
    'a.test:080',
    'a.test:',
    '[::1',
    '0x7f000001',
    'a b',
    '',
  ])('never names the malformed host %j: 400', async (host) => {
    await expect(send(await serve(), [`Host: ${host}`])).resolves.toMatchObject({
      status: 400,
      location: undefined,
      body: 'Invalid host header',
    });
  });

  test('a duplicated or missing Host, and an absolute target elsewhere, are 400', async () => {
    const server = await serve();
    const elsewhere = 'GET http://evil.test/x HTTP/1.1';
    for (const [lines, start] of [
      [['Host: a.test', 'Host: evil.test'], undefined],
      [['Host: evil.test', 'hOST: a.test'], undefined],
      [[], 'GET / HTTP/1.0'],
      [['Host: a.test'], elsewhere],
    ] as const) {
      const answer = await send(server, lines, start);
      expect([answer.status, answer.location]).toEqual([400, undefined]);
    }
  });

  test.each<[HttpsRedirectOptions, string, string | number]>([
    [{ host: 'www.a.test' }, 'evil.com@x', 'https://www.a.test/'],
    [{ host: 'www.a.test:8443' }, 'a.test', 'https://www.a.test:8443/'],
    [{ allowedHosts: ['a.test', '*.a.test'] }, 'b.a.test', 'https://b.a.test/'],
    [{ allowedHosts: 'a.test, b.test' }, 'b.test', 'https://b.test/'],
    [{ allowedHosts: ['a.test'] }, 'evil.test', 400],
    [{ port: 'keep' }, 'a.test:80', 'https://a.test:80/'],
    [{ port: 'keep' }, 'a.test', 'https://a.test/'],
    [{ port: 'drop' }, 'a.test:123', 'https://a.test/'],
    [{ port: 8443 }, 'a.test:123', 'https://a.test:8443/'],
    [{ port: 443 }, 'a.test:123', 'https://a.test/'],
    [{ port: { 3000: 3443, 80: 443 } }, 'a.test:3000', 'https://a.test:3443/'],
    [{ port: { 3000: 3443, 80: 443 } }, 'a.test', 'https://a.test/'],
    [{ port: { 80: 8443 } }, 'a.test', 'https://a.test:8443/'],
    [{ port: { 3000: 3443 } }, 'a.test:123', 'https://a.test:123/'],
  ])('%p, Host %s: %s', async (options, host, expected) => {
    await expect(locationOf(host, options)).resolves.toBe(expected);
  });

  test('the host that an earlier middleware checked is the one, with its own rules for allowedHosts', async () => {
    const host = { hostname: 'checked.test', port: 8080, kind: 'name', source: 'host' } as const;
    const before = [
      (req: Parameters<typeof setCheckedHost>[0], _: unknown, next: () => void) => {
        setCheckedHost(req, host);
        next();
      },
    ];
    const open = await serve({ port: 'drop' }, { before });
    const answer = await send(open, ['Host: other.test']);
    expect(answer.location).toBe('https://checked.test/');
    expect(warnings()).toEqual([]);
    const closed = await serve({ allowedHosts: ['a.test'] }, { before });
    expect((await send(closed, ['Host: a.test'])).status).toBe(400);
  });

  test.each<HostName>(['express5', 'express4', 'connect'])(
    '%s: a mount path is kept',
    async (host) => {
      const server = await serve(
        {},
        {
          host,
          before: [
            (req, _res, next) => {
              // What a router does before it calls a middleware mounted at /mnt.
              req.url = '/x';
              next();
            },
          ],
        },
      );
      expect((await send(server, ['Host: a.test'], 'GET /mnt/x HTTP/1.1')).location).toBe(
        'https://a.test/mnt/x',
      );
    },
  );
});

describe.each(hostNames)('on %s', (host) => {
  test('redirects http with 307, no body, no cookies', async () => {
    const before = [
      (
        _req: unknown,
        res: { setHeader(name: string, value: string): unknown },
        next: () => void,
      ) => {
        res.setHeader('Set-Cookie', 'secret=1');
        next();
      },
    ];
    const server = await serve({}, { host, before });
    const answer = await server.request('/a?b', {
      method: 'POST',
      body: 'x',
      headers: { Host: 'a.test' },
    });
    expect([answer.status, answer.text, answer.setCookie]).toEqual([307, '', []]);
    expect(answer.headers).toMatchObject({ location: 'https://a.test/a?b', 'content-length': '0' });
    expect(answer.headers['vary']).toBeUndefined();
  });

  test('lets https through, over real TLS', async () => {
    const server = await serve({ hsts: true }, { host, tls: true });
    const answer = await server.request('/', { headers: { Host: 'a.test' } });
    expect([answer.status, answer.text]).toEqual([200, 'hello']);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });
});

describe('status and insecure', () => {
  test.each<[HttpsRedirectOptions['status'], string, number]>([
    [301, 'GET', 301],
    [301, 'HEAD', 301],
    [301, 'POST', 308],
    [302, 'GET', 302],
    [302, 'PUT', 307],
    [307, 'POST', 307],
    [308, 'GET', 308],
    [308, 'DELETE', 308],
  ])('status %s, %s: %s', async (status, method, expected) => {
    const answer = await send(await serve({ status }), ['Host: a.test'], `${method} / HTTP/1.1`);
    expect(answer.status).toBe(expected);
  });

  test("insecure: 'reject' answers 403, also to a host that is malformed", async () => {
    const server = await serve({ insecure: 'reject' });
    const answer = await send(server, ['Host: a.test'], 'POST / HTTP/1.1');
    expect([answer.status, answer.body]).toEqual([403, 'HTTPS required']);
    expect((await send(server, ['Host: a@b'])).status).toBe(403);
  });

  test('enabled: false lets everything through', async () => {
    const server = await serve({ enabled: false, hsts: true });
    const answer = await send(server, ['Host: a@b']);
    expect([answer.status, answer.location]).toEqual([200, undefined]);
  });

  test('exempt paths stay on http', async () => {
    const server = await serve({ exempt: ['/.well-known/acme-challenge/', '/health'] });
    const ask = async (path: string) =>
      (await send(server, ['Host: a.test'], `GET ${path} HTTP/1.1`)).status;
    await expect(ask('/.well-known/acme-challenge/token')).resolves.toBe(200);
    await expect(ask('/health')).resolves.toBe(200);
    await expect(ask('/health/../admin')).resolves.toBe(307);
    await expect(ask('/x?/health')).resolves.toBe(307);
    const byFunction = await serve({ exempt: (req) => req.url === '/x' });
    expect((await send(byFunction, ['Host: a.test'], 'GET /x HTTP/1.1')).status).toBe(200);
    expect((await send(byFunction, ['Host: a.test'])).status).toBe(307);
  });

  test.each(hostNames)(
    '%s: an exempt that throws is a 503, not the end of the process',
    async (host) => {
      const exempt = (req: { url?: string | undefined }): boolean =>
        new URL(String(req.url)).pathname === '/x';
      const server = await serve({ exempt }, { host });
      expect((await server.request('/', { headers: { Host: 'a.test' } })).status).toBe(503);
    },
  );
});

describe('behind proxies', () => {
  const pass = 200;
  test.each<[HttpsRedirectOptions, string[], number]>([
    [{}, ['X-Forwarded-Proto: https'], 307],
    [{ trustProxy: '10.0.0.0/8' }, ['X-Forwarded-Proto: https'], 307],
    [{ trustProxy: 'loopback' }, ['X-Forwarded-Proto: https'], pass],
    [{ trustProxy: 'loopback' }, ['X-Forwarded-Proto: HTTPS'], pass],
    [{ trustProxy: 'loopback' }, ['X-Forwarded-Proto: wss'], pass],
    [{ trustProxy: 'loopback' }, ['X-Forwarded-Proto: http'], 307],
    [{ trustProxy: 'loopback' }, [], 307],
    [{ trustProxy: 'loopback' }, ['X-Forwarded-Proto: httpsfoo'], 307],
    [{ trustProxy: 1 }, ['X-Forwarded-Proto: https, http'], 307],
    [{ trustProxy: 1 }, ['X-Forwarded-Proto: http, https'], pass],
    [{ trustProxy: true }, ['X-Forwarded-Proto: https, http'], pass],
    [{ trustProxy: 2 }, ['X-Forwarded-Proto: https, http'], pass],
    [{ trustProxy: 2 }, ['X-Forwarded-Proto: https, http, http'], 307],
    [{ trustProxy: 1, forwarded: 'forwarded' }, ['Forwarded: proto=https'], pass],
    [
      { trustProxy: 1, forwarded: 'forwarded' },
      ['Forwarded: for=1.1.1.1;proto=http, for="[::1]:80";proto=https'],
      pass,
    ],
    [{ trustProxy: 1, forwarded: 'forwarded' }, ['X-Forwarded-Proto: https'], 307],
    [{ trustProxy: 1, protoHeaders: ['X-Arr-Ssl'] }, ['X-ARR-SSL: 2048|256'], pass],
    [{ protoHeaders: ['X-Arr-Ssl'] }, ['X-ARR-SSL: 2048|256'], 307],
    [
      { trustProxy: 1, protoHeaders: ['CloudFront-Forwarded-Proto'] },
      ['X-Forwarded-Proto: https', 'CloudFront-Forwarded-Proto: http'],
      307,
    ],
  ])('%p, %p: %s', async (options, lines, status) => {
    const answer = await send(await serve(options), ['Host: a.test', ...lines]);
    expect([answer.status, answer.location]).toEqual([
      status,
      status === pass ? undefined : 'https://a.test/',
    ]);
  });

  test('X-Forwarded-Host of a trusted proxy chooses the target, of anybody else it does not', async () => {
    const lines = ['Host: internal', 'X-Forwarded-Host: evil.test, a.test:8080'];
    const trusted = await send(await serve({ trustProxy: 1, port: 'drop' }), lines);
    expect(trusted.location).toBe('https://a.test/');
    expect(trusted.head).toMatch(/vary: X-Forwarded-Proto, X-Forwarded-Host/i);
    const untrusted = await send(await serve(), lines);
    expect(untrusted.location).toBe('https://internal/');
    const rfc = await serve({ trustProxy: 1, forwarded: 'forwarded' });
    const answer = await send(rfc, ['Host: in', 'Forwarded: host=a.test']);
    expect([answer.location, /^vary: .*$/im.exec(answer.head)?.[0].trim()]).toEqual([
      'https://a.test/',
      'vary: Forwarded',
    ]);
  });

  test('Vary names the header that decided, or would have', async () => {
    const own = await serve({
      trustProxy: 1,
      protoHeaders: ['front-end-https', 'x-forwarded-ssl'],
    });
    expect((await send(own, ['Host: a.test'])).head).toContain(
      'Vary: Front-End-Https, X-Forwarded-Ssl',
    );
    const rejecting = await serve({ trustProxy: 1, insecure: 'reject' });
    expect((await send(rejecting, ['Host: a.test'])).head).toMatch(/vary: X-Forwarded-Proto/i);
  });

  test.each<HostName>(['express5', 'express4'])(
    "%s: the app's trust proxy is enough",
    async (host) => {
      const server = await serve({}, { host, settings: { 'trust proxy': 1 } });
      const answer = await send(server, ['Host: a.test', 'X-Forwarded-Proto: https']);
      expect(answer.status).toBe(200);
    },
  );
});

describe('warnings, each once', () => {
  test('a redirect loop: names the peer, the header and the option', async () => {
    const server = await serve({ allowedHosts: '*' });
    for (const header of ['X-Forwarded-Proto: http, wss', 'Forwarded: proto=https']) {
      await send(server, ['Host: a.test', header]);
    }
    expect(warnings()).toEqual(['ERR_PORTCULLIS_HTTPS_REDIRECT_LOOP']);
    expect(jest.mocked(process.emitWarning).mock.calls[0]?.[0]).toBe(
      'A request came over http from 127.0.0.1 with X-Forwarded-Proto saying https, which is not believed, ' +
        'so it is redirected; behind a proxy that ends in a redirect loop. If that is your proxy, give ' +
        "httpsRedirect() the option trustProxy: '127.0.0.1', or set the app's 'trust proxy'.",
    );
    const rfc = await serve({ allowedHosts: '*' });
    await send(rfc, ['Host: a.test', 'Forwarded: proto=http, proto=wss']);
    expect(jest.mocked(process.emitWarning).mock.calls[1]?.[0]).toContain('with Forwarded saying');
  });

  test.each([
    [],
    ['X-Forwarded-Proto: http'],
    ['X-Forwarded-Proto: httpsfoo'],
    ['Forwarded: proto=http'],
    ['Forwarded: proto'],
  ])('none for %p', async (...lines) => {
    await send(await serve({ allowedHosts: '*' }), ['Host: a.test', ...lines]);
    expect(warnings()).toEqual([]);
  });

  test('a proxy that passes on what clients send', async () => {
    const server = await serve({ allowedHosts: '*', trustProxy: 1 });
    for (let turn = 0; turn < 2; turn++) {
      await send(server, ['Host: a.test', 'X-Forwarded-Proto: gopher']);
    }
    expect(warnings()).toEqual(['ERR_PORTCULLIS_HTTPS_REDIRECT_BAD_SCHEME']);
  });

  test('a host that nobody has listed', async () => {
    const server = await serve();
    for (let turn = 0; turn < 2; turn++) await send(server, ['Host: a.test']);
    expect(warnings()).toEqual(['ERR_PORTCULLIS_HTTPS_REDIRECT_UNCHECKED_HOST']);
  });
});

test('the channel portcullis:https-redirect:rejected tells why', async () => {
  const listed = await serve({ allowedHosts: 'a.test' });
  const strict = await serve({ insecure: 'reject' });
  const messages = await collect('portcullis:https-redirect:rejected', async () => {
    await send(listed, ['Host: B.test:81']);
    await send(listed, ['Host: a@b']);
    await send(strict, ['Host: a.test']);
  });
  expect(messages).toEqual([
    { reason: 'not-allowed', status: 400, entry: 'b.test' },
    { reason: 'userinfo', status: 400, entry: undefined },
    { reason: 'insecure', status: 403, entry: undefined },
  ]);
});

test.each([
  [undefined, /from a Unix socket .* trustProxy: 'unix'/],
  ['fe80::1%eth0', /from fe80::1%eth0 .* trustProxy: 'fe80::1'/],
])('the loop warning for the peer %s names what can be trusted', async (value, expected) => {
  const server = await listen('http', [
    (req, _res, next) => {
      Object.defineProperty(req.socket, 'remoteAddress', { value });
      next();
    },
    httpsRedirect({ allowedHosts: '*' }),
  ]);
  await send(server, ['Host: a.test', 'X-Forwarded-Proto: https']);
  expect(jest.mocked(process.emitWarning).mock.calls[0]?.[0]).toMatch(expected);
});
