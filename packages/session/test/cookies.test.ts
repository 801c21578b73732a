import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestServer } from '@portcullis/testing';
import {
  fromCookieSession,
  fromExpressSession,
  fromStarlette,
  memoryStore,
  session,
  sessionOf,
} from '../src/index.ts';
import type { SessionChange, SessionOptions } from '../src/index.ts';
import { readSessionCookie, sessionCookie } from '../src/testing.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';
import { ownStrategy } from './own-strategy.ts';
import { warningsOf } from './warnings.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

const visit: TestMiddleware = (req, res) => {
  const current = sessionOf<{ views: number }>(req);
  if (req.url === '/write') current.views = (current.views ?? 0) + 1;
  res.end(JSON.stringify([current.rejected ?? null, current]));
};

const serve = (options: Partial<SessionOptions> = {}, listenOptions = {}): Promise<TestServer> =>
  listen('http', session({ secretKey, ...options }), visit, listenOptions);

describe('several cookies of one name', () => {
  test('are all tried, so that a sibling host cannot log anybody out', async () => {
    const server = await serve();
    const good = await sessionCookie({ secretKey }, { views: 1 });
    const { text } = await server.request('/', {
      headers: { cookie: `session=evil; x=1; ${good}; session=` },
    });
    expect(text).toBe('[null,{"views":1}]');
  });

  test('all end with the session when the older one has no domain yet', async () => {
    const domain = 'example.com';
    const server = await listen('http', session({ secretKey, domain }), (req, res) => {
      void sessionOf(req)
        .destroy()
        .then(() => res.end());
    });
    const older = await sessionCookie({ secretKey }, { user: 'bob' });
    const newer = await sessionCookie({ secretKey }, { user: 'bob' });
    const ended = await server.request('/', { headers: { cookie: `${older}; ${newer}` } });
    expect(ended.setCookie).toEqual([
      expect.stringMatching(/^session=; Path=\/; HttpOnly;.*Max-Age=0/),
      expect.stringMatching(/^session=; Path=\/; Domain=example\.com; .*Max-Age=0/),
    ]);
    const one = await server.request('/', { headers: { cookie: newer } });
    expect(one.setCookie).toHaveLength(1);
  });

  test('are judged by their age: the newest wins', async () => {
    const server = await serve();
    const now = Math.floor(Date.now() / 1000);
    const [old, recent] = await Promise.all(
      [100, 10].map((age) =>
        sessionCookie({ secretKey }, { age }, { issuedAt: now - age, createdAt: now - age }),
      ),
    );
    for (const cookie of [`${old}; ${recent}`, `${recent}; ${old}`]) {
      expect((await server.request('/', { headers: { cookie } })).text).toBe('[null,{"age":10}]');
    }
  });
});

describe('a bad cookie', () => {
  test.each([
    ['garbage', async () => 'session=garbage', 'malformed'],
    ['nothing', async () => 'session=', 'malformed'],
    [
      'one made with another secret',
      () => sessionCookie({ secretKey: `${secretKey}!` }, { a: 1 }),
      'unknown-key',
    ],
    [
      'one made for another name',
      async () =>
        (await sessionCookie({ secretKey, cookieName: 'admin' }, { a: 1 })).replace(
          'admin',
          'session',
        ),
      'unknown-key',
    ],
    ['a signed one', () => sessionCookie({ secretKey, encrypt: false }, { a: 1 }), 'malformed'],
    [
      'one that is too old',
      () => sessionCookie({ secretKey }, { a: 1 }, { issuedAt: 1_700_000_000 }),
      'expired-idle',
    ],
    [
      'one that is too old at all',
      () => sessionCookie({ secretKey }, { a: 1 }, { createdAt: 1_700_000_000 }),
      'expired-absolute',
    ],
    [
      'one from the future',
      () => sessionCookie({ secretKey }, { a: 1 }, { issuedAt: 4_000_000_000 }),
      'future',
    ],
  ])('(%s) is an empty session and a reason', async (_, make, reason) => {
    const server = await serve();
    const response = await server.request('/', { headers: { cookie: await make() } });
    expect([response.status, response.text]).toEqual([200, `["${reason}",{}]`]);
  });

  test('is replaced when the new session holds something', async () => {
    const server = await serve();
    const response = await server.request('/write', { headers: { cookie: 'session=garbage' } });
    expect((await readSessionCookie({ secretKey }, response.setCookie))?.data).toEqual({
      views: 1,
    });
  });
});

describe('secrets', () => {
  const older = 'older-Xb81mQ0sLp5vHd7tZcYw3nKe9rJf2g';
  const newer = 'newer-Tq47zN9xWm2uCb6yKs0vLd8hRg1pFj';

  test('can be changed without logging anybody out, and cookies follow', async () => {
    const server = await serve({ secretKey: [newer, older] });
    const cookie = await sessionCookie({ secretKey: older }, { views: 1 });
    const response = await server.request('/', { headers: { cookie } });
    expect(response.text).toBe('[null,{"views":1}]');
    expect(await readSessionCookie({ secretKey: newer }, response.setCookie)).toMatchObject({
      data: { views: 1 },
    });
    const next = await server.request('/', { headers: { cookie: cookieHeader(response) } });
    expect(next.setCookie).toEqual([]);
  });
});

describe('Secure', () => {
  test.each([
    ["'auto' on http", {}, {}, {}, false],
    ["'auto' on https", {}, { tls: true }, {}, true],
    [
      "'auto' behind a trusted proxy that says https",
      { trustProxy: true },
      {},
      { 'x-forwarded-proto': 'https' },
      true,
    ],
    ["'auto' when anybody says https", {}, {}, { 'x-forwarded-proto': 'https' }, false],
    ['false on https', { httpsOnly: false }, { tls: true }, {}, false],
  ])('with httpsOnly %s', async (_, options, listenOptions, headers, secure) => {
    const server = await serve(options, listenOptions);
    const response = await server.request('/write', { headers });
    expect(response.setCookie.map((line) => line.includes('; Secure'))).toEqual([secure]);
  });

  test('with httpsOnly true on what looks like http: the cookie goes out, with one warning that names trustProxy', async () => {
    const warnings = await warningsOf(async () => {
      const server = await serve({ httpsOnly: true });
      const response = await server.request('/write');
      expect(response.setCookie).toEqual([expect.stringMatching(/^__Host-session=.*; Secure/)]);
      await server.request('/write');
    });
    expect(warnings).toEqual([
      {
        code: 'ERR_PORTCULLIS_SESSION_COOKIE_INSECURE',
        message: expect.stringMatching(/__Host-session .*trustProxy/),
      },
    ]);
  });

  test('is what SameSite=None needs, which is said once', async () => {
    const warnings = await warningsOf(async () => {
      const server = await serve({ sameSite: 'none' });
      await server.request('/write');
      await server.request('/write');
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_COOKIE_SAME_SITE']);
  });
});

describe('attributes', () => {
  test.each([
    ['path', { path: '/app' }, /; Path=\/app;/],
    ['domain', { domain: 'example.com' }, /; Domain=example\.com;/],
    ['sameSite', { sameSite: 'strict' as const }, /; SameSite=Strict;/],
    ['maxAge', { maxAge: '1h' }, /; Max-Age=3600$/],
    ['priority', { priority: 'high' as const }, /; Priority=High;/],
    ['cookieName', { cookieName: 'sid' }, /^sid=/],
    ['an absolute lifetime below maxAge', { absoluteMaxAge: 60 }, /; Max-Age=60$/],
    ['no lifetime at all', { maxAge: null, absoluteMaxAge: null }, /; SameSite=Lax$/],
  ])('%s', async (_, options, wanted) => {
    const response = await (await serve(options)).request('/write');
    expect(response.setCookie).toEqual([expect.stringMatching(wanted)]);
  });

  test('a signed cookie can be read by anybody', async () => {
    const response = await (await serve({ encrypt: false })).request('/write');
    const body = response.setCookie[0]?.slice('session=1'.length + 24).split('.')[0] ?? '';
    expect(Buffer.from(body, 'base64url').toString()).toBe('{"views":1}');
  });
});

describe('caches', () => {
  test('are told when the application says public, once in words', async () => {
    const warnings = await warningsOf(async () => {
      const server = await listen('http', session({ secretKey }), (req, res) => {
        Object.assign(sessionOf<Data>(req), { a: 1 });
        res.setHeader('Cache-Control', 'public, max-age=60');
        res.setHeader('Vary', 'Accept, Cookie');
        res.end();
      });
      const { headers } = await server.request('/');
      expect(headers).toMatchObject({
        'cache-control': 'private, max-age=60',
        vary: 'Accept, Cookie',
      });
      await server.request('/');
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_SHARED_CACHE']);
  });

  test.each([
    ['Accept', 'Accept, Cookie'],
    ['*', '*'],
    ['cookie', 'cookie'],
  ])('see Vary: %s become %s', async (present, wanted) => {
    const server = await listen('http', session({ secretKey }), (req, res) => {
      res.setHeader('Vary', present);
      res.end(Object.keys(sessionOf(req)).join(''));
    });
    expect((await server.request('/')).headers['vary']).toBe(wanted);
  });

  test.each([
    ['a name in it', (current: Data) => 'a' in current],
    ['its keys', (current: Data) => Object.keys(current)],
    ['a copy', (current: Data) => ({ ...current })],
    ['JSON', (current: Data) => JSON.stringify(current)],
  ])('learn that the answer varies when the session was asked for %s', async (_, use) => {
    const server = await listen('http', session({ secretKey }), (req, res) => {
      res.end(JSON.stringify(use(sessionOf<Data>(req))));
    });
    expect((await server.request('/')).headers['vary']).toBe('Cookie');
  });
});

describe('cookies of other libraries', () => {
  const until = '2099-01-01';
  const legacy = 'session=eyJ2aWV3cyI6MX0=; session.sig=DJaPtrG-tmTnVr33fOWXqWGnVlw';
  const serveMigrating = async (options: Partial<SessionOptions>): Promise<TestServer> => {
    let server: TestServer | undefined;
    await warningsOf(async () => {
      server = await serve(options);
    });
    return server ?? serve(options);
  };

  test('are read, replaced by ours, and removed where the name differs', async () => {
    const server = await serveMigrating({ migrate: [fromCookieSession({ keys: 'key1', until })] });
    const response = await server.request('/', { headers: { cookie: legacy } });
    expect(response.text).toBe('[null,{"views":1}]');
    expect(response.setCookie.map((line) => line.slice(0, 13))).toEqual([
      'session.sig=;',
      expect.stringMatching(/^session=[\w-]{5}/),
    ]);
    expect((await readSessionCookie({ secretKey }, response.setCookie))?.data).toEqual({
      views: 1,
    });
  });

  test('are removed on destroy, so that the old session does not come back', async () => {
    const codec = fromStarlette({
      keys: 'example',
      until,
      maxAge: '400d',
      cookieName: 'old',
      path: '/x',
      domain: 'a.example',
    });
    let server: TestServer | undefined;
    await warningsOf(async () => {
      server = await listen('http', session({ secretKey, migrate: [codec] }), (req, res) => {
        req.session = null as never;
        res.end();
      });
    });
    const cookie = 'old=eyJzb21lIjogImRhdGEifQ==.ZVPxAA.DnuleGQm4eV-Ux8xFWlAxKw6OP8';
    const response = await server?.request('/', { headers: { cookie } });
    expect(response?.setCookie).toEqual([
      expect.stringMatching(/^old=; Path=\/x; Domain=a\.example; .*Max-Age=0/),
    ]);
  });

  test('count for nothing after their date, or when they are bad', async () => {
    const server = await serveMigrating({
      migrate: [fromCookieSession({ keys: 'key1', until: '2001-01-01' })],
    });
    expect((await server.request('/', { headers: { cookie: legacy } })).text).toBe(
      '["malformed",{}]',
    );
    const other = await serveMigrating({ migrate: [fromCookieSession({ keys: 'key2', until })] });
    expect((await other.request('/', { headers: { cookie: legacy } })).text).toBe(
      '["malformed",{}]',
    );
  });

  const ids =
    'connect.sid=s%3AvXkBqYLzrgIzjDPJlXkLsmZfMNyYuJqC.qC8RVRRHrhqtBTJ0WZcPoNUeFL%2BBK8MZqEq%2FfTyLDAc';

  test('with ids of express-session are looked up in the store', async () => {
    const now = Math.floor(Date.now() / 1000);
    const store = ownStrategy({
      readId: (_, id) =>
        id.startsWith('vXkB')
          ? {
              kind: 'session',
              record: {
                id,
                data: { user: 'bob' },
                text: '{"user":"bob"}',
                createdAt: now,
                issuedAt: now,
              },
            }
          : { kind: 'rejected', reason: 'not-found' },
    });
    const server = await serveMigrating({
      store,
      migrate: [fromExpressSession({ keys: 'keyboard cat', until })],
    });
    const response = await server.request('/', { headers: { cookie: ids } });
    expect(response.text).toBe('[null,{"user":"bob"}]');
    expect(response.setCookie.map((line) => line.slice(0, 12))).toEqual([
      'connect.sid=',
      'session=own;',
    ]);
  });

  test('with ids of express-session find the record in a store written for it', async () => {
    const records = new Map<string, unknown>([
      [
        'vXkBqYLzrgIzjDPJlXkLsmZfMNyYuJqC',
        { cookie: { originalMaxAge: null, path: '/' }, user: 'bob' },
      ],
    ]);
    const store = {
      get: (id: string, done: (error: unknown, record?: unknown) => void) =>
        done(null, records.get(id)),
      set: (id: string, record: unknown, done: (error?: unknown) => void) => {
        records.set(id, record);
        done();
      },
      destroy: (id: string, done: (error?: unknown) => void) => {
        records.delete(id);
        done();
      },
    };
    const server = await serveMigrating({
      store: store as never,
      migrate: [fromExpressSession({ keys: 'keyboard cat', until })],
    });
    const first = await server.request('/', { headers: { cookie: ids } });
    expect(first.text).toMatch(/"user":"bob"/);
    const next = await server.request('/', { headers: { cookie: cookieHeader(first) } });
    expect(next.text).toMatch(/"user":"bob"/);
  });

  test.each([
    ['not-found', undefined],
    ['corrupt', '{broken'],
  ])('with ids of express-session are %s when that is what the store has', async (reason, text) => {
    const store = memoryStore({ singleProcess: true });
    const id = 'vXkBqYLzrgIzjDPJlXkLsmZfMNyYuJqC';
    if (text !== undefined) store.create(id, { fields: { a: text }, expires: Infinity });
    const migrate = [fromExpressSession({ keys: 'keyboard cat', until })];
    const server = await serveMigrating({ store, migrate });
    const response = await server.request('/', { headers: { cookie: ids } });
    expect(response.text).toBe(`["${reason}",{}]`);
  });

  test('with ids of express-session get an id of ours, and the old one dies soon', async () => {
    const changes: SessionChange[] = [];
    const store = ownStrategy({
      readId: (ctx, id) => ({
        kind: 'session',
        record: { id, data: { a: 1 }, text: '{"a":1}', createdAt: ctx.now(), issuedAt: ctx.now() },
      }),
      commit: (_, change) => {
        changes.push(change);
        return { kind: 'set', value: 'own' };
      },
    });
    const server = await serveMigrating({
      store,
      migrate: [fromExpressSession({ keys: 'keyboard cat', until })],
    });
    await server.request('/', { headers: { cookie: ids } });
    expect(changes).toEqual([
      expect.objectContaining({
        kind: 'rotate',
        grace: 30,
        next: expect.objectContaining({ id: 'an-id-of-the-test' }),
      }),
    ]);
  });

  test('with ids of express-session that the store does not know are a reason', async () => {
    const migrate = [fromExpressSession({ keys: 'keyboard cat', until })];
    const store = ownStrategy({ readId: () => ({ kind: 'rejected', reason: 'not-found' }) });
    const server = await serveMigrating({ store, migrate });
    expect((await server.request('/', { headers: { cookie: ids } })).text).toBe('["not-found",{}]');
    const without = await serveMigrating({ store: ownStrategy(), migrate });
    expect((await without.request('/', { headers: { cookie: ids } })).text).toBe('[null,{}]');
  });
});

describe('sessionCookie and readSessionCookie, for tests', () => {
  test('work with a store that both sides share', async () => {
    const store = memoryStore({ singleProcess: true });
    const server = await serve({ store });
    const cookie = await sessionCookie({ secretKey, store }, { views: 4 }, { userId: '42' });
    expect((await server.request('/', { headers: { cookie } })).text).toBe('[null,{"views":4}]');
    expect(await readSessionCookie({ secretKey, store }, cookie)).toMatchObject({ userId: '42' });
  });

  test('ask a strategy of your own to create the session', async () => {
    const patches: unknown[] = [];
    const store = ownStrategy({
      commit: (_, change) => {
        patches.push([...change.patch().set]);
        return { kind: 'set', value: 'mine' };
      },
    });
    expect(await sessionCookie({ secretKey, store }, { a: 1 })).toBe('session=mine');
    expect(patches).toEqual([[['a', '1']]]);
  });

  test('say what they cannot do', async () => {
    await expect(sessionCookie({ secretKey, store: 'memory' }, {})).rejects.toMatchObject({
      code: 'ERR_PORTCULLIS_SESSION_TESTING',
    });
    const silent = ownStrategy({ commit: () => ({ kind: 'keep' }) });
    await expect(sessionCookie({ secretKey, store: silent }, {})).rejects.toMatchObject({
      code: 'ERR_PORTCULLIS_SESSION_TESTING',
    });
    await expect(sessionCookie({ secretKey }, { a: 'x'.repeat(20_000) })).rejects.toMatchObject({
      code: 'ERR_PORTCULLIS_SESSION_TOO_LARGE',
    });
    expect(await readSessionCookie({ secretKey }, 'session=garbage')).toBeUndefined();
  });
});
