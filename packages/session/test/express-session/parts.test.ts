import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { compareTexts, planCommit } from '../../src/express-session/commit-plan.ts';
import { isSecure } from '../../src/express-session/is-secure.ts';
import type { SessionRequest } from '../../src/express-session/session-request.ts';
import { pathMatches, requestPath } from '../../src/express-session/path-match.ts';
import { serializeCookie } from '../../src/express-session/serialize-cookie.ts';
import { createTouchThrottle } from '../../src/express-session/touch-throttle.ts';
import { createVerifiedMemo } from '../../src/token/verified-memo.ts';
import { closeAll } from '@portcullis/testing';
import { cookieOf, count, quiet, serve } from './drop-in.ts';
import session = require('../../src/express-session.ts');

afterEach(async () => {
  jest.useRealTimers();
  await closeAll();
});

describe('a cookie covers a path (RFC 6265, 5.1.4)', () => {
  test.each([
    ['/foo', '/foo', true],
    ['/foo/', '/foo', true],
    ['/foo/bar', '/foo', true],
    ['/foo/bar', '/foo/', true],
    ['/foobar', '/foo', false],
    ['/fo', '/foo', false],
    ['/anything', '/', true],
  ])('%s by %s: %p', (path, cookiePath, expected) => {
    expect(pathMatches(path, cookiePath)).toBe(expected);
  });
});

describe('the path of a request', () => {
  test.each([
    ['/a/b?c#d', '/a/b'],
    ['', '/'],
    ['?x', '/'],
    ['http://host/a?b', '/a'],
    ['http://host', '/'],
    ['*', '*'],
  ])('%s is %s', (url, path) => {
    expect(requestPath({ url })).toBe(path);
  });

  test('is what the browser asked for, and not what a router has left of it', () => {
    expect(requestPath({ url: '/b', originalUrl: '/a/b' })).toBe('/a/b');
    expect(requestPath({})).toBe('/');
  });
});

describe('a cookie is not made of', () => {
  test.each<[string, () => unknown]>([
    ['name', () => serializeCookie('a b', 'x', {})],
    ['domain', () => serializeCookie('a', 'x', { domain: 'a;b' })],
    ['path', () => serializeCookie('a', 'x', { path: '/;x' })],
    ['expires', () => serializeCookie('a', 'x', { expires: new Date(NaN) })],
    ['expires', () => serializeCookie('a', 'x', { expires: 'soon' as never })],
    ['priority', () => serializeCookie('a', 'x', { priority: 'urgent' })],
    ['sameSite', () => serializeCookie('a', 'x', { sameSite: 'maybe' })],
  ])('a bad %s', (what, make) => {
    expect(make).toThrow(new RegExp(`(argument|option) ${what} is invalid`));
  });
});

describe('Cookie', () => {
  const { Cookie } = session;

  test('counts down, and remembers where it started', () => {
    jest.useFakeTimers();
    const cookie = new Cookie({ maxAge: 5_000 });
    jest.advanceTimersByTime(2_000);
    expect([cookie.maxAge, cookie.originalMaxAge]).toEqual([3_000, 5_000]);
    expect(cookie.serialize('a', 'b c')).toMatch(/^a=b%20c; Path=\/; Expires=.*; HttpOnly$/);
    expect(cookie.toJSON()).toEqual(cookie.data);
  });

  test('takes the last of maxAge and expires, and no data', () => {
    const date = new Date(5e12);
    expect(new Cookie({ maxAge: 1_000, expires: date }).expires).toBe(date);
    const odd = new Cookie({ expires: date, maxAge: null, data: 1 } as never);
    expect([odd.expires, odd.originalMaxAge]).toEqual([null, null]);
    expect(new Cookie({ maxAge: date as never }).expires).toBe(date);
    expect(new Cookie(null as never).path).toBe('/');
    expect(new Cookie(false as never).path).toBe('/');
    expect(new Cookie(Object.create({ path: '/layered' }) as object).path).toBe('/layered');
  });

  test.each([
    ['text' as never, /must be a object/],
    [{ maxAge: '1' } as never, /must be a number/],
  ])('refuses %p', (options, message) => {
    expect(() => new Cookie(options)).toThrow(message);
  });
});

describe('Store', () => {
  const { MemoryStore, Session, Store } = session;
  type AnyStore = InstanceType<typeof Store>;

  test('is the base of stores from before and after classes', () => {
    class Modern extends Store {}
    const Ancient = function (this: object): void {
      Store.call(this);
    } as unknown as new () => AnyStore;
    Object.setPrototypeOf(Ancient.prototype, Store.prototype);
    for (const store of [new Modern(), new Ancient()]) {
      expect(store).toBeInstanceOf(Store);
      expect(store).toBeInstanceOf(EventEmitter);
      let heard = 0;
      store.on('connect', () => (heard += 1));
      store.emit('connect');
      expect(heard).toBe(1);
    }
  });

  const call = <T>(
    run: (callback: (error: unknown, value?: T) => void) => void,
  ): Promise<T | undefined> =>
    new Promise((resolve, reject) =>
      run((error, value) => (error ? reject(error as Error) : resolve(value))),
    );

  test('keeps sessions in memory for who calls it himself', async () => {
    const store = new MemoryStore();
    const cookie = { originalMaxAge: 1_000, expires: new Date(Date.now() + 60_000).toISOString() };
    await call<never>((callback) => store.set('a', { cookie, n: 1, gone: 1 }, callback));
    await call<never>((callback) => store.set('a', { cookie, n: 2 }, callback));
    store.set('b', { n: 3 });
    expect(await call((callback) => store.get('a', callback))).toMatchObject({ cookie, n: 2 });
    expect(Object.keys((await call((callback) => store.get('a', callback))) ?? {})).toEqual([
      'cookie',
      'n',
    ]);
    expect(await call((callback) => store.get('nobody', callback))).toBeUndefined();
    expect(Object.keys((await call((callback) => store.all(callback))) ?? {})).toEqual(['a', 'b']);
    expect(await call((callback) => store.length(callback))).toBe(2);
    await call<never>((callback) =>
      store.touch('a', { n: 9, cookie: { expires: new Date(0) } }, callback),
    );
    expect(await call((callback) => store.get('a', callback))).toBeUndefined();
    await call<never>((callback) => store.destroy('b', callback));
    await call<never>((callback) => store.clear(callback));
    store.clear();
    expect(await call((callback) => store.length(callback))).toBe(0);
  });

  test('loads a session for a socket, whose methods go to the store', async () => {
    const store = new MemoryStore();
    const expires = new Date(Date.now() + 60_000);
    await call<never>((callback) =>
      store.set('a', { cookie: { expires, originalMaxAge: 60_000 }, n: 1 }, callback),
    );
    const loaded = await call<InstanceType<typeof Session>>((callback) =>
      store.load('a', callback),
    );
    if (loaded === undefined) throw new Error('not loaded');
    expect([loaded.id, loaded['n'], loaded.cookie.originalMaxAge]).toEqual(['a', 1, 60_000]);
    loaded['n'] = 2;
    await loaded.save();
    loaded['n'] = 3;
    await call<never>((callback) => loaded.reload(callback));
    expect(loaded.req.session?.['n']).toBe(2);
    await expect(loaded.regenerate()).rejects.toThrow('needs a request');
    await loaded.destroy();
    expect(await call((callback) => store.load('a', callback))).toBeUndefined();
    await expect(loaded.reload()).rejects.toThrow('failed to load session');
    const lone = new Session({ sessionID: 'x' });
    await expect(lone.save()).rejects.toThrow('no sessionStore');
  });

  test('hands on the error of a store that cannot load', async () => {
    const store = Object.assign(new Store(), {
      get: (_id: string, callback: (error: unknown) => void) => callback(new Error('down')),
    });
    await expect(call((callback) => store.load('a', callback))).rejects.toThrow('down');
  });

  test('regenerates for a request that did not come through the middleware', async () => {
    const store = Object.assign(new MemoryStore(), {
      generate: (req: { sessionID?: string }) => (req.sessionID = 'new'),
    });
    const req = { sessionID: 'old' };
    await call<never>((callback) => store.regenerate(req, callback));
    expect(req.sessionID).toBe('new');
  });

  test('skips stored keys that are methods, or the prototype', () => {
    const stored = JSON.parse('{"save":1,"id":2,"__proto__":{"evil":1},"n":3}') as object;
    const made = new Session({ sessionID: 'x' }, stored as never);
    expect(Object.keys(made)).toEqual(['n']);
    expect([typeof made.save, made.id, made['evil']]).toEqual(['function', 'x', undefined]);
  });
});

describe('what is remembered', () => {
  test('of touches is bounded, and forgotten after a pause', () => {
    jest.useFakeTimers();
    const throttle = createTouchThrottle();
    expect([throttle.due('a', 1_000), throttle.due('a', 1_000)]).toEqual([true, false]);
    jest.advanceTimersByTime(100);
    expect(throttle.due('a', 1_000)).toBe(true);
    expect([throttle.due('b', undefined), throttle.due('b', undefined)]).toEqual([true, false]);
    for (let index = 0; index < 10_000; index += 1) throttle.due(`s${index}`, undefined);
    expect(throttle.due('b', undefined)).toBe(true);
  });

  test('of good cookies is bounded', () => {
    const memo = createVerifiedMemo<number>();
    for (let index = 0; index <= 100; index += 1) memo.add(String(index).padEnd(10_000), index);
    const remembered = [0, 100].map((index) => memo.get(String(index).padEnd(10_000)));
    expect(remembered).toEqual([undefined, 100]);
  });
});

test('names of Object.prototype are keys like any other', () => {
  expect(compareTexts({ toString: '1' }, { constructor: '2' })).toEqual({
    changed: ['constructor'],
    deleted: ['toString'],
  });
});

describe('a request is secure', () => {
  const forwarded = { headers: { 'x-forwarded-proto': 'HTTPS, http' } };
  test.each<[string, SessionRequest, boolean | undefined, boolean]>([
    ['over TLS', { socket: { encrypted: true } as never }, false, true],
    ['when Express says so', { secure: true }, undefined, true],
    ['not when Express does not', forwarded, undefined, false],
    ['when a proxy says so and is believed', forwarded, true, true],
    ['not when it is not believed', forwarded, false, false],
    ['not without a word of the proxy', {}, true, false],
  ])('%s', (_name, req, proxy, expected) => {
    expect(isSecure(req, proxy)).toBe(expected);
  });
});

describe('the plan of a response', () => {
  const { data } = new session.Cookie();
  const snapshot = (texts: Record<string, string>) => ({ id: 'a', texts, cookie: data });
  test.each([
    ['a deleted key is a change', { n: '1' }, {}, 'save'],
    ['the text of the cookie is none', { cookie: '{}', n: '1' }, { n: '1' }, 'touch'],
  ])('%s', (_name, before, after, expected) => {
    const plan = planCommit({
      cookieId: 'a',
      now: snapshot(after),
      original: snapshot(before),
      saved: snapshot(before),
      stored: snapshot(before),
      persistent: false,
      rolling: false,
      saveUninitialized: false,
    });
    expect(plan.store).toBe(expected);
  });
});

describe('a store that is none', () => {
  test.each([['redis://:hunter2@db'], [true], [5]])('%p is refused without showing it', (store) => {
    const refused = () => session({ ...quiet, store: store as never });
    expect(refused).toThrow(new TypeError('store option must be a store'));
  });

  test('but empty is the one in memory, as in express-session', () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(() => session({ ...quiet, store: null as never })).not.toThrow();
    expect(() => session(null as never)).not.toThrow();
    jest.restoreAllMocks();
  });
});

describe('a method that somebody puts in the place of one of the memory store is called', () => {
  const { MemoryStore } = session;
  type Memory = InstanceType<typeof MemoryStore>;

  const watchSet = (target: Memory): string[] => {
    const { set } = target;
    const written: string[] = [];
    target.set = function (id, record, callback) {
      written.push(id);
      set.call(this, id, record, callback);
    };
    return written;
  };

  test('before the middleware is made', async () => {
    const store = new MemoryStore();
    const written = watchSet(store);
    const server = await serve({ ...quiet, store }, count);
    await server.request('/');
    expect(written).toHaveLength(1);
  });

  test('between two requests, and what the first has stored is found', async () => {
    const store = new MemoryStore();
    const server = await serve({ ...quiet, store }, count);
    const cookie = cookieOf(await server.request('/'));
    const written = watchSet(store);
    expect((await server.request('/', { headers: { cookie } })).text).toBe('2');
    expect(written).toHaveLength(1);
  });

  test('on the prototype', async () => {
    const { set } = MemoryStore.prototype;
    try {
      const written = watchSet(MemoryStore.prototype);
      const server = await serve({ ...quiet, store: new MemoryStore() }, count);
      const cookie = cookieOf(await server.request('/'));
      await server.request('/', { headers: { cookie } });
      expect(written).toHaveLength(2);
    } finally {
      MemoryStore.prototype.set = set;
    }
  });

  test.each([
    ['get', 503],
    ['set', 503],
    ['touch', 200],
  ] as const)('and its %s may fail', async (method, status) => {
    const store = new MemoryStore();
    const server = await serve({ ...quiet, store }, (req, res) => {
      if (req.url === '/write') req.session['n'] = Math.random();
      res.end('x');
    });
    const cookie = cookieOf(await server.request('/write'));
    let calls = 0;
    store[method] = (...all: unknown[]): void => {
      calls += 1;
      (all.at(-1) as (error: Error) => void)(new Error('down'));
    };
    const path = method === 'set' ? '/write' : '/';
    expect((await server.request(path, { headers: { cookie } })).status).toBe(status);
    expect(calls).toBe(1);
  });
});
