import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestResponse, TestServer } from '@portcullis/testing';
import { session, sessionOf } from '../src/index.ts';
import type { Session, SessionOptions } from '../src/index.ts';
import { readSessionCookie, sessionCookie } from '../src/testing.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;
type Step = (
  current: Session<Data>,
  exchange: {
    req: Omit<IncomingMessage, 'session'> & { session?: unknown };
    res: Parameters<TestMiddleware>[1];
  },
) => unknown;

/** A server that does one thing with the session of each request and answers what came out. */
async function serve(step: Step, options: Partial<SessionOptions> = {}): Promise<TestServer> {
  return listen('express5', session({ secretKey, ...options }), async (req, res) => {
    const out: unknown = await step(sessionOf<Data>(req), { req, res });
    res.end(JSON.stringify(out ?? null));
  });
}

const withData = async (data: Data, facts = {}): Promise<{ headers: { cookie: string } }> => ({
  headers: { cookie: await sessionCookie({ secretKey }, data, facts) },
});

const stored = (response: TestResponse): ReturnType<typeof readSessionCookie> =>
  readSessionCookie({ secretKey }, response.setCookie);

describe('req.session as an object', () => {
  test('shows the data and nothing else', async () => {
    const server = await serve((current) => {
      const seen: string[] = [];
      for (const key in current) seen.push(key);
      return [seen, Object.keys(current), JSON.stringify(current), { ...current }, 'a' in current];
    });
    const response = await server.request('/', await withData({ a: 1, b: [2] }));
    expect(response.json()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      '{"a":1,"b":[2]}',
      { a: 1, b: [2] },
      true,
    ]);
  });

  test('can be printed, compared and cloned like data', async () => {
    const server = await serve((current) => {
      expect({ ...current }).toEqual({ a: 1 });
      expect(structuredClone({ ...current })).toEqual({ a: 1 });
      expect(current).toEqual({ a: 1 });
    });
    expect((await server.request('/', await withData({ a: 1 }))).status).toBe(200);
  });

  test.each([
    'id',
    'isNew',
    'rejected',
    'save',
    'reload',
    'touch',
    'regenerate',
    'destroy',
    'update',
    'login',
    'logout',
    'flash',
  ])('throws when %s is assigned, because that would hide the method', async (name) => {
    const server = await serve((current) => {
      expect(() => Object.assign(current, { [name]: 1 })).toThrow(
        expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_RESERVED_KEY' }),
      );
    });
    expect((await server.request('/')).status).toBe(200);
  });

  test('leaves out reserved names of a stored session, and does not store it again for that', async () => {
    const server = await serve((current) => [
      Object.keys(current),
      typeof current.save,
      ({} as Data)['polluted'],
    ]);
    const data = JSON.parse('{"save":1,"__proto__":{"polluted":1},"a":1}') as Data;
    const response = await server.request('/', await withData(data));
    expect(response.json()).toEqual([['a'], 'function', null]);
    expect(response.setCookie).toEqual([]);
  });

  test('is not copied or looked at when the request is copied', async () => {
    const server = await listen('http', session({ secretKey }), (req, res) => {
      res.end(String('session' in Object.assign({}, req)));
    });
    const response = await server.request('/');
    expect(response.text).toBe('false');
    expect(response.headers['vary']).toBeUndefined();
  });

  test('is there for a request object made from another', async () => {
    const server = await listen('http', session({ secretKey }), (req, res) => {
      const derived = Object.create(req) as typeof req;
      Object.assign(sessionOf<Data>(derived), { a: 1 });
      res.end(JSON.stringify(sessionOf<Data>(req)));
    });
    expect((await server.request('/')).text).toBe('{"a":1}');
  });
});

describe('req.session =', () => {
  test('null ends the session', async () => {
    const server = await serve((_, { req }) => {
      req.session = null;
      expect(() => sessionOf(req as IncomingMessage)).toThrow(
        expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_ENDED' }),
      );
      return req.session;
    });
    const response = await server.request('/', await withData({ a: 1 }));
    expect(response.text).toBe('null');
    expect(response.setCookie).toEqual([expect.stringMatching(/^session=; .*Max-Age=0/)]);
  });

  test('null sets no cookie when none came', async () => {
    const server = await serve((_, { req }) => {
      req.session = undefined;
    });
    expect((await server.request('/')).setCookie).toEqual([]);
  });

  test('an object replaces the data', async () => {
    const server = await serve((_, { req }) => {
      req.session = { b: 2 };
    });
    const response = await server.request('/', await withData({ a: 1 }));
    expect(await stored(response)).toMatchObject({ data: { b: 2 } });
  });

  test('an object after null begins a new session', async () => {
    const server = await serve((current, { req }) => {
      const before = current.id;
      req.session = null;
      req.session = { b: 2 };
      return before === sessionOf(req as IncomingMessage).id;
    });
    const response = await server.request('/', await withData({ a: 1 }));
    expect(response.text).toBe('false');
    expect(await stored(response)).toMatchObject({ data: { b: 2 } });
    expect(response.setCookie).toHaveLength(1);
  });

  test('an empty object without a cookie sets none, and itself changes nothing', async () => {
    const server = await serve((_, { req }) => {
      req.session = {};
      req.session = sessionOf(req as IncomingMessage);
    });
    expect((await server.request('/')).setCookie).toEqual([]);
  });

  test.each([[5], ['text'], [[1]], [true]])('%j throws', async (value) => {
    const server = await serve((_, { req }) => {
      expect(() => {
        req.session = value;
      }).toThrow(expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_VALUE' }));
    });
    expect((await server.request('/')).status).toBe(200);
  });

  test('an object with a reserved name throws', async () => {
    const server = await serve((_, { req }) => {
      expect(() => {
        req.session = { id: 5 };
      }).toThrow(expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_RESERVED_KEY' }));
    });
    expect((await server.request('/')).status).toBe(200);
  });

  test('can be deleted and defined anew', async () => {
    const server = await serve((_, { req }) => {
      delete req.session;
      req.session = 'mine';
      return req.session;
    });
    expect((await server.request('/')).text).toBe('"mine"');
  });
});

describe('changes', () => {
  test.each([
    ['a new key', (current: Data) => (current['b'] = 2), { a: { n: [1] }, b: 2 }],
    [
      'a nested push',
      (current: Data) => (current['a'] as { n: number[] }).n.push(2),
      { a: { n: [1, 2] } },
    ],
    ['a deleted key', (current: Data) => (delete current['a'], (current['b'] = 1)), { b: 1 }],
  ])('are found: %s', async (_, change, wanted) => {
    const server = await serve((current) => void change(current));
    const response = await server.request('/', await withData({ a: { n: [1] } }));
    expect((await stored(response))?.data).toEqual(wanted);
  });

  test.each([
    ['reading', () => undefined],
    ['writing an equal value', (current: Data) => (current['a'] = 1)],
    ['setting a key to undefined', (current: Data) => (current['b'] = undefined)],
  ])('are not seen in %s', async (_, use) => {
    const server = await serve((current) => void use(current));
    const response = await server.request('/', await withData({ a: 1 }));
    expect(response.setCookie).toEqual([]);
  });

  test('that leave nothing remove the cookie', async () => {
    const server = await serve((current) => {
      delete current['a'];
    });
    const response = await server.request('/', await withData({ a: 1 }));
    expect(response.setCookie).toEqual([expect.stringMatching(/^session=; .*Max-Age=0/)]);
  });

  test.each(['; = , "quotes" \\ %20', 'ünïcödé 😀 \u2028', '<b>&amp;'])('keep %j', async (text) => {
    const server = await serve((current) => {
      current[text] = text;
    });
    expect((await stored(await server.request('/')))?.data).toEqual({ [text]: text });
  });
});

describe('regenerate', () => {
  test('gives a new, empty session under a new id and leaves the old object readable', async () => {
    const server = await serve(async (current, { req }) => {
      const before = current.id;
      const fresh = await current.regenerate();
      expect(sessionOf(req as IncomingMessage)).toBe(fresh);
      expect({ ...current }).toEqual({ a: 1 });
      expect({ ...fresh }).toEqual({});
      Object.assign(fresh, { b: 2 });
      return fresh.id === before;
    });
    const response = await server.request('/', await withData({ a: 1 }, { userId: 'u' }));
    expect(response.text).toBe('false');
    const now = await stored(response);
    expect(now).toMatchObject({ data: { b: 2 }, userId: undefined });
  });

  test.each([
    [true, { a: 1, b: 2 }, 'u'],
    [['b'], { b: 2 }, undefined],
    [false, { c: 3 }, undefined],
  ])('keeps what it is told to: %j', async (keep, data, userId) => {
    const server = await serve(async (current) => {
      const fresh = await current.regenerate({ keep });
      if (keep === false) fresh['c'] = 3;
    });
    const response = await server.request('/', await withData({ a: 1, b: 2 }, { userId: 'u' }));
    expect(await stored(response)).toMatchObject({ data, userId });
  });

  test('takes a callback, and options with a callback', async () => {
    const server = await serve(
      (current) =>
        new Promise((resolve) => {
          const same = current.regenerate(() => {
            current.regenerate({ keep: true }, resolve);
          });
          expect(same).toBe(current);
        }),
    );
    expect((await server.request('/')).text).toBe('null');
  });

  test('keeps nothing of a session that was ended', async () => {
    const server = await serve(async (current) => {
      await current.destroy();
      return current.regenerate({ keep: true });
    });
    expect((await server.request('/', await withData({ a: 1 }))).text).toBe('{}');
  });
});

describe('login and logout', () => {
  test('login binds the user under a new id and drops what was there before, except flash messages', async () => {
    const server = await serve(async (current) => {
      current.flash('info', 'hello');
      const before = current.id;
      const fresh = await current.login(42);
      fresh['role'] = 'admin';
      return [before === fresh.id, fresh.flash('info')];
    });
    const response = await server.request('/', await withData({ planted: 1 }));
    expect(response.json()).toEqual([false, ['hello']]);
    const now = await stored(response);
    expect(now).toMatchObject({ userId: '42', data: { role: 'admin' } });
  });

  test('login keeps what it is told to, and stores even without data', async () => {
    const server = await serve((current) =>
      current.login('42', { keep: ['cart'] }).then(() => null),
    );
    const kept = await server.request('/', await withData({ cart: [1], x: 1 }));
    expect(await stored(kept)).toMatchObject({ userId: '42', data: { cart: [1] } });
    expect(await stored(await server.request('/'))).toMatchObject({ userId: '42', data: {} });
  });

  test.each([[''], [null], [{}]])('login refuses %j as a user', async (userId) => {
    const server = await serve((current) => {
      expect(() => current.login(userId as string)).toThrow(
        expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_USER_ID' }),
      );
    });
    expect((await server.request('/')).status).toBe(200);
  });

  test('logout removes the cookie', async () => {
    const server = await serve((current) => current.logout().then(() => null));
    const response = await server.request('/', await withData({ a: 1 }, { userId: 'u' }));
    expect(response.setCookie).toEqual([expect.stringMatching(/^session=; .*Max-Age=0/)]);
  });

  test('logout can be followed by a message for the next page', async () => {
    const server = await serve((current) =>
      current.logout().then((fresh) => fresh.flash('info', 'bye')),
    );
    const response = await server.request('/', await withData({ a: 1 }, { userId: 'u' }));
    expect(await stored(response)).toMatchObject({ data: {}, userId: undefined });
    expect(response.setCookie).toHaveLength(1);
  });
});

describe('flash', () => {
  test('keeps messages for the next request, once, and not as data', async () => {
    const server = await serve((current, { req }) => {
      if (req.url === '/write') {
        current.flash('info', 'one');
        current.flash('info', { two: 2 });
        current.flash('error', 'three');
        return Object.keys(current);
      }
      return [current.flash('info'), current.flash('info'), current.flash('nothing')];
    });
    const written = await server.request('/write');
    expect(written.text).toBe('[]');
    const read = await server.request('/', { headers: { cookie: cookieHeader(written) } });
    expect(read.json()).toEqual([['one', { two: 2 }], [], []]);
    const again = await server.request('/', { headers: { cookie: cookieHeader(read) } });
    expect(again.json()).toEqual([[], [], []]);
  });

  test('has nothing to give to a visitor without a session', async () => {
    const server = await serve((current) => current.flash('info'));
    expect((await server.request('/')).json()).toEqual([]);
  });

  test('removes the cookie with the last message', async () => {
    const server = await serve((current, { req }) =>
      req.url === '/write' ? current.flash('info', 'one') : current.flash('info'),
    );
    const written = await server.request('/write');
    const read = await server.request('/', { headers: { cookie: cookieHeader(written) } });
    expect(read.setCookie).toEqual([expect.stringMatching(/^session=; .*Max-Age=0/)]);
  });
});

describe('save, reload, touch, update', () => {
  test('save and reload take callbacks and give the session back', async () => {
    const server = await serve(
      (current) =>
        new Promise((resolve) => {
          current['a'] = 2;
          const chained = current.save(() => {
            current['a'] = 3;
            current.reload(() => resolve(current['a']));
          });
          expect(chained).toBe(current);
          expect(current.touch()).toBe(current);
        }),
    );
    const response = await server.request('/', await withData({ a: 1 }));
    expect(response.text).toBe('2');
    expect(await stored(response)).toMatchObject({ data: { a: 2 } });
    expect(response.setCookie).toHaveLength(1);
  });

  test('reload empties a session that was never stored', async () => {
    const server = await serve(async (current) => {
      current['a'] = 1;
      await current.reload();
      return current;
    });
    expect((await server.request('/')).text).toBe('{}');
  });

  test('reload brings back a session that was set to null but not yet ended', async () => {
    const server = await serve(async (current, { req }) => {
      req.session = null;
      await current.reload();
      return req.session;
    });
    expect((await server.request('/', await withData({ a: 1 }))).text).toBe('{}');
  });

  test('touch issues a cookie although nothing changed', async () => {
    const server = await serve((current) => current.touch());
    const response = await server.request('/', await withData({ a: 1 }));
    expect(await stored(response)).toMatchObject({ data: { a: 1 } });
  });

  test('update applies a change and stores it', async () => {
    const server = await serve((current) =>
      current.update((data) => {
        data['n'] = Number(data['n'] ?? 0) + 1;
      }),
    );
    const response = await server.request('/', await withData({ n: 1 }));
    expect(await stored(response)).toMatchObject({ data: { n: 2 } });
  });

  test('update in a store works on the newest data', async () => {
    const server = await serve(
      async (current) => {
        await current.update((data) => {
          data['n'] = Number(data['n'] ?? 0) + 1;
        });
        return current;
      },
      { store: 'memory' },
    );
    const first = await server.request('/');
    const headers = { cookie: cookieHeader(first) };
    await Promise.all(Array.from({ length: 5 }, () => server.request('/', { headers })));
    expect((await server.request('/', { headers })).text).toBe('{"n":7}');
  });

  test('update after destroy stores nothing', async () => {
    const server = await serve(async (current) => {
      await current.destroy();
      await current.update((data) => {
        data['n'] = 1;
      });
    });
    const response = await server.request('/', await withData({ n: 1 }));
    expect(response.setCookie).toEqual([expect.stringMatching(/^session=; /)]);
  });

  test('methods that fail tell the callback', async () => {
    const server = await serve(
      (current) =>
        new Promise((resolve) => {
          current['n'] = 1n;
          current.save((error) => {
            delete current['n'];
            resolve((error as { code: string }).code);
          });
        }),
    );
    expect((await server.request('/')).text).toBe('"ERR_PORTCULLIS_SESSION_UNSERIALISABLE"');
  });
});

describe('what is known of a session', () => {
  test('isNew and id', async () => {
    const server = await serve((current) => [current.isNew, current.id.length]);
    expect((await server.request('/')).json()).toEqual([true, 11]);
    expect((await server.request('/', await withData({ a: 1 }))).json()).toEqual([false, 11]);
  });

  test('sessionOf says that no session is mounted', () => {
    expect(() => sessionOf({} as never)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_MISSING' }),
    );
  });
});
