import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeAll, listen, rawRequest } from '@portcullis/testing';
import { cors } from '../src/index.ts';
import type { CorsMiddleware, CorsOptions } from '../src/index.ts';
import { warningsOf } from './warnings.ts';

const closing: (() => void)[] = [];
beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await closeAll();
});

const origin = 'https://app.example';
const evil = 'https://evil.example';

/** A server that runs the middleware on upgrade requests, on a response made for the raw socket. */
async function listenForUpgrades(middleware: CorsMiddleware): Promise<number> {
  const server = createServer();
  server.on('upgrade', (req: IncomingMessage, socket) => {
    const res = new ServerResponse(req);
    res.assignSocket(socket as never);
    res.on('finish', () => socket.end());
    middleware(req, res, () => {
      socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function handshake(options: CorsOptions, headers: Record<string, string>): Promise<string> {
  const port = await listenForUpgrades(cors(options));
  const lines = Object.entries({ Host: 'api.example', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return rawRequest(
    port,
    `GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines.join('\r\n')}\r\n\r\n`,
  );
}

describe('a WebSocket handshake', () => {
  test.each<[string, CorsOptions, Record<string, string>]>([
    ['of an allowed origin', { allowOrigins: [origin] }, { Origin: origin }],
    ['of the same host', { allowOrigins: [origin] }, { Origin: 'http://api.example' }],
    ['without an Origin', { allowOrigins: [origin] }, {}],
    ['of anybody, when everybody may', { allowOrigins: '*' }, { Origin: evil }],
    ['that a function allows', { allowOrigins: () => Promise.resolve(true) }, { Origin: evil }],
    [
      'of the same host behind a trusted proxy',
      { allowOrigins: [origin], trustProxy: 'loopback' },
      { Origin: 'https://api.example', 'X-Forwarded-Proto': 'https' },
    ],
  ])('%s goes on', async (_name, options, headers) => {
    expect(await handshake(options, headers)).toMatch(/^HTTP\/1\.1 101/);
  });

  test.each<[string, CorsOptions, Record<string, string>]>([
    ['of another origin', { allowOrigins: [origin] }, { Origin: evil }],
    [
      'of the same host on another scheme',
      { allowOrigins: [origin] },
      { Origin: 'https://api.example' },
    ],
    [
      'of the same host on another port',
      { allowOrigins: [origin] },
      { Origin: 'http://api.example:8080' },
    ],
    ['of null', { allowOrigins: [origin] }, { Origin: 'null' }],
    ['of two origins', { allowOrigins: [origin] }, { Origin: `${origin}, ${origin}` }],
    [
      'without an Origin where one is required',
      { allowOrigins: [origin], requireOrigin: true },
      {},
    ],
    [
      'of a forwarded host that nobody vouches for',
      { allowOrigins: [origin] },
      { Origin: 'http://evil.example', 'X-Forwarded-Host': 'evil.example' },
    ],
  ])(
    '%s is refused with 403 and never reaches the application',
    async (_name, options, headers) => {
      const received = await handshake(options, headers);
      expect(received).toMatch(/^HTTP\/1\.1 403 Forbidden/);
      expect(received).toContain('Disallowed CORS origin');
      expect(received.toLowerCase()).not.toContain('access-control-');
    },
  );

  test('with cookies, let in by "*" alone, is warned of once', async () => {
    const middleware = cors({ allowOrigins: '*' });
    const port = await listenForUpgrades(middleware);
    const send = (extra: string): Promise<string> =>
      rawRequest(
        port,
        `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${evil}\r\n${extra}\r\n`,
      );
    const warnings = await warningsOf(async () => {
      await send('');
      await send('Cookie: a=b\r\n');
      await send('Cookie: a=b\r\n');
    });
    expect(warnings).toEqual([
      {
        code: 'ERR_PORTCULLIS_CORS_HANDSHAKE_ANY_ORIGIN',
        message: expect.stringContaining('allowCredentials'),
      },
    ]);
  });
});

describe('the channel portcullis:cors:decision', () => {
  test('tells what became of a handshake', async () => {
    const heard: unknown[] = [];
    const listener = (message: unknown): void => void heard.push(message);
    subscribe('portcullis:cors:decision', listener);
    await handshake({ allowOrigins: [origin] }, { Origin: origin });
    await handshake({ allowOrigins: [origin] }, { Origin: evil });
    unsubscribe('portcullis:cors:decision', listener);
    expect(heard).toEqual([
      { kind: 'handshake', allowed: true, origin, rule: origin, method: 'GET', url: '/socket' },
      {
        kind: 'handshake',
        allowed: false,
        origin: evil,
        rule: undefined,
        method: 'GET',
        url: '/socket',
      },
    ]);
  });
});

describe('allowsConnection, for servers that see a request before Express', () => {
  const options: CorsOptions = {
    allowOrigins: [origin, (asked) => Promise.resolve(asked === 'https://b.example')],
  };

  test.each<[string, CorsMiddleware, Record<string, string>, boolean]>([
    ['an allowed origin', cors(options), { origin }, true],
    ['an origin that a function allows', cors(options), { origin: 'https://b.example' }, true],
    ['another origin', cors(options), { origin: evil }, false],
    ['a malformed origin', cors(options), { origin: `${origin}/` }, false],
    ['no origin', cors(options), {}, true],
    ['no origin where one is required', cors({ ...options, requireOrigin: true }), {}, false],
    ['options chosen by a function', cors(() => options), { origin: evil }, false],
    ['options switched off', cors(() => false), { origin: evil }, true],
  ])('%s', async (_name, middleware, headers, allowed) => {
    const server = await listen('http', async (req, res) => {
      res.end(String(await middleware.allowsConnection(req)));
    });
    expect((await server.request('/', { headers })).text).toBe(String(allowed));
  });
});

describe('enforce', () => {
  const enforcing: CorsOptions = { allowOrigins: [origin], enforce: true };
  const site = (value: string): Record<string, string> => ({ 'sec-fetch-site': value });
  const post = async (headers: Record<string, string>, options = enforcing, method = 'POST') => {
    const server = await listen('express5', cors(options));
    const response = await server.request('/', {
      method,
      headers: { host: 'api.example', ...headers },
    });
    return response.status;
  };

  test.each<[string, Record<string, string>, number]>([
    ['from its own pages', { ...site('same-origin'), origin: 'http://api.example' }, 200],
    ['typed by the user', site('none'), 200],
    ['from a sibling site', site('same-site'), 403],
    ['from another site', site('cross-site'), 403],
    ['from another site that is allowed', { ...site('cross-site'), origin }, 200],
    ['from another site that is not', { ...site('cross-site'), origin: evil }, 403],
    ['with a word nobody knows', site('cross-galaxy'), 403],
    ['of an old browser, from its own pages', { origin: 'http://api.example' }, 200],
    ['of an old browser, from another site', { origin: evil }, 403],
    ['of an old browser, from another port', { origin: 'http://api.example:81' }, 403],
    ['of an old browser, from a sandbox', { origin: 'null' }, 403],
    ['of no browser', {}, 200],
  ])('an unsafe request %s', async (_name, headers, status) => {
    expect(await post(headers)).toBe(status);
  });

  test.each(['PUT', 'PATCH', 'DELETE', 'QUERY'])('%s is unsafe', async (method) => {
    expect(await post({ origin: evil }, enforcing, method)).toBe(403);
  });

  test.each(['GET', 'HEAD', 'OPTIONS'])('%s is safe', async (method) => {
    expect(await post({ ...site('cross-site'), origin: evil }, enforcing, method)).toBe(200);
    expect(await post(site('cross-site'), enforcing, method)).toBe(200);
  });

  test('without it, an unsafe request of another site runs', async () => {
    expect(await post({ ...site('cross-site'), origin: evil }, { allowOrigins: [origin] })).toBe(
      200,
    );
  });
});
