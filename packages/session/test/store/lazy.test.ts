import express from 'express';
import type { ErrorRequestHandler } from 'express';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, hostNames, listen, rawRequest } from '@portcullis/testing';
import type { TestMiddleware, TestServer } from '@portcullis/testing';
import { loadSession, memoryStore, session, sessionOf } from '../../src/index.ts';
import type { SessionOptions, SessionStore } from '../../src/index.ts';
import { cookieHeader, secretKey } from '../cookie-jar.ts';
import { ownStrategy } from '../own-strategy.ts';
import { plainStore } from './express-stores.ts';
import { remote } from './remote.ts';

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

type Store = NonNullable<SessionOptions['store']>;
interface Data {
  n: number;
}

const notLoaded = { code: 'ERR_PORTCULLIS_SESSION_NOT_LOADED' };

/** Every store of a request, told by what it was asked. */
const kinds: readonly [string, (calls: string[]) => Store, Record<string, string>][] = [
  [
    'memory',
    (calls) => {
      const store = memoryStore({ singleProcess: true });
      for (const name of ['get', 'create', 'update', 'destroy'] as const) {
        const method = store[name].bind(store) as () => never;
        store[name] = (...given: unknown[]): never => {
          calls.push(name);
          return method(...(given as []));
        };
      }
      return store;
    },
    { create: 'create', write: 'get,update', end: 'get,destroy' },
  ],
  [
    'a remote store',
    (calls) => remote(memoryStore({ singleProcess: true }), calls),
    { create: 'create', write: 'get,update', end: 'get,destroy' },
  ],
  [
    'a store written for express-session',
    (calls) => plainStore(1, calls),
    { create: 'set', write: 'get,get,set', end: 'get,destroy' },
  ],
];

const handler: TestMiddleware = async (req, res, next) => {
  try {
    if (req.url === '/untouched') return res.end('hello');
    const [current, again] = await Promise.all([loadSession<Data>(req), loadSession<Data>(req)]);
    if (req.url === '/write') current.n = Number(current.n ?? 0) + 1;
    if (req.url === '/end') await current.destroy();
    else res.setHeader('X-Same', String(current === again && current === sessionOf(req)));
    return res.end(JSON.stringify(current));
  } catch (error) {
    return next(error);
  }
};

const lazily = (store: Store): SessionOptions => ({
  secretKey,
  store,
  storeOptions: { load: 'lazy' },
});

describe.each(hostNames)("sessions on %s with load: 'lazy'", (host) => {
  test.each(kinds)('ask %s only when they are loaded', async (_kind, make, trips) => {
    const calls: string[] = [];
    const server = await listen(host, session(lazily(make(calls))), handler);
    const visit = async (path: string, cookie: string) => {
      calls.length = 0;
      const response = await server.request(path, { headers: { cookie } });
      return { ...response, trips: calls.join() };
    };
    const first = await visit('/write', '');
    expect(first).toMatchObject({ text: '{"n":1}', trips: trips['create'] });
    const cookie = cookieHeader(first);

    const untouched = await visit('/untouched', cookie);
    expect(untouched).toMatchObject({ status: 200, trips: '', setCookie: [] });
    expect(untouched.headers['vary']).toBeUndefined();

    const read = await visit('/read', cookie);
    expect(read).toMatchObject({ text: '{"n":1}', trips: 'get', setCookie: [] });
    expect(read.headers).toMatchObject({ vary: 'Cookie', 'x-same': 'true' });

    expect(await visit('/write', cookie)).toMatchObject({ text: '{"n":2}', trips: trips['write'] });
    expect(await visit('/read', 'session=forged')).toMatchObject({ text: '{}', trips: '' });
    const ended = await visit('/end', cookie);
    expect(ended.trips).toBe(trips['end']);
    expect(ended.setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
  });

  test('refuse to be used before they are loaded, and lose nothing by it', async () => {
    const store = remote(memoryStore({ singleProcess: true }));
    const uses: Record<string, (req: object) => unknown> = {
      '/get': (req) => (req as { session: Data }).session.n,
      '/optional': (req) => (req as { session?: Data }).session?.n,
      '/set': (req) => ((req as { session: object }).session = { n: 5 }),
      '/null': (req) => ((req as { session: unknown }).session = null),
      '/sessionOf': (req) => sessionOf(req as never),
    };
    const server = await listen(host, session(lazily(store)), (req, res, next) => {
      const use = uses[String(req.url)];
      if (use === undefined) return handler(req, res, next);
      try {
        use(req);
        return res.end('used');
      } catch (error) {
        return res.end(`${(error as { code: string }).code} ${(error as Error).message}`);
      }
    });
    const cookie = cookieHeader(await server.request('/write'));
    for (const path of Object.keys(uses)) {
      const response = await server.request(path, { headers: { cookie } });
      expect(response.text).toBe(
        'ERR_PORTCULLIS_SESSION_NOT_LOADED req.session has not been read from the store yet; await loadSession(req) before using it',
      );
      expect(response.setCookie).toEqual([]);
    }
    expect((await server.request('/read', { headers: { cookie } })).text).toBe('{"n":1}');
  });
});

describe('loadSession()', () => {
  const kindsOfOptions: [string, () => Partial<SessionOptions>][] = [
    ['in a cookie', () => ({})],
    ['in memory', () => ({ store: memoryStore({ singleProcess: true }) })],
    ['in a store', () => ({ store: remote(memoryStore({ singleProcess: true })) })],
  ];
  test.each(kindsOfOptions)('gives a session %s that was there before too', async (_, make) => {
    const server = await listen('express5', session({ secretKey, ...make() }), handler);
    const cookie = cookieHeader(await server.request('/write'));
    const response = await server.request('/write', { headers: { cookie } });
    expect([response.text, response.headers['x-same']]).toEqual(['{"n":2}', 'true']);
  });

  test('says that no session is there, or no more', async () => {
    const server = await listen('http', async (req, res) => {
      const error = await loadSession(req).catch((failure: unknown) => failure);
      res.end((error as { code: string }).code);
    });
    expect((await server.request('/')).text).toBe('ERR_PORTCULLIS_SESSION_MISSING');
    const sessions = session(lazily(remote(memoryStore())));
    const ended = await listen('http', sessions, async (req, res) => {
      await (await loadSession(req)).destroy();
      const error = await loadSession(req).catch((failure: unknown) => failure);
      res.end((error as { code: string }).code);
    });
    expect((await ended.request('/')).text).toBe('ERR_PORTCULLIS_SESSION_ENDED');
  });

  test('reads the session of another property', async () => {
    const store = remote(memoryStore());
    const admin = session({ ...lazily(store), property: 'admin', cookieName: 'admin' });
    const server = await listen('http', [session({ secretKey }), admin], async (req, res) => {
      const early = await Promise.resolve()
        .then(() => sessionOf(req, 'admin'))
        .catch((error: unknown) => (error as Error).message);
      Object.assign(await loadSession(req, 'admin'), { n: 1 });
      res.end(early as string);
    });
    const response = await server.request('/');
    expect(response.text).toMatch(/^req\.admin .* await loadSession\(req, 'admin'\)/);
    expect(response.setCookie).toEqual([expect.stringMatching(/^admin=/)]);
  });

  test('that nobody awaits does not hold the response', async () => {
    const calls: string[] = [];
    const store = remote(memoryStore(), calls);
    const server = await listen('http', session(lazily(store)), (req, res, next) => {
      if (req.url !== '/forgotten') return handler(req, res, next);
      void loadSession(req);
      return res.end('hello');
    });
    const cookie = cookieHeader(await server.request('/write'));
    const { text, headers } = await server.request('/forgotten', { headers: { cookie } });
    expect([text, headers['vary']]).toEqual(['hello', undefined]);
  });

  test('works while the body streams, when only a store can still be written', async () => {
    const store = remote(memoryStore());
    const server = await listen('http', session(lazily(store)), async (req, res, next) => {
      if (req.url !== '/stream') return handler(req, res, next);
      res.write('one ');
      const current = await loadSession<Data>(req);
      current.n = 7;
      await current.save();
      return res.end('two');
    });
    const cookie = cookieHeader(await server.request('/write'));
    expect((await server.request('/stream', { headers: { cookie } })).text).toBe('one two');
    expect((await server.request('/read', { headers: { cookie } })).text).toBe('{"n":7}');
  });
});

describe('a session that cannot be read', () => {
  /** Fails to `get` as often as it is told to. */
  function failing(times: number): SessionStore & { fail(): void; asked: number } {
    const store = remote(memoryStore({ singleProcess: true }));
    let left = 0;
    const own = {
      ...store,
      asked: 0,
      fail: () => void (left = times),
      async get(id: string) {
        own.asked += 1;
        left -= 1;
        const failed = left >= 0;
        const found = await store.get(id);
        if (failed) throw new Error('connection lost');
        return found;
      },
    };
    return own;
  }

  test('lazily is a 503, and one read for all who asked', async () => {
    const store = failing(1);
    const server = await listen('express5', session(lazily(store)), handler);
    const cookie = cookieHeader(await server.request('/write'));
    store.asked = 0;
    store.fail();
    expect((await server.request('/read', { headers: { cookie } })).status).toBe(503);
    expect(store.asked).toBe(1);
    expect((await server.request('/read', { headers: { cookie } })).text).toBe('{"n":1}');
  });

  test('may be asked for again in the same request', async () => {
    const store = failing(1);
    const server = await listen('http', session(lazily(store)), async (req, res, next) => {
      if (req.url !== '/twice') return handler(req, res, next);
      await loadSession(req).catch(() => undefined);
      const meanwhile = JSON.stringify(sessionOf(req));
      return res.end(meanwhile + JSON.stringify(await loadSession(req)));
    });
    const cookie = cookieHeader(await server.request('/write'));
    store.fail();
    const response = await server.request('/twice', { headers: { cookie } });
    expect(response.text).toBe('{}{"n":1}');
  });

  test.each(['eager', 'lazy'] as const)(
    'is not replaced by what the error page does, loaded %s',
    async (load) => {
      const store = failing(1);
      const app = express();
      app.use(session({ secretKey, store, storeOptions: { load } }));
      app.use(handler as never);
      app.use(((_error, req, res, _next) => {
        const current = sessionOf<Data>(req);
        current.n = 99;
        current.flash('error', 'Something failed');
        res.status(500).end(JSON.stringify(current));
      }) as ErrorRequestHandler);
      const server = await listen('http', app as unknown as TestMiddleware);
      const cookie = cookieHeader(await server.request('/write'));
      store.fail();
      const page = await server.request('/read', { headers: { cookie } });
      expect([page.status, page.setCookie]).toEqual([500, []]);
      expect((await server.request('/read', { headers: { cookie } })).text).toBe('{"n":1}');
    },
  );
});

describe('handshakes', () => {
  const upgrade = (server: TestServer, cookie: string): Promise<unknown> =>
    rawRequest(
      server.port,
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ${cookie}\r\n\r\n`,
    );

  test.each(['eager', 'lazy'] as const)(
    'that load a session several times at once, %s, get the one that came',
    async (load) => {
      const calls: string[] = [];
      const store = remote(memoryStore({ singleProcess: true }), calls);
      const sessions = session({ secretKey, store, storeOptions: { load } });
      const server = await listen('http', sessions, handler);
      const seen: unknown[] = [];
      server.server.on('upgrade', (req, socket) => {
        const loads = [sessions.load<Data>(req), sessions.load<Data>(req), loadSession<Data>(req)];
        const early = Promise.resolve().then(() => sessionOf(req));
        seen.push(expect.objectContaining(notLoaded));
        void early.catch((error: unknown) => (seen[0] = error));
        void Promise.all(loads).then((all) => {
          seen.push(...all.map((one) => ({ ...one, same: one === all[0] })));
          socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
        });
      });
      const cookie = cookieHeader(await server.request('/write'));
      calls.length = 0;
      await upgrade(server, cookie);
      const one = { n: 1, same: true };
      expect(seen).toEqual([expect.objectContaining(notLoaded), one, one, one]);
      expect(calls).toEqual(['get']);
    },
  );
});

describe('two middleware', () => {
  test('of one property: load() of each reads its own session', async () => {
    const [one, other] = [memoryStore(), memoryStore()].map((store) => session(lazily(store)));
    const server = await listen('http', one as TestMiddleware, async (req, res) => {
      const first = await loadSession(req);
      const second = await other?.load(req);
      res.end(String(first === second));
    });
    expect((await server.request('/')).text).toBe('false');
  });
});

describe('a strategy of your own that is not eager', () => {
  test('and answers with a promise that fails leaves no rejection behind', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const read = (): Promise<never> => Promise.reject(new Error('away'));
    const store = ownStrategy({ eager: false, read });
    const server = await listen('express5', session({ secretKey, store }), handler);
    const response = await server.request('/sync');
    expect(response.status).toBe(503);
    const sync = await listen('express5', session({ secretKey, store }), (req, res) => {
      res.end(JSON.stringify(sessionOf(req)));
    });
    expect((await sync.request('/')).text).toMatch(/must answer at once/);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

test("touch: 'always' cannot be had together with load: 'lazy'", () => {
  expect(() => session({ ...lazily(memoryStore()), touch: 'always' })).toThrow(
    /touch.*storeOptions\.load: 'lazy'/s,
  );
});
