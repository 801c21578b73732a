import { afterEach, describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { closeAll, hostNames, listen, rawRequest } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { cors } from '../src/index.ts';
import { warningsOf } from './warnings.ts';

afterEach(closeAll);

const origin = 'https://app.example';
const options = { allowOrigins: [origin], exposeHeaders: ['X-Total'] };

const lines = (received: string, name: string): readonly string[] =>
  received
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim());

describe('writeHead of the application cannot lose the headers', () => {
  const forms: Record<string, TestMiddleware> = {
    'an object': (_req, res) => void res.writeHead(200, { Vary: 'A' }),
    'a flat list': (_req, res) => void res.writeHead(200, ['Vary', 'A']),
    'a list of pairs': (_req, res) => void res.writeHead(200, [['Vary', 'A']] as never),
    'a message and an object': (_req, res) => void res.writeHead(200, 'Fine', { Vary: 'A' }),
    'a lower-case name': (_req, res) => void res.writeHead(200, { vary: 'A' }),
    'an origin of its own': (_req, res) =>
      void res.writeHead(200, { Vary: 'A', 'Access-Control-Allow-Origin': '*' }),
  };

  test.each(Object.entries(forms))('%s', async (_form, writeHead) => {
    const server = await listen('http', cors(options), (req, res, next) => {
      writeHead(req, res, next);
      res.end('done');
    });
    let received = '';
    await warningsOf(async () => {
      received = await rawRequest(
        server.port,
        `GET / HTTP/1.1\r\nHost: x\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`,
      );
    });
    expect(lines(received, 'vary')).toEqual(['A, Origin']);
    expect(lines(received, 'access-control-allow-origin')).toEqual([origin]);
    expect(lines(received, 'access-control-expose-headers')).toEqual(['X-Total']);
    expect(received).toContain('done');
  });

  test('without an Origin, Vary survives all the same', async () => {
    const server = await listen('http', cors(options), (_req, res) => {
      res.writeHead(200, { Vary: 'A' });
      res.end();
    });
    expect((await server.request('/')).headers['vary']).toBe('A, Origin');
  });
});

describe.each(hostNames)('responses of every kind on %s', (host) => {
  const kinds: Record<string, TestMiddleware> = {
    'an event stream': (_req, res) => {
      res.setHeader('Content-Type', 'text/event-stream');
      res.flushHeaders();
      res.write('data: 1\n\n');
      setTimeout(() => res.end('data: 2\n\n'), 5);
    },
    'a piped file': (_req, res) => void Readable.from(['a', 'b', 'c']).pipe(res),
    'a part': (_req, res) => {
      res.statusCode = 206;
      res.setHeader('Content-Range', 'bytes 0-1/4');
      res.end('ab');
    },
    'a redirect': (_req, res) => {
      res.statusCode = 301;
      res.setHeader('Location', '/there');
      res.end();
    },
    'no content': (_req, res) => {
      res.statusCode = 204;
      res.end();
    },
    'an error thrown later': async () => {
      await Promise.resolve();
      throw new Error('later');
    },
  };

  test.each(Object.entries(kinds))('%s', async (name, handler) => {
    // Express 4 and Connect do not see a rejected promise.
    const catching: TestMiddleware = async (req, res, next) => {
      try {
        await handler(req, res, next);
      } catch (error) {
        next(error);
      }
    };
    const server = await listen(host, cors(options), catching);
    const response = await server.request('/', { headers: { origin } });
    expect(response.headers['access-control-allow-origin']).toBe(origin);
    expect(response.headers['vary']).toBe('Origin');
    if (name === 'an error thrown later') expect(response.status).toBe(500);
  });
});

describe('an error handler that clears every header', () => {
  test('does not clear ours', async () => {
    const server = await listen('express5', cors(options), (_req, res) => {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      res.statusCode = 500;
      res.end('sorry');
    });
    expect((await server.request('/', { headers: { origin } })).headers).toMatchObject({
      'access-control-allow-origin': origin,
      vary: 'Origin',
    });
  });
});

describe('what others say about CORS', () => {
  const sets =
    (name: string, value: string | string[]): TestMiddleware =>
    (_req, res, next) => {
      res.setHeader(name, value);
      next();
    };

  test.each([
    ['a star behind cors', [cors(options), sets('Access-Control-Allow-Origin', '*')]],
    ['a star before cors', [sets('Access-Control-Allow-Origin', '*'), cors(options)]],
    ['two lines of a proxy', [cors(options), sets('Access-Control-Allow-Origin', ['*', origin])]],
  ])('%s gives way to the one origin', async (_name, stack) => {
    const server = await listen('http', stack);
    await warningsOf(async () => {
      const { headers } = await server.request('/', { headers: { origin } });
      expect(headers['access-control-allow-origin']).toBe(origin);
    });
  });

  test('is removed for another origin, and warned of once', async () => {
    const stack = [
      cors(options),
      sets('Access-Control-Allow-Origin', '*'),
      sets('Access-Control-Allow-Credentials', 'true'),
    ];
    const server = await listen('http', stack);
    const warnings = await warningsOf(async () => {
      for (let i = 0; i < 3; i++) {
        const { headers } = await server.request('/', {
          headers: { origin: 'https://evil.example' },
        });
        expect(headers).not.toHaveProperty('access-control-allow-origin');
        expect(headers).not.toHaveProperty('access-control-allow-credentials');
      }
    });
    expect(warnings).toEqual([
      {
        code: 'ERR_PORTCULLIS_CORS_HEADER_REPLACED',
        message: expect.stringContaining('access-control-allow-origin: "*"'),
      },
    ]);
  });

  test('is removed from a preflight that cors answers', async () => {
    const stack = [
      sets('Access-Control-Allow-Credentials', 'true'),
      sets('Access-Control-Allow-Methods', '*'),
      cors(options),
    ];
    const server = await listen('http', stack);
    for (const [asked, methods] of [
      ['GET', 'GET'],
      ['PUT', undefined],
    ] as const) {
      const { headers } = await server.request('/', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': asked },
      });
      expect(headers['access-control-allow-methods']).toBe(methods);
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });

  test('is left alone without an Origin', async () => {
    const server = await listen('http', [cors(options), sets('Access-Control-Allow-Origin', '*')]);
    const { headers } = await server.request('/');
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('Vary of others', () => {
  const vary =
    (value: string | string[]): TestMiddleware =>
    (_req, res, next) => {
      res.setHeader('Vary', value);
      next();
    };

  test.each([
    ['Accept-Encoding', 'Accept-Encoding, Origin'],
    ['origin', 'origin'],
    ['*', '*'],
    [['A', 'B'], 'A, B, Origin'],
  ])('%j before and after cors', async (value, expected) => {
    const before = await listen('http', [vary(value), cors(options)]);
    const after = await listen('http', [cors(options), vary(value)]);
    for (const server of [before, after]) {
      expect((await server.request('/', { headers: { origin } })).headers['vary']).toBe(expected);
    }
  });

  test('is kept on a preflight', async () => {
    const asked = { origin, 'access-control-request-method': 'GET' };
    for (const host of hostNames) {
      const server = await listen(host, [vary('Accept'), cors(options)]);
      const { headers } = await server.request('/', { method: 'OPTIONS', headers: asked });
      expect(headers['vary']).toBe(
        'Accept, Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      );
    }
  });
});

describe('malformed heads, over a raw socket', () => {
  const send = async (head: string): Promise<string> => {
    const everybody = cors({
      allowOrigins: '*',
      allowCredentials: true,
      dangerouslyAllowAnyOriginWithCredentials: true,
      allowHeaders: '*',
    });
    const server = await listen('http', everybody);
    return rawRequest(server.port, `${head}\r\nHost: x\r\nConnection: close\r\n\r\n`);
  };

  test.each([
    ['two Origin lines', `GET / HTTP/1.1\r\nOrigin: ${origin}\r\nOrigin: https://b.example`],
    ['an Origin with latin-1 bytes', 'GET / HTTP/1.1\r\nOrigin: https://caf\xe9.example'],
    ['an Origin of 8 KB', `GET / HTTP/1.1\r\nOrigin: https://${'a.'.repeat(4000)}example`],
    ['an empty Origin', 'GET / HTTP/1.1\r\nOrigin:'],
    ['an Origin with a path', `GET / HTTP/1.1\r\nOrigin: ${origin}/path`],
    ['null with credentials', 'GET / HTTP/1.1\r\nOrigin: null'],
  ])('%s is served and granted nothing', async (_name, head) => {
    const received = await send(head);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(received).toContain('hello');
    expect(lines(received, 'access-control-allow-origin')).toEqual([]);
    expect(lines(received, 'vary')).toEqual(['Origin']);
  });

  test.each([
    ['15 KB of commas', ','.repeat(15_000)],
    ['5 KB of names', 'x-a,'.repeat(1250)],
    ['bytes that are no name', 'x-\xe9'],
    ['spaces inside a name', 'a b'],
  ])('%s in the header list fail and are not mirrored', async (_name, list) => {
    const received = await send(
      `OPTIONS / HTTP/1.1\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: GET\r\n` +
        `Access-Control-Request-Headers: ${list}`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request/);
    expect(received).toContain('Disallowed CORS headers');
    expect(lines(received, 'access-control-allow-headers')).toEqual([]);
  });

  test('a header list on two lines is one list', async () => {
    const received = await send(
      `OPTIONS / HTTP/1.1\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: GET\r\n` +
        'Access-Control-Request-Headers: authorization\r\nAccess-Control-Request-Headers: x-token',
    );
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(lines(received, 'access-control-allow-headers')).toEqual(['authorization, x-token']);
  });

  test('a method in lower case is not even parsed', async () => {
    expect(await send(`options / HTTP/1.1\r\nOrigin: ${origin}`)).toMatch(/^HTTP\/1\.1 400/);
  });
});

describe('a response that has begun', () => {
  test('is left alone', async () => {
    const early: TestMiddleware = (_req, res, next) => {
      res.write('early');
      next();
    };
    const server = await listen('http', [early, cors(options)]);
    const response = await server.request('/', { headers: { origin } });
    expect(response.text).toBe('earlyhello');
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });
});
