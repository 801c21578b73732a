import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestServer } from '@portcullis/testing';
import { memoryStore, session, sessionOf } from '../../src/index.ts';
import type { Session, SessionOptions, SessionStore } from '../../src/index.ts';
import { cookieHeader, secretKey } from '../cookie-jar.ts';
import { plainStore } from './express-stores.ts';
import { remote } from './remote.ts';

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

type Data = Session<Record<string, unknown>>;

const kinds: readonly [string, () => NonNullable<SessionOptions['store']>][] = [
  ['a cookie', () => 'cookie'],
  ['memory', () => memoryStore({ singleProcess: true })],
  ['a remote store', () => remote(memoryStore({ singleProcess: true }))],
  ['a store written for express-session', () => plainStore()],
];

async function serve(
  options: Partial<SessionOptions>,
  routes: Record<string, (own: Data) => unknown>,
): Promise<TestServer> {
  return listen('express5', session({ secretKey, ...options }), async (req, res) => {
    const own = sessionOf(req);
    if (req.url === '/start') Object.assign(own, { n: 1 });
    await routes[String(req.url)]?.(own);
    res.end(JSON.stringify(sessionOf(req)));
  });
}

describe.each(kinds)('update() of a session in %s', (_kind, make) => {
  const refused: [string, (data: Record<string, unknown>) => unknown, string][] = [
    ['that is async', async (data) => void (data['n'] = 2), 'session.update() takes a function'],
    ['that rejects', () => Promise.reject(new Error('x')), 'session.update() takes a function'],
    ['that sets a bigint', (data) => (data['n'] = 2n), 'session.n is a bigint'],
    ['that sets a Date', (data) => (data['at'] = new Date(0)), 'session.at is a Date'],
    ['that throws', () => { throw new Error('mine'); }, 'mine'], // prettier-ignore
  ];
  test.each(refused)('refuses a function %s, and stores nothing', async (_what, apply, message) => {
    const server = await serve({ store: make() }, {
      '/update': (own) => own.update(apply as () => void),
    }); // prettier-ignore
    const cookie = cookieHeader(await server.request('/start'));
    const response = await server.request('/update', { headers: { cookie } });
    expect([response.status, response.text]).toEqual([500, expect.stringContaining(message)]);
    expect((await server.request('/', { headers: { cookie } })).text).toBe('{"n":1}');
  });

  test('refuses a name of our own', async () => {
    const server = await serve({ store: make() }, {
      '/update': (own) => own.update((data) => void ((data as { flash: unknown }).flash = 1)),
    }); // prettier-ignore
    const cookie = cookieHeader(await server.request('/start'));
    const response = await server.request('/update', { headers: { cookie } });
    expect([response.status, response.text]).toEqual([500, expect.stringContaining('flash')]);
  });

  test('begins anew what was emptied before in the same request', async () => {
    const server = await serve({ store: make() }, {
      '/update': async (own) => {
        delete own['n'];
        await own.update((data) => void (data['fresh'] = true));
      },
    }); // prettier-ignore
    const first = cookieHeader(await server.request('/start'));
    const response = await server.request('/update', { headers: { cookie: first } });
    expect(response.text).toBe('{"fresh":true}');
    const cookie = cookieHeader(response);
    expect((await server.request('/', { headers: { cookie } })).text).toBe('{"fresh":true}');
  });

  test('does nothing to a session that this request has ended', async () => {
    const server = await serve({ store: make() }, {
      '/update': async (own) => {
        await own.destroy();
        await own.update((data) => void (data['n'] = 2));
      },
    }); // prettier-ignore
    const cookie = cookieHeader(await server.request('/start'));
    expect((await server.request('/update', { headers: { cookie } })).status).toBe(500);
    const { setCookie } = await server.request('/', { headers: { cookie } });
    expect(setCookie).toEqual([]);
  });
});

describe('revoke() except the session that asks', () => {
  const user = async (own: Data): Promise<void> => void (await own.login('ann'));

  test.each([
    ['its id', (own: Data) => own.id],
    ['its handle', () => undefined],
  ])('spares one that lies under the hash of an older secret, named by %s', async (_, name) => {
    const store = remote(memoryStore({ singleProcess: true }));
    const storeOptions = { hashIds: true };
    const before = await serve({ store, storeOptions }, { '/login': user });
    const phone = cookieHeader(await before.request('/login'));
    const desk = cookieHeader(await before.request('/login'));
    const newer = { secretKey: ['a newer secret that is also long enough', secretKey] };
    const sessions = session({ store, storeOptions, ...newer });
    const server = await listen('http', sessions, async (req, res) => {
      const own = sessionOf(req);
      if (req.url === '/') return res.end(String(own.isNew));
      const [first] = await sessions.list('ann');
      const except = name(own) ?? String(first?.handle);
      return res.end(String(await sessions.revoke('ann', { except })));
    });
    const visit = async (path: string, cookie: string): Promise<string> =>
      (await server.request(path, { headers: { cookie } })).text;
    expect(await visit('/revoke', phone)).toBe('1');
    expect([await visit('/', phone), await visit('/', desk)]).toEqual(['false', 'true']);
  });

  test('spares one whose id was replaced while the request was on its way', async () => {
    const store = memoryStore({ singleProcess: true });
    const sessions = session({ secretKey, store });
    const server = await listen('http', sessions, async (req, res) => {
      const own = sessionOf(req);
      if (req.url === '/login') await own.login('ann');
      if (req.url === '/renew') await own.regenerate({ keep: true, grace: 30 });
      if (req.url === '/revoke') await sessions.revoke('ann', { except: own.id });
      res.end();
    });
    const old = { cookie: cookieHeader(await server.request('/login')) };
    await server.request('/renew', { headers: old });
    await server.request('/revoke', { headers: old });
    expect(await sessions.list('ann')).toHaveLength(1);
    expect(await sessions.revoke('ann', { only: 'of nobody' })).toBe(0);
  });
});

describe.each(kinds.slice(1, 3))(
  'revoke() while a request of the user is on its way, in %s',
  (_kind, make) => {
    test.each([
      ['writes', (own: Data) => void (own['late'] = true)],
      [
        'counts',
        (own: Data) => own.update((data) => void (data['late'] = true)).catch(() => undefined),
      ],
      ['renews its cookie', (own: Data) => void own.touch()],
      [
        'changes its id and keeps everything',
        (own: Data) => own.regenerate({ keep: true, grace: 30 }),
      ],
    ])('is final although it %s', async (_what, act) => {
      const sessions = session({ secretKey, store: make() });
      const server = await listen('http', sessions, async (req, res) => {
        const own = sessionOf(req);
        if (req.url === '/login') Object.assign(await own.login('ann'), { secret: 1 });
        if (req.url === '/late') {
          expect(await sessions.revoke('ann')).toBe(1);
          await act(own);
        }
        res.end(JSON.stringify(sessionOf(req)));
      });
      const cookie = cookieHeader(await server.request('/login'));
      const late = await server.request('/late', { headers: { cookie } });
      expect([late.status, late.setCookie]).toEqual([200, []]);
      expect(await sessions.list('ann')).toEqual([]);
      expect((await server.request('/', { headers: { cookie } })).text).toBe('{}');
    });
  },
);

describe('a session that another process ended while a request was prolonging it', () => {
  /** Ends every session right before it is prolonged. */
  const ending = (store: SessionStore & { clear(): void }): SessionStore => ({
    ...remote(store),
    touch: async (id, expires, notes) => {
      store.clear();
      await sleep(1);
      return store.touch(id, expires, notes);
    },
  });

  test('gives no new cookie, because one of a login since may be there', async () => {
    const store = ending(memoryStore({ singleProcess: true }));
    const server = await serve({ store }, { '/touch': (own) => own.touch() });
    const cookie = cookieHeader(await server.request('/start'));
    const response = await server.request('/touch', { headers: { cookie } });
    expect([response.status, response.setCookie]).toEqual([200, []]);
  });
});
