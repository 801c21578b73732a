import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestResponse, TestServer } from '@portcullis/testing';
import { memoryStore, sessionOf } from '../src/index.ts';
import type { SessionChange, SessionOptions } from '../src/index.ts';
import { sessionOptions } from '../src/options.ts';
import { createSession } from '../src/session.ts';
import type { SessionMiddleware } from '../src/index.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';
import { ownStrategy } from './own-strategy.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

/** A browser and a server whose clock the test moves. */
async function serve(options: Partial<SessionOptions>): Promise<{
  readonly visit: (path: string) => Promise<TestResponse>;
  readonly pass: (seconds: number) => void;
}> {
  let now = 1_800_000_000;
  let cookie = '';
  const resolved = sessionOptions.resolve({ secretKey, ...options }).options;
  const middleware: SessionMiddleware = createSession(resolved, () => now);
  const server: TestServer = await listen('http', middleware, async (req, res) => {
    if (req.url === '/untouched') return res.end('-');
    const current = sessionOf<Data>(req);
    if (req.url === '/write') current['n'] = Number(current['n'] ?? 0) + 1;
    if (req.url === '/login') await current.login('bob');
    if (req.url === '/login-here') await current.login('bob', { remember: false });
    if (req.url === '/new-id') await current.regenerate({ keep: true });
    return res.end(JSON.stringify([current.rejected ?? null, current, current.id]));
  });
  return {
    pass: (seconds) => {
      now += seconds;
    },
    async visit(path) {
      const response = await server.request(path, { headers: cookie === '' ? {} : { cookie } });
      if (response.setCookie.length > 0) cookie = cookieHeader(response);
      return response;
    },
  };
}

const rejected = (response: TestResponse): unknown => (response.json() as unknown[])[0];
const idOf = (response: TestResponse): unknown => (response.json() as unknown[])[2];

describe.each([
  ['a cookie', () => 'cookie' as const],
  ['a store', () => memoryStore({ singleProcess: true })],
])('a session in %s', (_, makeStore) => {
  test('lives for maxAge after its last renewal, to the second', async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: 1000 });
    await visit('/write');
    pass(1000);
    expect(rejected(await visit('/'))).toBeNull();
    pass(1000);
    expect(rejected(await visit('/'))).toBeNull();
    pass(1001);
    expect(rejected(await visit('/'))).toBe('expired-idle');
  });

  test('is renewed by requests that look at it, at most once a minute', async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: '1h' });
    await visit('/write');
    pass(59);
    expect((await visit('/')).setCookie).toEqual([]);
    pass(1);
    expect((await visit('/untouched')).setCookie).toEqual([]);
    expect((await visit('/')).setCookie).toHaveLength(1);
    expect((await visit('/')).setCookie).toEqual([]);
  });

  test('with a short maxAge is renewed once in a tenth of it', async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: 100 });
    await visit('/write');
    pass(9);
    expect((await visit('/')).setCookie).toEqual([]);
    pass(1);
    expect((await visit('/')).setCookie).toHaveLength(1);
  });

  test("is renewed by every request with touch: 'always'", async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: '1h', touch: 'always' });
    expect((await visit('/untouched')).headers['vary']).toBeUndefined();
    await visit('/write');
    expect((await visit('/untouched')).setCookie).toEqual([]);
    pass(60);
    const renewed = await visit('/untouched');
    expect(renewed.setCookie).toHaveLength(1);
    expect(renewed.headers['vary']).toBe('Cookie');
  });

  test('ends after absoluteMaxAge however busy it is', async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: 1000, absoluteMaxAge: 2500 });
    await visit('/write');
    for (let step = 0; step < 5; step++) {
      pass(500);
      expect(rejected(await visit('/write'))).toBeNull();
    }
    pass(1);
    expect(rejected(await visit('/'))).not.toBeNull();
  });

  test('begins its absolute lifetime anew at login', async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: 1000, absoluteMaxAge: 1500 });
    await visit('/write');
    pass(900);
    await visit('/login');
    pass(900);
    expect(rejected(await visit('/'))).toBeNull();
  });

  test('of a visitor who is not to be remembered ends with the browser, and no later on the server', async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: 1000 });
    const lifetimeOf = ({ setCookie }: TestResponse): unknown =>
      /Max-Age=\d+/.exec(setCookie.join())?.[0];
    expect(lifetimeOf(await visit('/login'))).toBe('Max-Age=1000');
    for (const path of ['/login-here', '/write', '/new-id', '/']) {
      const response = await visit(path);
      expect(response.setCookie.length).toBe(path === '/' ? 0 : 1);
      expect(lifetimeOf(response)).toBeUndefined();
      pass(10);
    }
    pass(100);
    const renewed = await visit('/');
    expect([renewed.setCookie.length, lifetimeOf(renewed)]).toEqual([1, undefined]);
    pass(1001);
    expect(rejected(await visit('/'))).toBe('expired-idle');
    expect(lifetimeOf(await visit('/login'))).toBe('Max-Age=1000');
  });

  test('gets a new id after renewAfter and keeps its data', async () => {
    const { visit, pass } = await serve({ store: makeStore(), renewAfter: '10m' });
    const first = idOf(await visit('/write'));
    pass(599);
    expect(idOf(await visit('/write'))).toBe(first);
    pass(1);
    await visit('/write');
    const response = await visit('/');
    expect(idOf(response)).not.toBe(first);
    expect((response.json() as unknown[])[1]).toEqual({ n: 3 });
    pass(599);
    expect(idOf(await visit('/'))).toBe(idOf(response));
  });

  test('without maxAge sends a cookie that ends with the browser', async () => {
    const { visit, pass } = await serve({ store: makeStore(), maxAge: null });
    const response = await visit('/write');
    expect(response.setCookie[0]).not.toMatch(/Max-Age/);
    pass(29 * 86_400);
    expect(rejected(await visit('/'))).toBeNull();
    pass(2 * 86_400);
    expect(rejected(await visit('/'))).not.toBeNull();
  });
});

test('the renewal timeout leaves the old id alive for 30 seconds', async () => {
  const changes: SessionChange[] = [];
  const store = ownStrategy({
    newId: () => `id-${String(changes.length)}`,
    read: (ctx, { values }) =>
      values.length === 0
        ? { kind: 'none' }
        : {
            kind: 'session',
            record: {
              id: 'old',
              data: { a: 1 },
              text: '{"a":1}',
              createdAt: ctx.now() - 700,
              issuedAt: ctx.now(),
            },
          },
    commit: (_, change) => {
      changes.push(change);
      return { kind: 'set', value: 'v' };
    },
  });
  const { visit } = await serve({ store, renewAfter: 600 });
  await visit('/write');
  await visit('/');
  expect(changes.map(({ kind, grace, next }) => [kind, grace, next.id])).toEqual([
    ['create', 0, 'id-0'],
    ['rotate', 30, 'id-1'],
  ]);
});
