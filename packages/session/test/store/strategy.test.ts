import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen, type TestMiddleware, type TestServer } from '@portcullis/testing';
import { memoryStore, session, type SessionOptions } from '../../src/index.ts';
import type { Session } from '../../src/session-type.ts';
import { plainStore } from './express-stores.ts';
import { remote } from './remote.ts';

const secretKey = 'the secret of the tests, which is long enough';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

type Data = Session<Record<string, unknown>>;
type App = (session: Data, url: URL) => unknown;

/** A visitor of one server; several share a session when they share the jar. */
class Visitor {
  cookie = '';
  constructor(readonly server: TestServer) {}

  async get(
    path: string,
  ): Promise<{ status: number; data: unknown; setCookie: readonly string[] }> {
    const headers = this.cookie === '' ? {} : { cookie: this.cookie };
    const { status, text, setCookie } = await this.server.request(path, { headers });
    for (const line of setCookie) this.cookie = line.split(';')[0] ?? '';
    const data = /^[[{"\d]|^(null|true)/.test(text) ? (JSON.parse(text) as unknown) : text;
    return { status, data, setCookie };
  }
}

async function serve(options: Partial<SessionOptions>, app: App): Promise<Visitor> {
  const middleware = session({ secretKey, ...options });
  const handler: TestMiddleware = async (req, res, next) => {
    try {
      const { session: own } = req as unknown as { session: Data };
      const answer = await app(own, new URL(String(req.url), 'http://x'));
      res.end(JSON.stringify(answer === undefined ? own : answer));
    } catch (error) {
      next(error);
    }
  };
  return new Visitor(await listen('express5', middleware as TestMiddleware, handler));
}

const kinds: readonly [string, () => NonNullable<SessionOptions['store']>][] = [
  ['memory', () => memoryStore({ singleProcess: true })],
  ['a remote store', () => remote(memoryStore({ singleProcess: true }))],
  ['a store written for express-session', () => plainStore()],
];

const assign: App = (own, url) => {
  for (const [key, value] of url.searchParams) own[key] = value;
};

describe.each(kinds)('sessions in %s', (kind, make) => {
  beforeEach(() => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });

  test('keep data over requests, under one id', async () => {
    const visitor = await serve({ store: make() }, assign);
    expect((await visitor.get('/?a=1&~tilde=x&7=seven&__x=y')).setCookie).toHaveLength(1);
    const { cookie } = visitor;
    expect((await visitor.get('/?b=2')).data).toEqual({
      a: '1',
      '~tilde': 'x',
      '7': 'seven',
      __x: 'y',
      b: '2',
    });
    expect((await visitor.get('/')).data).toMatchObject({ a: '1', b: '2' });
    expect(visitor.cookie).toBe(cookie);
    expect(cookie).toMatch(/^session=[\w-]{43}\.[\w-]{43}$/);
  });

  test('notice nested changes and deleted keys', async () => {
    const visitor = await serve({ store: make() }, (own, { pathname }) => {
      if (pathname === '/start') Object.assign(own, { list: [1], gone: 1, '~gone': 2 });
      if (pathname === '/push') (own['list'] as number[]).push(2);
      if (pathname === '/push') delete own['gone'];
      if (pathname === '/push') delete own['~gone'];
      return undefined;
    });
    await visitor.get('/start');
    await visitor.get('/push');
    expect((await visitor.get('/')).data).toEqual({ list: [1, 2] });
  });

  test('store what is changed, saved, and changed back', async () => {
    const visitor = await serve({ store: make() }, async (own, { pathname }) => {
      if (pathname === '/start') own['n'] = 1;
      if (pathname !== '/twice') return;
      own['n'] = 2;
      await own.save();
      own['n'] = 1;
    });
    await visitor.get('/start');
    await visitor.get('/twice');
    expect((await visitor.get('/')).data).toEqual({ n: 1 });
  });

  test('stay ended when a slower request ends after the logout', async () => {
    const visitor = await serve({ store: make() }, async (own, { pathname }) => {
      if (pathname === '/login') own['user'] = 'bob';
      if (pathname === '/logout') await own.destroy();
      if (pathname !== '/slow') return undefined;
      own['slow'] = true;
      await sleep(60);
      return 'done';
    });
    await visitor.get('/login');
    const { cookie } = visitor;
    const slow = visitor.get('/slow');
    await sleep(20);
    await visitor.get('/logout');
    const late = await slow;
    expect(late.setCookie).toEqual([]);
    visitor.cookie = cookie;
    expect((await visitor.get('/')).data).toEqual({});
  });

  test('keep what parallel requests set', async () => {
    const visitor = await serve({ store: make() }, async (own, url) => {
      await sleep(Math.random() * 10);
      return assign(own, url);
    });
    await visitor.get('/?first=1');
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => visitor.get(`/?k${index}=${index}`)),
    );
    expect(Object.keys((await visitor.get('/')).data as object)).toHaveLength(11);
  });

  test('count exactly with update()', async () => {
    const visitor = await serve({ store: make() }, async (own, { pathname }) => {
      if (pathname === '/start') own['n'] = 0;
      if (pathname === '/add') {
        await own.update((data) => {
          data['n'] = (data['n'] as number) + 1;
          data['~last'] = true;
          delete data['nothing'];
        });
      }
      return own['n'];
    });
    await visitor.get('/start');
    await Promise.all(Array.from({ length: 30 }, () => visitor.get('/add')));
    expect((await visitor.get('/')).data).toBe(30);
  });

  test('refuse update() when the session was ended meanwhile', async () => {
    const store = make();
    const visitor = await serve({ store }, async (own, { pathname }) => {
      if (pathname === '/start') own['n'] = 0;
      if (pathname === '/destroy') await own.destroy();
      if (pathname === '/slow') {
        await sleep(50);
        await own.update((data) => void (data['n'] = 1));
      }
      return 'ok';
    });
    await visitor.get('/start');
    const slow = visitor.get('/slow');
    await sleep(15);
    await visitor.get('/destroy');
    expect(await slow).toMatchObject({ status: 409 });
  });

  test('get a new id from regenerate(), and the old one is worth nothing', async () => {
    const visitor = await serve({ store: make() }, async (own, { pathname }) => {
      if (pathname === '/start') own['n'] = 0;
      if (pathname !== '/regenerate') return undefined;
      const fresh = await own.regenerate();
      fresh['fresh'] = true;
      return fresh;
    });
    await visitor.get('/start');
    const { cookie } = visitor;
    expect((await visitor.get('/regenerate')).data).toEqual({ fresh: true });
    expect(visitor.cookie).not.toBe(cookie);
    expect((await visitor.get('/')).data).toEqual({ fresh: true });
    visitor.cookie = cookie;
    expect((await visitor.get('/')).data).toEqual({});
  });

  test('reload what another request wrote', async () => {
    const visitor = await serve({ store: make() }, async (own, { pathname, searchParams }) => {
      if (pathname === '/set') own['n'] = searchParams.get('n');
      if (pathname !== '/slow') return;
      await sleep(50);
      await own.reload();
    });
    await visitor.get('/set?n=1');
    const slow = visitor.get('/slow');
    await sleep(10);
    await visitor.get('/set?n=2');
    expect((await slow).data).toEqual({ n: '2' });
  });

  test('say so when reload() finds nothing', async () => {
    const store = make();
    const visitor = await serve({ store }, async (own, { pathname }) => {
      if (pathname === '/set') own['n'] = 1;
      if (pathname === '/destroy') await own.destroy();
      if (pathname === '/slow') {
        await sleep(40);
        await own.reload().catch(() => undefined);
      }
    });
    await visitor.get('/set');
    const slow = visitor.get('/slow');
    await sleep(10);
    await visitor.get('/destroy');
    expect((await slow).status).toBeLessThan(500);
    expect(kind).not.toBe('');
  });

  test('take no cookie that was not signed here', async () => {
    const visitor = await serve({ store: make() }, assign);
    await visitor.get('/?a=1');
    const [name, value = ''] = visitor.cookie.split('=');
    const id = value.slice(0, 43);
    const last = value.endsWith('A') ? 'B' : 'A';
    for (const forged of [
      'x',
      `${id}.`,
      `${id}x${value.slice(44)}`,
      `${'A'.repeat(43)}.${value.slice(44)}`,
      value.slice(0, -1) + last,
      `${value.slice(0, 60)}+${value.slice(61)}`,
      `${value}=`,
      `${id}.${'='.repeat(43)}`,
    ]) {
      // prettier-ignore
      visitor.cookie = `${name}=${forged}`;
      expect((await visitor.get('/')).data).toEqual({});
    }
    visitor.cookie = `${name}=forged; ${name}=${value}`;
    expect((await visitor.get('/')).data).toEqual({ a: '1' });
  });

  test('go on under the old secret of a list, and get a cookie of the newest', async () => {
    const store = make();
    const before = await serve({ store }, assign);
    await before.get('/?a=1');
    const after = await serve(
      { store, secretKey: ['a newer secret that is also long enough', secretKey] },
      assign,
    );
    after.cookie = before.cookie;
    expect((await after.get('/?b=2')).data).toEqual({ a: '1', b: '2' });
    expect(after.cookie).not.toBe(before.cookie);
    expect(after.cookie.slice(0, 51)).toBe(before.cookie.slice(0, 51));
  });

  test('are kept under a hash of their id, by any secret of the list', async () => {
    const store = make();
    const storeOptions = { hashIds: true };
    const before = await serve({ store, storeOptions }, assign);
    await before.get('/?a=1');
    const id = before.cookie.slice('session='.length, 51);
    expect((await before.get('/?b=2')).data).toEqual({ a: '1', b: '2' });
    if (typeof store === 'object' && 'records' in store)
      expect([...(store.records as Map<string, string>).keys()]).not.toContain(id);
    const newer = ['a newer secret that is also long enough', secretKey];
    const after = await serve({ store, storeOptions, secretKey: newer }, assign);
    after.cookie = before.cookie;
    expect((await after.get('/?c=3')).data).toEqual({ a: '1', b: '2', c: '3' });
  });
});

test('sessions end to the second, and are prolonged by use', async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const visitor = await serve({ store: plainStore(), maxAge: 1 }, assign);
  await visitor.get('/?a=1');
  for (let round = 0; round < 2; round += 1) {
    await sleep(900);
    expect((await visitor.get('/')).data).toEqual({ a: '1' });
  }
  const { cookie } = visitor;
  await sleep(2_050);
  visitor.cookie = cookie;
  expect((await visitor.get('/')).data).toEqual({});
});

describe('users', () => {
  const app: App = async (own, { pathname, searchParams }) => {
    if (pathname === '/login') await own.login(String(searchParams.get('user')));
    if (pathname === '/logout') await own.logout();
    return { id: own.id };
  };

  test.each(kinds.slice(0, 2))(
    'have their sessions in %s listed and revoked',
    async (_kind, make) => {
      const middleware = session({ secretKey, store: make() });
      const handler: TestMiddleware = async (req, res) => {
        const { session: own } = req as unknown as { session: Data };
        const answer = await app(own, new URL(String(req.url), 'http://x'));
        res.end(JSON.stringify(answer));
      };
      const server = await listen('http', middleware as TestMiddleware, handler);
      const [phone, desk, other] = [new Visitor(server), new Visitor(server), new Visitor(server)];
      await phone.get('/login?user=ann');
      await desk.get('/login?user=ann');
      await other.get('/login?user=bob');
      const id = ((await desk.get('/')).data as { id: string }).id;
      const listed = await middleware.list('ann');
      expect(listed).toHaveLength(2);
      expect(JSON.stringify(listed)).not.toContain(id);
      expect(listed[0]).toEqual({
        handle: expect.any(String),
        createdAt: expect.any(Number),
        issuedAt: expect.any(Number),
      });
      expect(await middleware.revoke('ann', { except: id })).toBe(1);
      expect(await middleware.revoke('ann', { only: 'nobody' })).toBe(0);
      const [left] = await middleware.list('ann');
      expect(await middleware.revoke('ann', { only: String(left?.handle) })).toBe(1);
      expect(await middleware.list('ann')).toEqual([]);
      expect(await middleware.list('bob')).toHaveLength(1);
      await other.get('/logout');
      expect(await middleware.revoke('bob')).toBe(0);
    },
  );

  test('log in although the session they came with was ended meanwhile', async () => {
    const store = memoryStore({ singleProcess: true });
    const visitor = await serve({ store }, async (own, { pathname }) => {
      if (pathname === '/start') own['cart'] = 1;
      if (pathname !== '/login') return;
      store.clear();
      const fresh = await own.login('ann');
      fresh['user'] = 'ann';
    });
    await visitor.get('/start');
    await visitor.get('/login');
    expect((await visitor.get('/')).data).toMatchObject({ user: 'ann' });
  });
});

describe('round trips', () => {
  test('are none without a cookie or with a forged one, one to read, two to write', async () => {
    const calls: string[] = [];
    const store = remote(memoryStore({ singleProcess: true }), calls);
    const visitor = await serve({ store }, (own, url) =>
      url.pathname === '/look' ? 'x' : assign(own, url),
    );
    const trips = async (path: string): Promise<string> => {
      calls.length = 0;
      await visitor.get(path);
      return calls.join();
    };
    expect(await trips('/')).toBe('');
    visitor.cookie = 'session=forged';
    expect(await trips('/')).toBe('');
    expect(await trips('/?a=1')).toBe('create');
    expect(await trips('/')).toBe('get');
    expect(await trips('/?a=1')).toBe('get');
    expect(await trips('/?a=2')).toBe('get,update');
    expect(await trips('/look')).toBe('get');
  });

  test('are one more to write to a store written for express-session', async () => {
    const store = plainStore();
    const visitor = await serve({ store }, assign);
    await visitor.get('/?a=1');
    store.calls.length = 0;
    await visitor.get('/?a=2');
    expect(store.calls).toEqual(['get', 'get', 'set']);
  });

  test('are shared by requests that come together', async () => {
    const calls: string[] = [];
    const visitor = await serve(
      { store: remote(memoryStore({ singleProcess: true }), calls) },
      assign,
    );
    await visitor.get('/?a=1');
    calls.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => visitor.get('/')));
    expect(calls.length).toBeLessThanOrEqual(20);
    expect(new Set(calls)).toEqual(new Set(['get']));
  });
});
