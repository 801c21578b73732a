import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from 'cookie-signature';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, type HostName, listen, type TestMiddleware } from '@portcullis/testing';
import { memoryStore } from '../../src/index.ts';
import { type PlainStore, plainStore } from '../store/express-stores.ts';
import { type App, cookieOf, quiet, type Req, secret, wrap } from './drop-in.ts';
import session = require('../../src/express-session.ts');

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const regardless = { ...quiet, onStoreError: 'express' as const };
const down = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
const fails = (...all: readonly unknown[]): void => {
  setTimeout(all.at(-1) as (error: Error) => void, 1, down);
};
const failing = (method: keyof PlainStore, inner = plainStore()): PlainStore => ({
  ...inner,
  [method]: fails,
});

/** A server, and what its error handler got. */
async function serve(
  options: session.SessionOptions,
  app: App,
  host: HostName = 'express5',
): Promise<{ server: Awaited<ReturnType<typeof listen>>; errors: unknown[] }> {
  const errors: unknown[] = [];
  const onError = (
    error: { status?: number },
    _req: unknown,
    res: { headersSent: boolean; statusCode: number; end(text: string): void },
    _next: unknown,
  ): void => {
    errors.push(error);
    if (res.headersSent) return;
    res.statusCode = error.status ?? 500;
    res.end('an error');
  };
  const middleware = [session(options) as TestMiddleware, app as unknown as TestMiddleware];
  const server = await listen(host, middleware, onError as unknown as TestMiddleware);
  return { server, errors };
}

/** Its error comes when the response has ended, which the client may see a moment earlier. */
async function errorsOf(errors: readonly unknown[]): Promise<readonly unknown[]> {
  for (let round = 0; round < 200 && errors.length === 0; round += 1) await sleep(5);
  return errors;
}

const write: App = (req, res) => {
  req.session['n'] = Math.random();
  res.end('written');
};
const read: App = (_req, res) => res.end('read');
const cookie = `connect.sid=${encodeURIComponent(`s:${sign('id', secret)}`)}`;
const stored = (): PlainStore => {
  const store = plainStore();
  store.records.set('id', '{"cookie":{"maxAge":60000},"n":1}');
  return store;
};

describe.each(['express5', 'express4', 'connect'] as const)(
  "with onStoreError: 'express' on %s",
  (host) => {
    test('a response leaves with its cookie though its session could not be stored', async () => {
      const { server, errors } = await serve({ ...regardless, store: failing('set') }, write, host);
      const response = await server.request('/');
      expect([response.status, response.text]).toEqual([200, 'written']);
      expect(response.setCookie).toHaveLength(1);
      expect(await errorsOf(errors)).toEqual([down]);
    });
  },
);

describe("with onStoreError: 'express'", () => {
  test('a response in pieces is not cut off', async () => {
    const { server, errors } = await serve(
      { ...regardless, store: failing('set') },
      async (req, res) => {
        req.session['n'] = 1;
        res.write('one ');
        await sleep(30);
        res.end('two');
      },
    );
    expect((await server.request('/')).text).toBe('one two');
    expect((await errorsOf(errors))[0]).toBe(down);
  });

  test('a change behind the head that is lost goes to the error handler', async () => {
    const store = plainStore();
    const { server, errors } = await serve({ ...regardless, store }, async (req, res) => {
      res.write('one ');
      await sleep(10);
      store.set = fails;
      req.session['n'] = 1;
      res.end('two');
    });
    expect((await server.request('/')).status).toBe(200);
    expect(await errorsOf(errors)).toEqual([down]);
  });

  test('a session that could not be prolonged goes there too', async () => {
    const store = failing('touch', stored());
    const { server, errors } = await serve({ ...regardless, store }, read);
    const response = await server.request('/', { headers: { cookie } });
    expect([response.status, response.text]).toEqual([200, 'read']);
    expect(await errorsOf(errors)).toEqual([down]);
  });

  test('so does one that could not be removed, whose cookie stays', async () => {
    const store = failing('destroy', stored());
    const { server, errors } = await serve(
      { ...regardless, store, unset: 'destroy' },
      (req, res) => {
        (req as { session: unknown }).session = null;
        res.end('gone');
      },
    );
    const response = await server.request('/', { headers: { cookie } });
    expect([response.status, response.text, response.setCookie]).toEqual([200, 'gone', []]);
    expect(await errorsOf(errors)).toEqual([down]);
  });

  test('so does a cookie that cannot be written', async () => {
    const options = { ...regardless, cookie: { expires: new Date(NaN) } };
    const { server, errors } = await serve(options, write);
    const response = await server.request('/');
    expect([response.status, response.setCookie]).toEqual([200, []]);
    expect(await errorsOf(errors)).toEqual([new TypeError('option expires is invalid')]);
  });

  test('a session that cannot be read fails the request with the error of the store', async () => {
    const { server, errors } = await serve({ ...regardless, store: failing('get') }, read);
    expect((await server.request('/', { headers: { cookie } })).status).toBe(500);
    expect(errors).toEqual([down]);
  });

  test('methods hand on the error of the store', async () => {
    const { server } = await serve({ ...regardless, store: failing('destroy') }, (req, res) =>
      req.session.destroy((error) => res.end((error as { code: string }).code)),
    );
    expect((await server.request('/')).text).toBe('ECONNREFUSED');
  });

  test('errors that are not of the store stay, such as that it is left alone', async () => {
    const store = { ...wrap(memoryStore({ singleProcess: true })), get: () => { throw down; } }; // prettier-ignore
    const { server, errors } = await serve({ ...regardless, store }, read);
    for (let index = 0; index < 7; index += 1) await server.request('/', { headers: { cookie } });
    expect(errors.slice(0, 5)).toEqual(Array(5).fill(down));
    expect(errors.slice(5)).toEqual(
      Array(2).fill(expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_STORE_UNAVAILABLE' })),
    );
  });

  test('nothing changes while the store works', async () => {
    for (const store of [stored(), wrap(memoryStore({ singleProcess: true }))]) {
      const { server, errors } = await serve({ ...regardless, store }, (req, res) => {
        if (req.url === '/write') return write(req, res);
        if (req.url === '/destroy') return req.session.destroy(() => res.end('gone'));
        return res.end(typeof req.session['n']);
      });
      const own = cookieOf(await server.request('/write'));
      const headers = { cookie: own };
      expect((await server.request('/write', { headers })).status).toBe(200);
      expect((await server.request('/', { headers })).text).toBe('number');
      expect((await server.request('/destroy', { headers })).text).toBe('gone');
      expect((await server.request('/', { headers })).text).toBe('undefined');
      expect(errors).toEqual([]);
    }
  });

  test('a value that JSON cannot hold is a 500 as ever', async () => {
    const { server, errors } = await serve(regardless, (req: Req, res) => {
      req.session['n'] = 10n;
      res.end('x');
    });
    expect((await server.request('/')).status).toBe(500);
    expect(errors).toHaveLength(1);
  });
});

describe('without it', () => {
  test.each([undefined, 'fail' as const])(
    '(%p) a failing store fails the response',
    async (onStoreError) => {
      const options = { ...quiet, onStoreError, store: failing('set') };
      const { server, errors } = await serve(options, write);
      const response = await server.request('/');
      expect([response.status, response.setCookie]).toEqual([503, []]);
      expect(errors).toEqual([
        expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_STORE', cause: down }),
      ]);
    },
  );

  test('a cookie that cannot be written is an error', async () => {
    const options = { ...quiet, cookie: { expires: new Date(NaN) } };
    const { server, errors } = await serve(options, write);
    expect((await server.request('/')).status).toBe(500);
    expect(errors).toEqual([new TypeError('option expires is invalid')]);
  });
});

test.each(['ignore', true, null])('onStoreError: %p is refused', (value) => {
  expect(() => session({ ...quiet, onStoreError: value as never })).toThrow(
    new TypeError('onStoreError option must be "fail" or "express"'),
  );
});
