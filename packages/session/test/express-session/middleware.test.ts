import { setTimeout as sleep } from 'node:timers/promises';
import { createSecretKey } from 'node:crypto';
import { sign } from 'cookie-signature';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, hostNames, listen, type TestMiddleware } from '@portcullis/testing';
import { memoryStore } from '../../src/index.ts';
import { plainStore } from '../store/express-stores.ts';
import { warningsOf } from '../warnings.ts';
import session = require('../../src/express-session.ts');

const secret = 'a secret of more than thirty-two bytes in all';
const quiet = { secret, resave: false, saveUninitialized: false };

type Own = InstanceType<typeof session.Session>;
interface Req {
  session: Own;
  sessionID: string;
  sessionStore: {
    destroy(id: string, done: () => void): void;
    regenerate(req: unknown, done: () => void): void;
  };
  url: string;
}
type App = (req: Req, res: { end(text?: string): void; write(text: string): void }) => unknown;

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const serve = (options: session.SessionOptions, app: App, before: readonly TestMiddleware[] = []) =>
  listen('connect', [...before, session(options) as TestMiddleware], (async (
    req: Req,
    res: never,
    next: (error: unknown) => void,
  ) => {
    try {
      await app(req, res);
    } catch (error) {
      next(error);
    }
  }) as unknown as TestMiddleware);

const cookieOf = ({ setCookie }: { readonly setCookie: readonly string[] }): string =>
  String(setCookie[0]?.split(';')[0]);
const count: App = (req, res) => {
  req.session['n'] = Number(req.session['n'] ?? 0) + 1;
  res.end(String(req.session['n']));
};

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
    const server = await serve(quiet, (req, res) => res.end(String(req.session)), [
      (req, _res, next) => {
        Object.assign(req, { session: 'mine' });
        next();
      },
    ]);
    expect((await server.request('/')).text).toBe('mine');
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

describe('two middlewares on one store', () => {
  test('make sessions each with its own options', async () => {
    const store = new session.MemoryStore();
    const app: App = (req, res) => req.session.regenerate(() => count(req, res));
    const short = await serve({ ...quiet, store, cookie: { maxAge: 1_000, path: '/' } }, app);
    await serve({ ...quiet, store, name: 'other', cookie: { sameSite: 'strict' } }, app);
    const [line = ''] = (await short.request('/')).setCookie;
    expect(line).toMatch(/^connect\.sid=.*Expires=/);
    expect(line).not.toContain('SameSite');
    const lone: { session?: Own } = {};
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

function wrap(store: ReturnType<typeof memoryStore>) {
  return {
    get: store.get.bind(store),
    create: store.create.bind(store),
    update: store.update.bind(store),
    touch: store.touch.bind(store),
    destroy: store.destroy.bind(store),
    rename: store.rename.bind(store),
    listByUser: store.listByUser.bind(store),
    destroyByUser: store.destroyByUser.bind(store),
  };
}

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
