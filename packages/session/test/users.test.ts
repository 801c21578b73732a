import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestServer } from '@portcullis/testing';
import { memoryStore, session, sessionOf } from '../src/index.ts';
import type { Generation, SessionOptions } from '../src/index.ts';
import { sessionCookie } from '../src/testing.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';
import { ownStrategy } from './own-strategy.ts';
import { warningsOf } from './warnings.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

const serve = (options: Partial<SessionOptions>): Promise<TestServer> =>
  listen('express5', session({ secretKey, ...options }), async (req, res) => {
    const current = sessionOf<Data>(req);
    if (req.url === '/login') Object.assign(await current.login('bob'), { name: 'Bob' });
    if (req.url === '/visit') current['a'] = 1;
    res.end(JSON.stringify([current.rejected ?? null, sessionOf(req)]));
  });

describe('userGeneration', () => {
  const answers: [string, (generation: () => number | undefined) => Generation][] = [
    ['at once', (generation) => () => generation()],
    ['with a promise', (generation) => () => Promise.resolve(generation())],
  ];
  test.each(answers)(
    'ends all sessions of a user when it changes, answering %s',
    async (_, make) => {
      const generations = new Map<string, number>();
      const asked: string[] = [];
      const answer = make(() => generations.get('bob'));
      const server = await serve({
        userGeneration: (userId) => {
          asked.push(userId);
          return answer(userId);
        },
      });
      const headers = { cookie: cookieHeader(await server.request('/login')) };
      expect((await server.request('/', { headers })).text).toBe('[null,{"name":"Bob"}]');
      generations.set('bob', 2);
      expect((await server.request('/', { headers })).text).toBe('["revoked",{}]');
      const again = { cookie: cookieHeader(await server.request('/login')) };
      expect((await server.request('/', { headers: again })).text).toBe('[null,{"name":"Bob"}]');
      expect(new Set(asked)).toEqual(new Set(['bob']));
    },
  );

  test('is not asked about visitors who did not log in', async () => {
    const server = await serve({
      userGeneration: () => {
        throw new Error('asked');
      },
    });
    const headers = { cookie: cookieHeader(await server.request('/visit')) };
    expect((await server.request('/', { headers })).text).toBe('[null,{"a":1}]');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('database away');
      },
    ],
    ['rejects', () => Promise.reject(new Error('database away'))],
  ])('that %s is a 503, not a way around it', async (_, userGeneration) => {
    const server = await serve({ userGeneration });
    const cookie = await sessionCookie({ secretKey }, { a: 1 }, { userId: 'bob' });
    const response = await server.request('/', { headers: { cookie } });
    expect(response.status).toBe(503);
    expect((await server.request('/login')).status).toBe(500);
  });
});

describe('list and revoke', () => {
  test('know the sessions of a user in a store', async () => {
    const sessions = session({ secretKey, store: memoryStore({ singleProcess: true }) });
    const server = await listen('express5', sessions, async (req, res) => {
      const current = sessionOf<Data>(req);
      if (req.url === '/login') await current.login(7);
      res.end(sessionOf(req).id);
    });
    const phone = await server.request('/login');
    const laptop = await server.request('/login');
    expect(await sessions.list(7)).toHaveLength(2);
    expect(await sessions.revoke(7, { except: laptop.text })).toBe(1);
    expect(await sessions.list('7')).toHaveLength(1);
    const visit = (who: typeof phone): Promise<{ text: string }> =>
      server.request('/', { headers: { cookie: cookieHeader(who) } });
    expect((await visit(laptop)).text).toBe(laptop.text);
    expect((await visit(phone)).text).not.toBe(phone.text);
  });

  test('say that cookie sessions cannot', async () => {
    const sessions = session({ secretKey });
    const wanted = { code: 'ERR_PORTCULLIS_SESSION_UNSUPPORTED' };
    await expect(sessions.list('x')).rejects.toMatchObject(wanted);
    await expect(sessions.revoke('x')).rejects.toMatchObject(wanted);
  });
});

describe('requests without a response', () => {
  test('are read by load(), and stored by save() with a store', async () => {
    const store = memoryStore({ singleProcess: true });
    const sessions = session({ secretKey, store });
    const server = await listen('http', sessions, (req, res) =>
      res.end(JSON.stringify(sessionOf(req))),
    );
    const seen: unknown[] = [];
    server.server.on('upgrade', (req, socket) => {
      void sessions.load<{ n: number }>(req).then(async (current) => {
        seen.push({ ...current }, (await sessions.load(req)) === current);
        current.n = 2;
        await current.save();
        socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      });
    });
    const cookie = await sessionCookie({ secretKey, store }, { n: 1 });
    const { rawRequest } = await import('@portcullis/testing');
    await rawRequest(
      server.port,
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: ${cookie}\r\n\r\n`,
    );
    expect(seen).toEqual([{ n: 1 }, true]);
    expect((await server.request('/', { headers: { cookie } })).text).toBe('{"n":2}');
  });

  test('may run the middleware with an object that is no response', async () => {
    const sessions = session({ secretKey });
    const cookie = await sessionCookie({ secretKey }, { n: 1 });
    const seen: unknown[] = [];
    const server = await listen('http', (req, res) => {
      sessions(req, {} as typeof res, () => {
        seen.push({ ...sessionOf(req) });
        Object.assign(sessionOf(req), { n: 2 });
        res.end();
      });
    });
    await server.request('/', { headers: { cookie } });
    expect(seen).toEqual([{ n: 1 }]);
  });

  test('that were read ahead by the middleware are not read twice by load()', async () => {
    let reads = 0;
    const store = ownStrategy({
      read: async () => {
        reads++;
        return { kind: 'none' };
      },
    });
    const sessions = session({ secretKey, store });
    const server = await listen('http', sessions, async (req, res) => {
      await sessions.load(req);
      res.end();
    });
    await server.request('/');
    expect(reads).toBe(1);
  });
});

describe('a strategy of your own', () => {
  test('that is not eager must answer at once', async () => {
    const store = ownStrategy({ eager: false, read: async () => ({ kind: 'none' }) });
    const server = await serve({ store });
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([
      500,
      expect.stringMatching(/not eager, so read\(\) must answer at once/),
    ]);
  });

  test('learns the name of the cookie, and may name the status of a failure', async () => {
    const store = ownStrategy({
      read: (ctx) => Promise.reject(Object.assign(new Error(ctx.cookieName), { status: 507 })),
    });
    const response = await (await serve({ store, cookieName: 'sid' })).request('/');
    expect([response.status, /sid/.test(response.text)]).toEqual([507, true]);
  });

  test('whose read fails when a session is renewed unseen is a 503', async () => {
    const store = ownStrategy({
      eager: false,
      read: () => {
        throw new Error('away');
      },
    });
    const server = await listen('http', session({ secretKey, store, touch: 'always' }));
    expect((await server.request('/', { headers: { cookie: 'session=x' } })).status).toBe(503);
    expect((await server.request('/')).status).toBe(200);
  });

  test('that is degraded is silent about late changes', async () => {
    const store = ownStrategy({ read: () => ({ kind: 'degraded' }) });
    const warnings = await warningsOf(async () => {
      const server = await listen('http', session({ secretKey, store }), (req, res) => {
        res.write('one ');
        Object.assign(sessionOf(req), { a: 1 });
        res.end('two');
      });
      await server.request('/');
    });
    expect(warnings).toEqual([]);
  });

  test('whose read fails later is a 503', async () => {
    const server = await serve({
      store: ownStrategy({ read: () => Promise.reject(new Error('away')) }),
    });
    expect((await server.request('/')).status).toBe(503);
  });

  test('that is degraded stores nothing and leaves the cookie alone', async () => {
    const store = ownStrategy({
      read: () => ({ kind: 'degraded' }),
      commit: () => Promise.reject(new Error('written')),
    });
    const server = await serve({ store });
    const response = await server.request('/visit', { headers: { cookie: 'session=x' } });
    expect([response.status, response.setCookie]).toEqual([200, []]);
  });

  test('may read again, and say that the session is gone', async () => {
    const record = {
      id: 'x',
      data: { a: 1 },
      text: '{"a":1}',
      createdAt: Date.now() / 1000,
      issuedAt: Date.now() / 1000,
    };
    let there = true;
    const store = ownStrategy({
      read: () => ({ kind: 'session', record }),
      reload: () =>
        there
          ? { kind: 'session', record: { ...record, text: '{"a":2}' } }
          : { kind: 'rejected', reason: 'not-found' },
    });
    const server = await listen('express5', session({ secretKey, store }), async (req, res) => {
      const current = sessionOf<Data>(req);
      await current.reload();
      expect({ ...current }).toEqual({ a: 2 });
      there = false;
      await expect(current.reload()).rejects.toMatchObject({ code: 'ERR_PORTCULLIS_SESSION_GONE' });
      res.end();
    });
    expect((await server.request('/')).status).toBe(200);
  });
});
