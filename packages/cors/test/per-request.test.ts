import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestServer } from '@portcullis/testing';
import { cors } from '../src/index.ts';
import type { CorsOptions, OriginPredicate } from '../src/index.ts';
import { issuesOf, warningsOf } from './warnings.ts';

beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(async () => {
  jest.useRealTimers();
  await closeAll();
});

const origin = 'https://app.example';
const other = 'https://other.example';

const allowed = async (server: TestServer, path = '/', asked = origin): Promise<unknown> => {
  const { headers } = await server.request(path, { headers: { origin: asked } });
  return headers['access-control-allow-origin'];
};
const preflight = {
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'GET' },
};

describe('functions in allowOrigins', () => {
  const answering = (predicate: OriginPredicate): Promise<TestServer> =>
    listen('express5', cors({ allowOrigins: predicate }));

  test.each<[string, OriginPredicate]>([
    ['at once', (asked) => asked === origin],
    ['later', async (asked) => Promise.resolve(asked === origin)],
    ['at once, with Vary', (asked) => ({ allow: asked === origin, vary: [] })],
    ['later, with Vary', async (asked) => Promise.resolve({ allow: asked === origin })],
  ])('decide %s', async (_name, predicate) => {
    const server = await answering(predicate);
    expect(await allowed(server)).toBe(origin);
    const denied = await server.request('/', { headers: { origin: other } });
    expect(denied).toMatchObject({ status: 200, text: 'hello' });
    expect(denied.headers).toMatchObject({ vary: 'Origin' });
    expect(denied.headers).not.toHaveProperty('access-control-allow-origin');
    expect(await server.request('/', preflight)).toMatchObject({ status: 200, text: 'OK' });
  });

  test('only true is a yes', async () => {
    for (const answer of [1, 'yes', {}, { allow: 'yes' }, null, undefined]) {
      const server = await answering(() => answer as never);
      expect(await allowed(server)).toBeUndefined();
    }
  });

  test('see the request, and are asked only when the list does not know', async () => {
    const asked: string[] = [];
    const server = await listen(
      'express5',
      cors({
        allowOrigins: [
          origin,
          (text, req) => {
            asked.push(`${text} ${String(req.url)}`);
            return false;
          },
          (text) => text === other,
        ],
      }),
    );
    expect(await allowed(server, '/a')).toBe(origin);
    expect(await allowed(server, '/b', other)).toBe(other);
    for (const malformed of ['null', '', `${other}/`, `${other}, ${other}`]) {
      expect(await allowed(server, '/c', malformed)).toBeUndefined();
    }
    await server.request('/d');
    expect(asked).toEqual([`${other} /b`]);
  });

  test('name the headers that they looked at', async () => {
    const first = () => ({ allow: false, vary: 'X-Tenant' });
    const second = () => Promise.resolve({ allow: true, vary: ['Authorization', 'Cookie'] });
    const server = await listen('express5', cors({ allowOrigins: [first, second] }));
    const vary = 'Origin, X-Tenant, Authorization, Cookie';
    expect((await server.request('/', { headers: { origin } })).headers['vary']).toBe(vary);
    const answer = await server.request('/', preflight);
    for (const name of [...vary.split(', '), 'Access-Control-Request-Method']) {
      expect(answer.headers['vary']).toContain(name);
    }
  });

  test.each<[string, OriginPredicate, number, string]>([
    [
      'throws',
      () => {
        throw Object.assign(new Error('x'), { status: 502 });
      },
      502,
      '',
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('x'), { status: 502 })), 502, ''],
    [
      'throws undefined',
      () => {
        throw undefined;
      },
      500,
      'ERR_PORTCULLIS_CORS_FUNCTION_FAILED',
    ],
    ['rejects with nothing', () => Promise.reject(), 500, 'ERR_PORTCULLIS_CORS_FUNCTION_FAILED'],
    [
      'throws the word of a router',
      () => {
        throw 'route';
      },
      500,
      'ERR_PORTCULLIS_CORS_FUNCTION_FAILED',
    ],
    ['answers a broken Vary', () => ({ allow: true, vary: 'a b' }), 500, ''],
    ['answers a broken Vary later', () => Promise.resolve({ allow: true, vary: ['\n'] }), 500, ''],
  ])(
    'one that %s ends in the error handler, with nothing granted',
    async (_name, predicate, status, code) => {
      const errors: unknown[] = [];
      const stack: TestMiddleware = (req, res, next) =>
        cors({ allowOrigins: predicate })(req, res, (error) => {
          errors.push(error);
          next(error);
        });
      const server = await listen('express5', stack);
      const response = await server.request('/', { headers: { origin } });
      expect(response.status).toBe(status);
      expect(response.headers['vary']).toBe('Origin');
      expect(response.headers).not.toHaveProperty('access-control-allow-origin');
      expect(errors).toHaveLength(1);
      if (code !== '') expect(errors).toEqual([expect.objectContaining({ code })]);
    },
  );

  test('one that answers when the client has left hurts nobody', async () => {
    const answers: ((answer: boolean) => void)[] = [];
    const server = await answering(() => new Promise((resolve) => answers.push(resolve)));
    const asked = async (count: number): Promise<void> => {
      while (answers.length < count) await new Promise((resolve) => setImmediate(resolve));
    };
    const leaving = new AbortController();
    const left = server.request('/', { headers: { origin }, signal: leaving.signal });
    await asked(1);
    leaving.abort();
    await expect(left).rejects.toThrow();
    answers[0]?.(true);
    const stayed = allowed(server);
    await asked(2);
    answers[1]?.(true);
    expect(await stayed).toBe(origin);
  });

  test('one that never answers is given up after five seconds', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const asked = jest.fn(() => new Promise<boolean>(() => {}));
    const errors: unknown[] = [];
    const server = await listen('express5', [
      (req, res, next) =>
        cors({ allowOrigins: asked })(req, res, (error) => {
          errors.push(error);
          next(error);
        }),
    ]);
    const response = server.request('/', { headers: { origin } });
    while (asked.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    jest.advanceTimersByTime(4999);
    expect(errors).toEqual([]);
    jest.advanceTimersByTime(1);
    expect((await response).status).toBe(503);
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'ERR_PORTCULLIS_CORS_PREDICATE_TIMEOUT',
        status: 503,
        expose: false,
      }),
    ]);
  });
});

describe('a response that was sent while a function was asked', () => {
  const later = <T>(value: T): Promise<T> =>
    new Promise((resolve) => {
      setTimeout(() => resolve(value), 5);
    });

  test.each<[string, ReturnType<typeof cors>]>([
    ['in allowOrigins', cors({ allowOrigins: () => later(true) })],
    ['for options', cors(() => later({ allowOrigins: origin }))],
    ['for no options', cors(() => later<false>(false))],
  ])('%s is left alone', async (_name, slow) => {
    const handled: unknown[] = [];
    const server = await listen('http', [
      cors({ allowOrigins: other }),
      (req, res) => {
        slow(req, res, (error) => handled.push(error));
        res.end('done');
      },
    ]);
    expect((await server.request('/', { headers: { origin } })).text).toBe('done');
    await later(undefined);
    await later(undefined);
    expect(handled).toEqual([undefined]);
  });
});

describe('a function of the request', () => {
  const open: CorsOptions = { allowOrigins: '*' };
  const strict: CorsOptions = { allowOrigins: [origin], allowCredentials: true };

  test.each<
    [string, (value: CorsOptions | false) => CorsOptions | false | Promise<CorsOptions | false>]
  >([
    ['at once', (value) => value],
    ['later', (value) => Promise.resolve(value)],
  ])('chooses the options %s, preflights included', async (_name, give) => {
    const choose = (url: string | undefined) => {
      if (url === '/off') return false;
      return url === '/open' ? open : strict;
    };
    const server = await listen(
      'express5',
      cors((req) => give(choose(req.url))),
    );
    expect(await allowed(server, '/open', other)).toBe('*');
    expect(await allowed(server, '/', other)).toBeUndefined();
    expect(await allowed(server, '/')).toBe(origin);
    expect(await server.request('/open', preflight)).toMatchObject({ status: 200, text: 'OK' });
    const off = await server.request('/off', preflight);
    expect(off).toMatchObject({ status: 200, text: 'hello' });
    expect(off.headers).not.toHaveProperty('vary');
  });

  test('compiles each object once, and warns once', async () => {
    let reads = 0;
    const counted = {
      get allowOrigins() {
        reads++;
        return [`${origin}/`];
      },
    };
    const server = await listen(
      'express5',
      cors(() => counted),
    );
    const warnings = await warningsOf(async () => {
      for (let i = 0; i < 5; i++) expect(await allowed(server)).toBe(origin);
    });
    expect(reads).toBe(1);
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_CORS_ORIGIN_NORMALIZED']);
  });

  test('that makes a new object each time is told so once', async () => {
    const server = await listen(
      'http',
      cors(() => ({ allowOrigins: [origin] })),
    );
    const warnings = await warningsOf(async () => {
      for (let i = 0; i < 120; i++) await allowed(server);
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_CORS_OPTIONS_EACH_TIME']);
  });

  test.each<[string, () => CorsOptions]>([
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
    ['returns options that cannot be used', () => ({ allowOrigins: ['example.com'] })],
    ['returns nothing', () => undefined as never],
    ['rejects', () => Promise.reject(new Error('x')) as never],
  ])('that %s ends in the error handler, with nothing granted', async (_name, choose) => {
    const server = await listen('express5', cors(choose));
    const response = await server.request('/', { headers: { origin } });
    expect(response.status).toBe(500);
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('that never settles is given up after five seconds', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const choose = jest.fn(() => new Promise<CorsOptions>(() => {}));
    const server = await listen('express5', cors(choose));
    const response = server.request('/', { headers: { origin } });
    while (choose.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    jest.advanceTimersByTime(5000);
    expect((await response).status).toBe(503);
  });

  test('that fails when the response has begun changes nothing', async () => {
    const failing = cors(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('late');
    });
    const handled: unknown[] = [];
    const server = await listen('http', (req, res) => {
      failing(req, res, (error) => handled.push(error));
      res.end('done');
    });
    expect((await server.request('/')).text).toBe('done');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(handled).toEqual([expect.objectContaining({ message: 'late' })]);
  });
});

describe('two instances on one request', () => {
  const outer = (): ReturnType<typeof cors> =>
    cors({ allowOrigins: [origin], allowCredentials: true, exposeHeaders: ['X-A'] });

  test('the inner one decides, and the stack is warned of once', async () => {
    const inner = cors({ allowOrigins: '*' });
    const server = await listen('express5', [outer(), inner]);
    const warnings = await warningsOf(async () => {
      for (let i = 0; i < 3; i++) {
        const { headers } = await server.request('/', { headers: { origin: other } });
        expect(headers).toMatchObject({ 'access-control-allow-origin': '*', vary: 'Origin' });
        expect(headers).not.toHaveProperty('access-control-allow-credentials');
        expect(headers).not.toHaveProperty('access-control-expose-headers');
      }
    });
    expect(warnings).toEqual([
      {
        code: 'ERR_PORTCULLIS_CORS_STACKED',
        message: expect.stringContaining('function of the request'),
      },
    ]);
  });

  test('the inner one may also deny', async () => {
    const server = await listen('express5', [outer(), cors({ allowOrigins: [other] })]);
    const { headers } = await server.request('/', { headers: { origin } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('the inner one may switch off what the outer one granted', async () => {
    const server = await listen('express5', [outer(), cors(() => false)]);
    const { headers } = await server.request('/', { headers: { origin } });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers['vary']).toBe('Origin');
  });

  test('the inner one answers the preflight that the outer one let through', async () => {
    const through = cors({
      allowOrigins: [origin],
      allowCredentials: true,
      preflightContinue: true,
    });
    const server = await listen('express5', [
      through,
      cors({ allowOrigins: '*', allowMethods: '*' }),
    ]);
    const { headers, text } = await server.request('/', preflight);
    expect(text).toBe('OK');
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': expect.stringContaining('PATCH'),
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  test('one instance mounted twice is no stack', async () => {
    const once = outer();
    const server = await listen('express5', [once, once]);
    expect(await warningsOf(() => allowed(server))).toEqual([]);
    expect(await allowed(server)).toBe(origin);
  });
});

describe('reconfigure', () => {
  test('takes the new options for the next request, and the old ones when the new are bad', async () => {
    const middleware = cors({ allowOrigins: [origin] });
    const server = await listen('express5', middleware);
    middleware.reconfigure({ allowOrigins: [other] });
    expect(await allowed(server)).toBeUndefined();
    expect(await allowed(server, '/', other)).toBe(other);
    expect(issuesOf(() => middleware.reconfigure({ allowOrigins: ['example.com'] }))).toHaveLength(
      1,
    );
    expect(await allowed(server, '/', other)).toBe(other);
    expect(middleware.options?.allowOrigins).toEqual([other]);
    middleware.reconfigure(() => false);
    expect(await allowed(server, '/', other)).toBeUndefined();
    expect(middleware.options).toBeUndefined();
  });

  test('leaves a request that has begun under the options it began with', async () => {
    let answer: ((allow: boolean) => void) | undefined;
    const middleware = cors({
      allowOrigins: () => new Promise((resolve) => (answer = resolve)),
      allowCredentials: true,
      allowMethods: 'PUT',
    });
    const server = await listen('express5', middleware);
    const begun = server.request('/', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'PUT' },
    });
    while (answer === undefined) await new Promise((resolve) => setImmediate(resolve));
    middleware.reconfigure({ allowOrigins: other });
    answer(true);
    expect(await begun).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'PUT',
      },
    });
    expect(await allowed(server)).toBeUndefined();
  });

  test('warns like the factory', async () => {
    const middleware = cors({ allowOrigins: [origin] });
    const warnings = await warningsOf(() => middleware.reconfigure({}));
    expect(warnings).toEqual([
      {
        code: 'ERR_PORTCULLIS_CORS_NO_ORIGINS',
        message: expect.stringContaining('@portcullis/cors: allowOrigins'),
      },
    ]);
  });
});
