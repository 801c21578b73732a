import { setTimeout as sleep } from 'node:timers/promises';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { sign } from 'cookie-signature';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, hostNames, listen, type TestMiddleware } from '@portcullis/testing';
import { memoryStore } from '../../src/index.ts';
import type { ExpressRecord } from '../../src/store/express-store.ts';
import { plainStore } from '../store/express-stores.ts';
import { warningsOf } from '../warnings.ts';
import { type App, cookieOf, count, quiet, secret, serve, wrap } from './drop-in.ts';
import session = require('../../src/express-session.ts');

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

describe.each(hostNames)('the drop-in on %s', (host) => {
  test.each([
    ['its memory store', () => new session.MemoryStore()],
    ['a store of ours', () => memoryStore({ singleProcess: true })],
    ['a store of npm', () => plainStore()],
  ])('counts in %s', async (_store, make) => {
    const server = await listen(
      host,
      session({ ...quiet, store: make() }) as TestMiddleware,
      count as unknown as TestMiddleware,
    );
    const first = await server.request('/');
    const second = await server.request('/', { headers: { cookie: cookieOf(first) } });
    expect([first.text, second.text]).toEqual(['1', '2']);
  });
});

describe('secrets', () => {
  test.each([5, {}, generateKeyPairSync('ed25519').privateKey])(
    'of another kind are refused when the middleware is made',
    (value) => {
      expect(() => session({ ...quiet, secret: value as never })).toThrow('secret option must be');
    },
  );

  test.each([
    ['text', secret],
    ['bytes', Buffer.from(secret)],
    ['a key', createSecretKey(Buffer.from(secret))],
  ])('may be %s', async (_kind, value) => {
    const server = await serve({ ...quiet, secret: value }, count);
    const value2 = decodeURIComponent(
      cookieOf(await server.request('/')).split('=')[1] ?? '',
    ).slice(2);
    expect(sign(value2.slice(0, value2.lastIndexOf('.')), secret)).toBe(value2);
  });

  test('may be left to cookie-parser', async () => {
    const parser: TestMiddleware = (req, _res, next) => {
      Object.assign(req, { secret });
      next();
    };
    const server = await serve({ resave: false, saveUninitialized: false }, count, [parser]);
    const first = await server.request('/');
    expect((await server.request('/', { headers: { cookie: cookieOf(first) } })).text).toBe('2');
  });

  test('must come from somewhere', async () => {
    const server = await serve({ resave: false, saveUninitialized: false }, count);
    expect((await server.request('/')).status).toBe(500);
  });

  test('that are short, and defaults, and the memory store are warned of once', async () => {
    jest.restoreAllMocks();
    const warnings = await warningsOf(async () => {
      const server = await serve({ secret: ['short', 'tiny'] }, count);
      await server.request('/');
    });
    expect(warnings.map(({ code }) => code)).toEqual([
      'ERR_PORTCULLIS_SESSION_WEAK_SECRET',
      'ERR_PORTCULLIS_SESSION_EXPRESS_DEFAULTS',
      'ERR_PORTCULLIS_SESSION_MEMORY_STORE',
    ]);
  });
});

describe('cookies', () => {
  test('are taken from cookie-parser as well', async () => {
    let parsed: object = {};
    const parser: TestMiddleware = (req, _res, next) => {
      Object.assign(req, parsed);
      next();
    };
    const server = await serve(quiet, count, [parser]);
    const value = decodeURIComponent(
      cookieOf(await server.request('/')).slice('connect.sid='.length),
    );
    const id = value.slice(2, value.lastIndexOf('.'));
    parsed = { signedCookies: { 'connect.sid': id } };
    expect((await server.request('/')).text).toBe('2');
    parsed = { cookies: { 'connect.sid': value } };
    expect((await server.request('/')).text).toBe('3');
    parsed = { cookies: { 'connect.sid': id } };
    expect((await server.request('/')).text).toBe('1');
    parsed = { signedCookies: { 'connect.sid': false }, cookies: {} };
    expect((await server.request('/')).text).toBe('1');
  });

  test('may be quoted, or badly encoded', async () => {
    const server = await serve(quiet, count);
    const cookie = cookieOf(await server.request('/'));
    const quoted = `connect.sid="${cookie.slice('connect.sid='.length)}"`;
    expect((await server.request('/', { headers: { cookie: quoted } })).text).toBe('2');
    expect((await server.request('/', { headers: { cookie: 'connect.sid=s%3Aabc%' } })).text).toBe(
      '1',
    );
  });
});

describe('methods', () => {
  test('answer with promises when they get no callback', async () => {
    const server = await serve({ ...quiet, store: plainStore() }, async (req, res) => {
      const seen: unknown[] = [];
      req.session['n'] = 1;
      await req.session.save();
      req.session['n'] = 2;
      await req.session.reload();
      seen.push(req.session['n']);
      await req.session.regenerate();
      seen.push(req.session['n']);
      await req.session.destroy();
      seen.push(req.session);
      res.end(JSON.stringify(seen));
    });
    expect((await server.request('/')).text).toBe('[1,null,null]');
  });

  test('do not end the process when nobody looks at a failed save', async () => {
    const store = { ...plainStore(), set: () => Promise.reject(new Error('down')) };
    const server = await serve({ ...quiet, store }, async (req, res) => {
      void req.session.save();
      await sleep(5);
      res.end('x');
    });
    expect((await server.request('/')).status).toBe(200);
  });

  test('hand errors to the callback', async () => {
    const store = { ...plainStore(), destroy: () => Promise.reject(new Error('down')) };
    const server = await serve({ ...quiet, store }, (req, res) =>
      req.session.destroy((error) => res.end(String((error as { code: string }).code))),
    );
    expect((await server.request('/')).text).toBe('ERR_PORTCULLIS_SESSION_STORE');
  });

  test('of the store work on the request', async () => {
    for (const store of [
      new session.MemoryStore(),
      Object.assign(new session.Store(), plainStore()),
    ]) {
      const server = await serve({ ...quiet, store: store as never }, (req, res) => {
        const before = req.sessionID;
        req.sessionStore.regenerate(req, () => res.end(String(req.sessionID !== before)));
      });
      expect((await server.request('/')).text).toBe('true');
    }
  });

  test('of a store that fails to regenerate say so', async () => {
    const failing = Object.assign(new session.Store(), plainStore(), {
      destroy: () => Promise.reject(new Error('down')),
    });
    const server = await serve({ ...quiet, store: failing as never }, (req, res) => {
      (
        req.sessionStore.regenerate as unknown as (
          req: unknown,
          done: (error: Error) => void,
        ) => void
      )(req, (error) => res.end(error.message));
    });
    expect((await server.request('/')).text).toBe('The session store failed to destroy');
  });

  test('regenerate gives another id and no data also when the store fails', async () => {
    const store = { ...plainStore(), destroy: () => Promise.reject(new Error('down')) };
    const server = await serve({ ...quiet, store }, (req, res) => {
      const before = req.sessionID;
      req.session['n'] = 1;
      req.session.regenerate((error) =>
        res.end(JSON.stringify([error !== undefined, req.sessionID !== before, req.session['n']])),
      );
    });
    expect((await server.request('/')).text).toBe('[true,true,null]');
  });
});

describe('requests without a session', () => {
  test('are those while the store is disconnected', async () => {
    const store = new session.MemoryStore();
    const server = await serve({ ...quiet, store }, (req, res) => res.end(typeof req.session));
    const seen: string[] = [];
    for (const event of ['connect', 'disconnect', 'connect']) {
      store.emit(event);
      seen.push((await server.request('/')).text);
    }
    expect(seen).toEqual(['object', 'undefined', 'object']);
  });

  test('that have one already are left alone', async () => {
    const server = await serve(quiet, (req, res) => res.end(typeof req.session), [
      (req, _res, next) => {
        Object.assign(req, { session: 'mine' });
        next();
      },
    ]);
    expect((await server.request('/')).text).toBe('string');
  });

  test('may have no response either, as WebSocket servers call it', async () => {
    const middleware = session({ ...quiet, store: plainStore() }) as unknown as (
      ...all: unknown[]
    ) => void;
    const req: Record<string, unknown> = { url: '/', headers: {}, socket: {} };
    await new Promise<void>((resolve) => middleware(req, {}, resolve));
    expect(typeof req['session']).toBe('object');
  });
});

test('options that are falsy are options that were not given', async () => {
  const nothing = { name: '', cookie: null, genid: null, proxy: null, rolling: null, unset: '' };
  const server = await serve({ ...quiet, ...nothing } as never, count);
  expect((await server.request('/')).setCookie[0]).toMatch(/^connect\.sid=/);
  const anyPath = await serve({ ...quiet, cookie: { path: '' } }, count);
  expect((await anyPath.request('/x')).setCookie).toHaveLength(1);
});

test('only undefined leaves resave and saveUninitialized to their defaults', async () => {
  const server = await serve(
    { secret, resave: null, saveUninitialized: null } as never,
    (_q, res) => res.end('x'),
  );
  expect((await server.request('/')).setCookie).toEqual([]);
});

describe('two middlewares on one store', () => {
  test('make sessions each with its own options', async () => {
    const store = new session.MemoryStore();
    const app: App = (req, res) => req.session.regenerate(() => count(req, res));
    const short = await serve({ ...quiet, store, cookie: { maxAge: 1_000, path: '/' } }, app);
    await serve({ ...quiet, store, name: 'other', cookie: { sameSite: 'strict' } }, app);
    const [line = ''] = (await short.request('/')).setCookie;
    expect(line).toMatch(/^connect\.sid=.*Expires=/);
    expect(line).not.toContain('SameSite');
    const lone: { session?: InstanceType<typeof session.Session> } = {};
    store.generate?.(lone);
    expect(lone.session?.cookie.sameSite).toBe('strict');
  });
});

describe('faults', () => {
  test('of reading are a 503', async () => {
    const store = { ...plainStore(), get: () => Promise.reject(new Error('down')) };
    const server = await serve({ ...quiet, store }, count);
    const cookie = `connect.sid=${encodeURIComponent(`s:${sign('x', secret)}`)}`;
    for (let index = 0; index < 7; index += 1) {
      expect((await server.request('/', { headers: { cookie } })).status).toBe(503);
    }
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('down'))],
    ['throws', () => { throw new Error('down'); }], // prettier-ignore
  ])('of touching (%s) keep no response', async (_how, touch) => {
    const inner = plainStore();
    const server = await serve({ ...quiet, store: { ...inner, touch } }, (req, res) => {
      if (req.url === '/write') req.session['n'] = 1;
      res.end('x');
    });
    const cookie = cookieOf(await server.request('/write'));
    for (let index = 0; index < 3; index += 1) {
      expect((await server.request('/', { headers: { cookie } })).status).toBe(200);
    }
  });

  test('of a logout elsewhere meet no touch that is still under way', async () => {
    const store = plainStore(25);
    const touch: typeof store.touch = (id, record, done) => {
      store.get(id, (_error, stored) => {
        store.set(
          id,
          Object.assign({}, stored, { cookie: (record as ExpressRecord)['cookie'] }),
          done,
        );
      });
    };
    const server = await serve({ ...quiet, store: { ...store, touch } }, (req, res) => {
      if (req.url === '/write') req.session['n'] = 1;
      res.end('x');
    });
    const cookie = cookieOf(await server.request('/write'));
    await server.request('/', { headers: { cookie } });
    store.records.clear();
    await sleep(100);
    expect([...store.records.keys()]).toEqual([]);
  });

  test('of a store of ours that is left alone keep no response either', async () => {
    const inner = memoryStore({ singleProcess: true });
    const store = { ...wrap(inner), touch: () => { throw new Error('down'); } }; // prettier-ignore
    const server = await serve({ ...quiet, store }, (req, res) => {
      if (req.url === '/write') req.session['n'] = 1;
      res.end('x');
    });
    const cookie = cookieOf(await server.request('/write'));
    expect((await server.request('/', { headers: { cookie } })).status).toBe(200);
  });

  test('of an id that was destroyed clear the cookie', async () => {
    const store = plainStore();
    const server = await serve({ ...quiet, store }, async (req, res) => {
      req.session['n'] = Math.random();
      if (req.url === '/slow') await sleep(40);
      if (req.url === '/destroy') await req.session.destroy();
      res.end('x');
    });
    const cookie = cookieOf(await server.request('/'));
    const slow = server.request('/slow', { headers: { cookie } });
    await sleep(10);
    await server.request('/destroy', { headers: { cookie } });
    expect((await slow).setCookie[0]).toMatch(/^connect\.sid=; .*1970/);
    expect(store.records.size).toBe(0);
  });
});
