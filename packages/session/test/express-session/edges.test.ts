import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from 'cookie-signature';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen, type TestMiddleware } from '@portcullis/testing';
import { memoryStore } from '../../src/index.ts';
import { plainStore } from '../store/express-stores.ts';
import { warningsOf } from '../warnings.ts';
import { cookieOf, count, quiet, type Req, secret, serve, wrap } from './drop-in.ts';
import session = require('../../src/express-session.ts');

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

describe('a stream', () => {
  test.each([
    ['its memory store', undefined],
    ['a store of npm', plainStore()],
  ])('that changes the session on its way is stored in %s', async (_name, store) => {
    const server = await serve({ ...quiet, store }, async (req, res) => {
      if (req.url !== '/stream') return res.end(String(req.session['late']));
      req.session['early'] = 1;
      res.write('one ');
      await sleep(10);
      req.session['late'] = 2;
      return res.end('two');
    });
    const cookie = cookieOf(await server.request('/stream'));
    await sleep(20);
    expect((await server.request('/', { headers: { cookie } })).text).toBe('2');
  });

  test('that loses its last change says so', async () => {
    jest.restoreAllMocks();
    const store = plainStore();
    const warnings = await warningsOf(async () => {
      const server = await serve({ ...quiet, store }, async (req, res) => {
        req.session['early'] = 1;
        res.write('one ');
        await sleep(10);
        store.get = () => Promise.reject(new Error('down'));
        req.session['late'] = 2;
        res.end('two');
      });
      await server.request('/');
      await sleep(20);
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_LATE_COMMIT']);
  });

  test('without a session at its end stores nothing', async () => {
    const store = plainStore();
    const server = await serve({ ...quiet, store }, async (req, res) => {
      res.write('one ');
      await sleep(5);
      (req as { session: unknown }).session = null;
      res.end('two');
    });
    await server.request('/');
    expect(store.calls).toEqual([]);
  });
});

test('a circle that toJSON makes is an error, though nothing can be named', async () => {
  const server = await serve(quiet, (req, res) => {
    req.session['odd'] = { toJSON: () => { throw new Error('no text for this'); } }; // prettier-ignore
    res.end('x');
  });
  expect((await server.request('/')).status).toBe(500);
});

describe('odd records', () => {
  const signed = (id: string): string =>
    `connect.sid=${encodeURIComponent(`s:${sign(id, secret)}`)}`;

  test('without a cookie are read, and get one', async () => {
    const store = plainStore();
    store.records.set('bare', '{"n":4}');
    const server = await serve({ ...quiet, store }, count);
    expect((await server.request('/', { headers: { cookie: signed('bare') } })).text).toBe('5');
    expect(JSON.parse(String(store.records.get('bare')))).toMatchObject({
      n: 5,
      cookie: { path: '/' },
    });
  });

  test('that are not there are new sessions', async () => {
    const store = plainStore();
    const server = await serve({ ...quiet, store }, (req, res) => {
      delete req.session['n'];
      req.session['gone'] = undefined;
      res.end(req.sessionID);
    });
    const response = await server.request('/', { headers: { cookie: signed('unknown') } });
    expect(response.text).not.toBe('unknown');
    expect(store.calls).toEqual(['get']);
  });

  test('lose the keys that are deleted', async () => {
    const store = plainStore();
    store.records.set('id', '{"n":4,"m":1}');
    const server = await serve({ ...quiet, store }, (req, res) => {
      delete req.session['n'];
      res.end();
    });
    await server.request('/', { headers: { cookie: signed('id') } });
    expect(JSON.parse(String(store.records.get('id')))).toMatchObject({ m: 1 });
    expect(String(store.records.get('id'))).not.toContain('"n"');
  });

  test('of a store of ours without a cookie are read as well', async () => {
    const store = memoryStore({ singleProcess: true });
    store.create('id', { fields: { n: '4' }, expires: Date.now() + 60_000 });
    const server = await serve({ ...quiet, store }, count);
    expect((await server.request('/', { headers: { cookie: signed('id') } })).text).toBe('5');
  });
});

describe('a store of ours that is left alone after failures', () => {
  test('is a 503 at once', async () => {
    const inner = memoryStore({ singleProcess: true });
    const get = (): never => {
      throw new Error('down');
    };
    const server = await serve({ ...quiet, store: { ...wrap(inner), get } }, count);
    const cookie = `connect.sid=${encodeURIComponent(`s:${sign('x', secret)}`)}`;
    for (let index = 0; index < 7; index += 1) {
      expect((await server.request('/', { headers: { cookie } })).status).toBe(503);
    }
  });
});

describe('half of the automatic attributes', () => {
  test.each([
    [{ secure: 'auto' as const }, /HttpOnly$/],
    [{ sameSite: 'auto' as const }, /SameSite=Lax$/],
  ])('%p', async (cookie, expected) => {
    const server = await serve({ ...quiet, cookie }, count);
    expect((await server.request('/')).setCookie[0]).toMatch(expected);
  });
});

test('a stream whose session id was taken away stores no more', async () => {
  const store = plainStore();
  const server = await serve({ ...quiet, store }, async (req, res) => {
    res.write('one ');
    await sleep(5);
    (req as { sessionID: unknown }).sessionID = undefined;
    req.session['late'] = 1;
    res.end('two');
  });
  await server.request('/');
  await sleep(10);
  expect(store.calls).toEqual([]);
});

test('the generate of a store gives a request of the middleware another session', async () => {
  const store = new session.MemoryStore();
  const server = await serve({ ...quiet, store }, (req, res) => {
    const before = req.sessionID;
    store.generate?.(req);
    res.end(String(before !== req.sessionID));
  });
  expect((await server.request('/')).text).toBe('true');
});

describe('a stream of a session', () => {
  test.each([
    ['its memory store', () => new session.MemoryStore()],
    ['a store of npm', () => plainStore()],
  ])('that changes between a write and the end is stored in %s', async (_name, make) => {
    for (const early of [true, false]) {
      const store = make() as ReturnType<typeof plainStore>;
      const server = await serve({ ...quiet, store }, (req, res) => {
        if (req.url === '/') return count(req, res);
        if (early) req.session['early'] = 1;
        res.write('one ');
        req.session['late'] = 2;
        return res.end('two');
      });
      const headers = { cookie: cookieOf(await server.request('/')) };
      await server.request('/stream', { headers });
      const read = (): Promise<unknown> =>
        new Promise((resolve) => {
          const id = decodeURIComponent(headers.cookie).replace(/^connect\.sid=s:(.*)\..*$/, '$1');
          store.get(id, (_error, record) => resolve((record as { late?: unknown }).late));
        });
      for (let round = 0; round < 100 && (await read()) === undefined; round += 1) await sleep(5);
      expect(await read()).toBe(2);
    }
  });

  test('that changes nothing on its way stores nothing more', async () => {
    const store = plainStore();
    const server = await serve({ ...quiet, store }, async (req, res) => {
      req.session['n'] = 1;
      res.write('one ');
      await sleep(10);
      res.end('two');
    });
    await server.request('/');
    await sleep(10);
    expect(store.calls).toEqual(['set']);
  });

  test('that begins with nothing to store is stored at its end', async () => {
    const store = plainStore();
    const server = await serve({ ...quiet, store }, async (req, res) => {
      res.write('one ');
      await sleep(10);
      req.session['n'] = 1;
      res.end('two');
    });
    await server.request('/');
    await sleep(10);
    expect(store.calls).toEqual(['set']);
  });
});

test('a new session that is unset at once sets no cookie', async () => {
  const server = await serve({ ...quiet, unset: 'destroy' }, (req, res) => {
    (req as { session: unknown }).session = null;
    res.end();
  });
  expect((await server.request('/')).setCookie).toEqual([]);
});

test('without options there is an error for each request, and none at start', async () => {
  const server = await serve(undefined as never, count);
  expect((await server.request('/')).status).toBe(500);
});

test('what the app says to caches stays when it is private', async () => {
  const server = await listen(
    'http',
    session(quiet) as TestMiddleware,
    ((req: Req, res: never) => {
      (res as { setHeader(name: string, value: string): void }).setHeader(
        'Cache-Control',
        'no-store',
      );
      count(req, res);
    }) as unknown as TestMiddleware,
  );
  expect((await server.request('/')).headers['cache-control']).toBe('no-store');
});
