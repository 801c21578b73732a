import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createServer, ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeAll, hostNames, listen, rawRequest } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
// oxlint-disable-next-line import/default -- the file uses `export =`, which the rule does not know
import cors from '../src/compat.ts';
import { cors as portcullisCors } from '../src/index.ts';
import { warningsOf } from './warnings.ts';

beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(closeAll);

const origin = 'https://app.example';
const evil = 'https://evil.example';
type Options = Parameters<typeof cors>[0];

describe.each(hostNames)('on %s', (host) => {
  test('requests without an Origin hear of a star and of a fixed origin', async () => {
    const open = await (await listen(host, cors())).request('/');
    expect(open.headers['access-control-allow-origin']).toBe('*');
    expect(open.headers).not.toHaveProperty('vary');
    const fixed = await (await listen(host, cors({ origin }))).request('/');
    expect(fixed.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' });
    const listed = await (await listen(host, cors({ origin: [origin] }))).request('/');
    expect(listed.headers).not.toHaveProperty('access-control-allow-origin');
    expect(listed.headers['vary']).toBe('Origin');
  });

  test('OPTIONS is answered, preflight or not, and a denied one without any permission', async () => {
    const server = await listen(host, cors({ origin: [origin], allowedHeaders: 'X-A' }));
    const allowed = await server.request('/', { method: 'OPTIONS', headers: { origin } });
    expect(allowed).toMatchObject({ status: 204, text: '' });
    expect(allowed.headers['access-control-allow-methods']).toContain('DELETE');
    expect(allowed.headers).not.toHaveProperty('content-length');
    const denied = await server.request('/', {
      method: 'OPTIONS',
      headers: { origin: evil, 'access-control-request-method': 'GET' },
    });
    expect(denied).toMatchObject({ status: 204, headers: { vary: 'Origin' } });
    expect(Object.keys(denied.headers).join()).not.toContain('access-control');
  });

  test('an error handler does not lose the headers', async () => {
    const server = await listen(
      host,
      cors({ origin: true, credentials: true }),
      (_req, res, next) => {
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        next(Object.assign(new Error('no'), { status: 500 }));
      },
    );
    const response = await server.request('/', { headers: { origin } });
    expect(response.status).toBe(500);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: expect.stringContaining('Origin'),
    });
  });
});

describe('what the application says of its own', () => {
  const headersOf = async (
    options: Options,
    ...rest: TestMiddleware[]
  ): Promise<Record<string, unknown>> => {
    const handler = rest.pop();
    const server = await listen('express5', [cors(options), ...rest], handler);
    return (await server.request('/', { headers: { origin } })).headers;
  };

  test('about CORS stands, as a header and in writeHead', async () => {
    const set = await headersOf({ credentials: true, origin: true }, (_req, res) => {
      res.setHeader('Access-Control-Allow-Origin', 'https://b.example');
      res.removeHeader('Access-Control-Allow-Credentials');
      res.end();
    });
    expect(set).toMatchObject({
      'access-control-allow-origin': 'https://b.example',
      'access-control-allow-credentials': 'true',
    });
    const written = await headersOf({ origin: [evil] }, (_req, res) => {
      res.writeHead(200, { 'Access-Control-Allow-Origin': origin }).end();
    });
    expect(written['access-control-allow-origin']).toBe(origin);
  });

  test.each([
    ['Accept', 'Accept, Origin'],
    ['accept, ORIGIN', 'accept, ORIGIN'],
    ['*', '*'],
  ])('in Vary: %s is kept', async (before, after) => {
    const server = await listen('http', [
      (_req, res, next) => {
        res.setHeader('Vary', before);
        next();
      },
      cors({ origin }),
    ]);
    expect((await server.request('/')).headers['vary']).toBe(after);
  });

  test('by answering first is not touched', async () => {
    const handled: unknown[] = [];
    const server = await listen('http', (req, res) => {
      cors({
        origin: (_asked, callback) => {
          res.end('mine');
          callback(null, true);
        },
      })(req, res, (error) => handled.push(error));
      cors()(req, res, () => handled.push('again'));
    });
    expect((await server.request('/', { headers: { origin } })).text).toBe('mine');
    expect(handled).toEqual([null, 'again']);
  });

  test('an inner instance decides alone', async () => {
    const inner = await headersOf(
      { origin: true, credentials: true },
      cors({ origin }),
      (_req, res) => res.end(),
    );
    expect(inner['access-control-allow-origin']).toBe(origin);
    expect(inner).not.toHaveProperty('access-control-allow-credentials');
    const own = await headersOf(undefined, portcullisCors({ allowOrigins: evil }), (_req, res) =>
      res.end(),
    );
    expect(own).not.toHaveProperty('access-control-allow-origin');
  });

  test('preflightContinue lets the application answer', async () => {
    const server = await listen('express5', cors({ origin, preflightContinue: true }));
    const response = await server.request('/', { method: 'OPTIONS', headers: { origin } });
    expect(response).toMatchObject({ status: 200, text: 'hello' });
    expect(response.headers['access-control-allow-methods']).toContain('PUT');
  });
});

describe('functions of the application', () => {
  const errorOf = async (options: Options): Promise<unknown> => {
    let given: unknown = 'next was not called';
    const server = await listen('http', (req, res) => {
      cors(options)(req, res, (error) => {
        given = error;
        res.end();
      });
    });
    const { headers } = await server.request('/', { headers: { origin } });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    return given;
  };
  const failing = (error: unknown): Options[] => [
    { origin: (_asked, callback) => callback(error as Error) },
    (_req, callback) => callback(error as Error),
    {
      origin: () => {
        throw error;
      },
    },
    () => {
      throw error;
    },
  ];

  test.each([new Error('no database'), 'some text', { status: 403 }])(
    'that fail with %p hand it to next as it is',
    async (error) => {
      for (const options of failing(error)) expect(await errorOf(options)).toBe(error);
    },
  );

  test.each(['route', 'router'])('that fail with %p do not skip handlers', async (word) => {
    for (const options of failing(word)) {
      expect(await errorOf(options)).toMatchObject({ status: 500, cause: word });
    }
  });

  test('that throw nothing have failed all the same', async () => {
    const options: Options = () => {
      throw undefined;
    };
    expect(await errorOf(options)).toMatchObject({ status: 500 });
  });

  test('that choose options which cannot be used end in the error handler', async () => {
    const wrong: unknown[] = [{ origin: 5 }, { orgin: evil }, true];
    for (const options of wrong) {
      expect(await errorOf((_req, callback) => callback(null, options as never))).toBeInstanceOf(
        Error,
      );
    }
  });

  test.each<[string, Options]>([
    ['choose the origin', { origin: () => {} }],
    ['choose the options', () => {}],
  ])('that %s and never answer are given up after five seconds', async (_name, options) => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const given: unknown[] = [];
    try {
      const server = await listen('http', (req, res) => {
        cors(options)(req, res, (error) => {
          given.push(error);
          res.end('late');
        });
        jest.advanceTimersByTime(4999);
        expect(given).toEqual([]);
        jest.advanceTimersByTime(1);
      });
      expect((await server.request('/')).text).toBe('late');
    } finally {
      jest.useRealTimers();
    }
    expect(given).toMatchObject([{ status: 503, code: 'ERR_PORTCULLIS_CORS_PREDICATE_TIMEOUT' }]);
  });

  test('that answer later are heard', async () => {
    const later: Options = {
      origin: (_asked, callback) => {
        setTimeout(() => callback(null, true), 5);
      },
    };
    const server = await listen('express5', cors(later));
    const { headers } = await server.request('/', { headers: { origin } });
    expect(headers['access-control-allow-origin']).toBe(origin);
  });

  test('that answer twice are heard once', async () => {
    let calls = 0;
    const twice: Options = {
      origin: (_asked, callback) => {
        callback(null, true);
        callback(null, false);
      },
    };
    const server = await listen('http', (req, res) => {
      cors(twice)(req, res, () => res.end(String(++calls)));
    });
    expect((await server.request('/')).text).toBe('1');
  });

  test('do not swallow what is thrown further in, nor call next again', async () => {
    const thrown: unknown[] = [];
    const options: Options = { origin: (_asked, callback) => callback(null, true) };
    const server = await listen('http', (req, res) => {
      try {
        cors(options)(req, res, (error) => {
          thrown.push(error);
          throw new Error('of the handler');
        });
      } catch (error) {
        thrown.push(error);
      }
      res.end();
    });
    await server.request('/');
    expect(thrown).toEqual([undefined, new Error('of the handler')]);
  });

  test('choose options for each request, checked once', async () => {
    const strict = { origin: [origin] };
    const slack = Object.freeze({ origin: true, credentials: true });
    const byUrl: Options = (req, callback) =>
      callback(null, { '/strict': strict, '/slack': slack }[req.url ?? '']);
    const warnings = await warningsOf(async () => {
      const server = await listen('express5', cors(byUrl));
      const headers = { origin: evil };
      for (let i = 0; i < 2; i++) {
        const open = await server.request('/', { headers });
        expect(open.headers['access-control-allow-origin']).toBe('*');
        const slackly = await server.request('/slack', { headers });
        expect(slackly.headers['access-control-allow-origin']).toBe(evil);
        const closed = await server.request('/strict', { headers });
        expect(closed.headers).not.toHaveProperty('access-control-allow-origin');
      }
    });
    expect(warnings).toHaveLength(1);
  });
});

test('a lower-case method and plain objects, as unit tests of applications have them, will do', () => {
  const headers: Record<string, unknown> = { Vary: 'Foo' };
  const res = {
    statusCode: 0,
    getHeader: (name: string) => headers[name],
    setHeader: (name: string, value: unknown) => (headers[name] = value),
    end: () => (headers['ended'] = true),
  };
  Reflect.apply(cors({ origin: 'no-origin' }), undefined, [
    { method: 'options', headers: {} },
    res,
  ]);
  expect(res.statusCode).toBe(204);
  expect(headers).toEqual({
    'Access-Control-Allow-Origin': 'no-origin',
    'Access-Control-Allow-Methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
    Vary: 'Foo, Origin, Access-Control-Request-Headers',
    ended: true,
  });
});

test('options of this package among them bring its answers', async () => {
  const mixed = { origin: [origin], enforce: true } as Options;
  const server = await listen('express5', cors(mixed));
  const posted = await server.request('/', { method: 'POST', headers: { origin: evil } });
  expect(posted.status).toBe(403);
  const preflight = { origin: evil, 'access-control-request-method': 'GET' };
  const refused = await server.request('/', { method: 'OPTIONS', headers: preflight });
  expect(refused).toMatchObject({ status: 400, text: 'Disallowed CORS origin' });
});

describe('a WebSocket handshake', () => {
  async function handshake(options: Options, from: string): Promise<string> {
    const server = createServer();
    server.on('upgrade', (req: IncomingMessage, socket) => {
      const res = new ServerResponse(req);
      res.assignSocket(socket as never);
      res.on('finish', () => socket.end());
      cors(options)(req, res, (error) => {
        socket.end(`HTTP/1.1 ${error === undefined ? 101 : 500} Next\r\n\r\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await rawRequest(
        port,
        'GET / HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          `Origin: ${from}\r\n\r\n`,
      );
    } finally {
      server.close();
    }
  }

  test.each<[string, Options]>([
    ['a text', { origin }],
    ['a text that no browser sends', { origin: 'app.example' }],
    ['a list', { origin: [origin] }],
    ['an expression', { origin: /app\.example$/ }],
    ['a function', { origin: (asked, callback) => callback(null, asked === origin) }],
    ['a function with a text', { origin: (_asked, callback) => callback(null, origin) }],
    ['a function that fails', { origin: (_asked, callback) => callback(new Error('no')) }],
  ])('of another origin is refused with %s', async (_name, options) => {
    expect(await handshake(options, evil)).not.toMatch(/^HTTP\/1\.1 101/);
  });

  test.each<[string, Options]>([
    ['no options', undefined],
    ['false', { origin: false }],
    ['true', { origin: true }],
    ['a text', { origin }],
    ['a function', { origin: (asked, callback) => callback(null, asked === origin) }],
    ['a function with a star', { origin: (_asked, callback) => callback(null, '*') }],
  ])('of an allowed origin goes on with %s', async (_name, options) => {
    expect(await handshake(options, origin)).toMatch(/^HTTP\/1\.1 101/);
  });
});
