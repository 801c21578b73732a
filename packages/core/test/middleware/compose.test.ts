import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { compose, type ErrorMiddleware, httpError, type Middleware } from '@portcullis/core';
import { closeAll, type HostName, hostNames, listen } from '@portcullis/testing';

afterEach(closeAll);

/** Adds a letter to what the handler will answer. */
function letter(value: string): Middleware {
  return (req, _res, next) => {
    const trail = req as { trail?: string };
    trail.trail = (trail.trail ?? '') + value;
    next();
  };
}

const answer: Middleware = (req, res) => void res.end((req as { trail?: string }).trail);
const fail: Middleware = (_req, _res, next) => next(new Error('failed'));
const recover: ErrorMiddleware = (_error, _req, _res, next) => next();

describe.each(hostNames)('compose on %s', (host: HostName) => {
  test('runs middleware in order, lists within lists included', async () => {
    const stack = compose(letter('a'), [letter('b'), [letter('c'), []]], letter('d'));
    const server = await listen(host, [letter('0'), stack, letter('e')], answer);
    expect((await server.request('/')).text).toBe('0abcde');
  });

  test('stops where somebody answers', async () => {
    const server = await listen(host, compose(letter('a'), answer, letter('b')));
    expect((await server.request('/')).text).toBe('a');
  });

  test.each<[string, Middleware]>([
    ['next(error)', fail],
    [
      'a throw',
      () => {
        throw new Error('failed');
      },
    ],
    ['a rejection', (() => Promise.reject(new Error('failed'))) as unknown as Middleware],
    ['a rejection with nothing', (() => Promise.reject()) as unknown as Middleware],
  ])('hands %s to its next error handler, past the others', async (_name, failing) => {
    const seen: unknown[] = [];
    const handler: ErrorMiddleware = (error, _req, res, _next) => {
      seen.push(error);
      res.statusCode = 418;
      res.end();
    };
    const server = await listen(
      host,
      compose(recover as unknown as Middleware, failing, letter('x'), handler),
    );
    expect((await server.request('/')).status).toBe(418);
    expect(seen).toEqual([expect.any(Error)]);
  });

  test('hands an error out that nobody inside handles', async () => {
    const server = await listen(host, compose(compose(fail), letter('x')));
    expect((await server.request('/')).status).toBe(500);
  });

  test('goes on where an error handler calls next()', async () => {
    const server = await listen(host, compose(fail, recover, letter('a')), answer);
    expect((await server.request('/')).text).toBe('a');
  });

  test('takes an error from an error handler', async () => {
    const again: ErrorMiddleware = () => {
      throw httpError(418, 'ERR_TEAPOT', 'still failing');
    };
    const server = await listen(host, compose(fail, again));
    expect((await server.request('/')).status).toBeGreaterThanOrEqual(418);
  });

  test('ignores a second next() of the same function', async () => {
    const twice: Middleware = (_req, _res, next) => {
      next();
      next();
    };
    const server = await listen(host, compose(twice, letter('a')), answer);
    expect((await server.request('/')).text).toBe('a');
  });

  test('takes one error after next(), as when a held answer is refused', async () => {
    const refuse: Middleware = (_req, _res, next) => {
      next();
      next(new Error('the store is down'));
      next(new Error('again'));
    };
    const seen: string[] = [];
    const handler: ErrorMiddleware = (error, _req, res, _next) => {
      seen.push((error as Error).message);
      res.statusCode = 418;
      res.end();
    };
    const unanswered: Middleware = () => undefined;
    const server = await listen(host, compose(refuse, unanswered, handler));
    expect((await server.request('/')).status).toBe(418);
    expect(seen).toEqual(['the store is down']);
  });
});

describe('compose', () => {
  test('warns once of an error after next(), and lets the answer be', async () => {
    const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const late: Middleware = function tail(_req, _res, next) {
      next();
      throw new Error('after next');
    };
    const nameless = [
      ((_req, _res, next) => {
        next();
        return Promise.reject(7);
      }) as Middleware,
    ][0] as Middleware;
    const server = await listen('http', [compose(late), compose(nameless)], answer);
    await server.request('/');
    await server.request('/');
    const messages = spy.mock.calls.map(([message]) => String(message));
    spy.mockRestore();
    expect(messages.toSorted()).toEqual([
      '"an anonymous middleware" failed after it had handed the request on: the number 7',
      '"tail" failed after it had handed the request on: after next',
    ]);
  });

  test('refuses what is no function, when it is called', () => {
    expect(() => compose(letter('a'), undefined as unknown as Middleware)).toThrow(
      'compose() takes middleware functions, got nothing',
    );
    expect(() => compose([5 as unknown as Middleware])).toThrow('got the number 5');
  });

  test('of nothing passes on', async () => {
    const server = await listen('http', compose());
    expect((await server.request('/')).text).toBe('hello');
    expect(compose().name).toBe('composedMiddleware');
  });

  test('takes whatever is thenable, and leaves other return values alone', async () => {
    const odd: unknown[] = [
      { then: 5 },
      null,
      'text',
      { then: (_: unknown, no: (e: Error) => void) => no(new Error('thenable')) },
    ];
    const statuses: number[] = [];
    for (const value of odd) {
      const returning = ((_req, _res, next) => {
        if (value === odd.at(-1)) return value;
        next();
        return value;
      }) as Middleware;
      const server = await listen('http', compose(returning));
      statuses.push((await server.request('/')).status);
    }
    expect(statuses).toEqual([200, 200, 200, 500]);
  });
});

describe('httpError', () => {
  test('is an error that Express and Connect turn into a response', () => {
    const cause = new Error('inner');
    const error = httpError(503, 'ERR_PORTCULLIS_X_DOWN', 'The store is down', { cause });
    expect(error).toMatchObject({
      status: 503,
      statusCode: 503,
      expose: false,
      code: 'ERR_PORTCULLIS_X_DOWN',
      cause,
    });
    expect(error.stack?.split('\n')[1]).toContain('compose.test.ts');
    const plain = httpError(400, 'ERR_X', 'Bad');
    expect([plain.expose, 'cause' in plain]).toEqual([true, false]);
    expect(httpError(500, 'ERR_X', 'Told', { expose: true }).expose).toBe(true);
  });

  test.each(['express5', 'express4', 'connect'] as const)(
    'gives its status on %s',
    async (host) => {
      const failing: Middleware = (_req, _res, next) => next(httpError(418, 'ERR_TEAPOT', 'short'));
      const server = await listen(host, failing);
      expect((await server.request('/')).status).toBe(418);
    },
  );
});
