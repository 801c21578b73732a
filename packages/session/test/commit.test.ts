import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen, rawRequest } from '@portcullis/testing';
import type { TestMiddleware, TestResponse } from '@portcullis/testing';
import { memoryStore, session, sessionOf } from '../src/index.ts';
import type { SessionStrategy } from '../src/index.ts';
import { readSessionCookie, sessionCookie } from '../src/testing.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';
import { ownStrategy } from './own-strategy.ts';
import { warningsOf } from './warnings.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

const setOne: TestMiddleware = (req) => Object.assign(sessionOf<Data>(req), { a: 1 });

/** A strategy whose every write takes a while; the order of things is in `log`. */
function slowStrategy(log: string[], overrides: Partial<SessionStrategy> = {}): SessionStrategy {
  return ownStrategy({
    commit: async (_, change) => {
      await wait(30);
      log.push(`stored ${change.kind}`);
      return { kind: 'set', value: 'slow' };
    },
    ...overrides,
  });
}

describe.each(hostNames)('the answer waits for the store on %s', (host) => {
  const answers: [string, TestMiddleware][] = [
    ['end', (_, res) => res.end('body')],
    ['writeHead and end', (_, res) => res.writeHead(200, { 'X-A': '1' }).end('body')],
    ['write and end', (_, res) => (res.write('bo'), res.end('dy'))],
    ['flushHeaders and end', (_, res) => (res.flushHeaders(), res.end('body'))],
    ['a redirect', (_, res) => res.writeHead(302, { Location: '/next' }).end('body')],
  ];
  test.each(answers)('%s', async (_, answer) => {
    const log: string[] = [];
    const server = await listen(
      host,
      session({ secretKey, store: slowStrategy(log) }),
      (req, res, next) => {
        setOne(req, res, next);
        return answer(req, res, next);
      },
    );
    const response = await server.request('/');
    expect(log).toEqual(['stored create']);
    expect(response.text).toBe('body');
    expect(response.setCookie).toEqual([expect.stringMatching(/^session=slow;/)]);
    expect(response.headers['vary']).toBe('Cookie');
    expect(response.headers['cache-control']).toBe('private, no-cache="Set-Cookie"');
  });

  test.each([
    [204, 'GET'],
    [304, 'GET'],
    [200, 'HEAD'],
  ])('status %s to %s', async (status, method) => {
    const log: string[] = [];
    const server = await listen(
      host,
      session({ secretKey, store: slowStrategy(log) }),
      (req, res, next) => {
        setOne(req, res, next);
        res.statusCode = status;
        res.end();
      },
    );
    const response = await server.request('/', { method });
    expect([response.status, response.text, response.setCookie.length]).toEqual([status, '', 1]);
  });

  test('and a failure to store is a clean 503', async () => {
    const store = ownStrategy({ commit: () => Promise.reject(new Error('disk full')) });
    const server = await listen(host, session({ secretKey, store }), (req, res, next) => {
      setOne(req, res, next);
      res.setHeader('ETag', '"x"');
      res.writeHead(302, { Location: '/welcome', 'Content-Length': '4' }).end('body');
    });
    const response = await server.request('/');
    expect(response.status).toBe(503);
    expect(response.headers).not.toHaveProperty('location');
    expect(response.headers).not.toHaveProperty('etag');
    expect(response.setCookie).toEqual([]);
    expect(response.text).not.toMatch(/^body$/);
  });
});

describe('what cannot be stored', () => {
  const failing = async (change: (current: Data) => void): Promise<[number, unknown]> => {
    const server = await listen('express5', session({ secretKey }), (req, res) => {
      change(sessionOf<Data>(req));
      res.end('x');
    });
    const response = await server.request('/');
    return [response.status, response.text];
  };

  test.each([
    [
      'a bigint',
      (current: Data) => (current['cart'] = [{ n: 1n }]),
      /session\.cart\[0\]\.n is a bigint/,
    ],
    [
      'a function in an unchanged session',
      (current: Data) => (current['f'] = () => 1),
      /session\.f is a function/,
    ],
    [
      'a Date',
      (current: Data) => (current['at'] = new Date()),
      /session\.at is a Date, which JSON would not give back as it is; store value\.toISOString\(\)/,
    ],
    [
      'a toJSON that throws',
      (current: Data) =>
        (current['x'] = {
          toJSON: () => {
            throw new Error('no');
          },
        }),
      /toJSON\(\) throws/,
    ],
    [
      'a message that is a Map',
      (current: Data) =>
        (current as { flash: (k: string, m: unknown) => void }).flash('i', new Map()),
      /is a Map/,
    ],
  ])('%s is a 500 that names it', async (_, change, message) => {
    const [status, text] = await failing(change);
    expect(status).toBe(500);
    expect(String(text)).toMatch(message);
  });

  test('20 kB in a cookie is a 500 that names the largest keys and no values', async () => {
    const [status, text] = await failing((current) => {
      current['small'] = 1;
      current['huge'] = 'v'.repeat(20_000);
    });
    expect(status).toBe(500);
    expect(String(text)).toMatch(
      /takes \d+ bytes as a cookie; at most \d+ fit.*huge \(20002 bytes\), small \(1 bytes\)/,
    );
    expect(String(text)).not.toMatch(/vvv/);
  });

  test('a login alone can be too large too', async () => {
    const server = await listen('express5', session({ secretKey }), async (req, res) => {
      await sessionOf(req).login('x'.repeat(20_000));
      res.end('x');
    });
    expect((await server.request('/')).status).toBe(500);
  });
});

describe('large sessions', () => {
  test('are split over cookies, put together again, and cleaned up when they shrink', async () => {
    const server = await listen('http', session({ secretKey }), (req, res) => {
      const current = sessionOf<{ text: string }>(req);
      const size = Number(req.url?.slice(1));
      if (size > 0) current.text = 'x'.repeat(size);
      res.end(String(current.text?.length));
    });
    let first: TestResponse | undefined;
    const warnings = await warningsOf(async () => {
      const other = await listen('http', session({ secretKey }), (req, res) => {
        Object.assign(sessionOf<Data>(req), { text: 'x'.repeat(7000) });
        res.end();
      });
      first = await other.request('/');
      await other.request('/');
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_COOKIE_CHUNKS']);
    if (first === undefined) throw new Error('no response');
    expect(first.setCookie.map((line) => line.split('=')[0])).toEqual([
      'session.0',
      'session.1',
      'session.2',
    ]);
    const headers = { cookie: cookieHeader(first) };
    expect((await server.request('/0', { headers })).text).toBe('7000');
    const small = await server.request('/5', { headers });
    expect(small.setCookie.filter((line) => line.includes('Max-Age=0'))).toHaveLength(3);
    const ended = await readSessionCookie(
      { secretKey },
      small.setCookie.filter((line) => !line.includes('Max-Age=0')),
    );
    expect(ended?.data).toEqual({ text: 'xxxxx' });
  });

  test.each([true, false])(
    'are found although a chunk too many comes with them (encrypt: %s)',
    async (encrypt) => {
      const server = await listen('http', session({ secretKey, encrypt }), (req, res) => {
        const current = sessionOf<Data>(req);
        current['n'] = 1;
        res.end(String(String(current['text']).length));
      });
      const cookie = await sessionCookie({ secretKey, encrypt }, { text: 'x'.repeat(4000) });
      const header = `${cookie}; session.2=planted`;
      const response = await server.request('/', { headers: { cookie: header } });
      expect(response.text).toBe('4000');
      expect(response.setCookie).toContainEqual(expect.stringMatching(/^session\.2=; .*Max-Age=0/));
    },
  );

  test('lose nothing but themselves when a chunk is missing', async () => {
    const server = await listen('http', session({ secretKey }), (req, res) => {
      const current = sessionOf<Data>(req);
      res.end(JSON.stringify([current.rejected, current]));
    });
    const cookie = await sessionCookie({ secretKey }, { text: 'x'.repeat(9000) });
    const [first = '', second = '', third = ''] = cookie.split('; ');
    const swapped = [second.replace('.1', '.0'), first.replace('.0', '.1'), third].join('; ');
    for (const [header, reason] of [
      [[first, third].join('; '), expect.any(String)],
      [second, 'malformed'],
      [swapped, expect.any(String)],
    ]) {
      const response = await server.request('/', { headers: { cookie: String(header) } });
      expect(response.json()).toEqual([reason, {}]);
    }
  });
});

describe('commits of one request', () => {
  test('follow each other, and the last Set-Cookie is the only one', async () => {
    const kinds: string[] = [];
    const store = ownStrategy({
      commit: async (_, change) => {
        await wait(5);
        kinds.push(`${change.kind} ${change.next.text}`);
        return { kind: 'set', value: `v${String(kinds.length)}` };
      },
    });
    const server = await listen('http', session({ secretKey, store }), (req, res) => {
      const current = sessionOf<Data>(req);
      current['a'] = 1;
      void current.save();
      void current.save();
      current['b'] = 2;
      res.setHeader('Set-Cookie', ['other=1', 'session=mine']);
      res.end();
    });
    const response = await server.request('/');
    expect(kinds).toEqual(['create {"a":1}', 'update {"a":1,"b":2}']);
    expect(response.setCookie).toEqual(['other=1', expect.stringMatching(/^session=v2;/)]);
  });

  test('try again before the head when an earlier one failed', async () => {
    let failures = 1;
    const store = ownStrategy({
      commit: () =>
        failures-- > 0 ? Promise.reject(new Error('busy')) : { kind: 'set', value: 'v' },
    });
    const server = await listen('http', session({ secretKey, store }), async (req, res) => {
      const current = sessionOf<Data>(req);
      current['a'] = 1;
      await expect(current.save()).rejects.toThrow('busy');
      void current.save();
      res.end('ok');
    });
    const response = await server.request('/');
    expect([response.status, response.setCookie.length]).toEqual([200, 1]);
  });

  test('destroy what was being stored when the session ended', async () => {
    const log: string[] = [];
    const store = ownStrategy({
      newId: () => `id-${String(log.length)}`,
      commit: async (_, change) => {
        log.push(`${change.kind} ${change.next.id}`);
        await wait(5);
        return { kind: 'set', value: 'v' };
      },
      destroy: async (_, record) => {
        await wait(5);
        log.push(`destroy ${String(record?.id)}`);
        return { kind: 'clear' };
      },
    });
    const server = await listen('http', session({ secretKey, store }), (req, res) => {
      Object.assign(sessionOf<Data>(req), { a: 1 });
      void sessionOf(req).save();
      void sessionOf(req).destroy();
      res.end('bye');
    });
    const response = await server.request('/');
    expect(log).toEqual(['create id-0', 'destroy id-0']);
    expect(response.setCookie).toEqual([]);
  });

  test('give a session that was regenerated while being stored its new id', async () => {
    const log: string[] = [];
    let ids = 0;
    const store = ownStrategy({
      newId: () => `id-${String(ids++)}`,
      commit: async (_, change) => {
        await wait(5);
        log.push(`${change.kind} ${String(change.previous?.id)} ${change.next.id}`);
        return { kind: 'set', value: change.next.id };
      },
    });
    const server = await listen('http', session({ secretKey, store }), (req, res) => {
      Object.assign(sessionOf<Data>(req), { a: 1 });
      void sessionOf(req).save();
      void sessionOf(req).regenerate({ keep: true });
      res.end('hi');
    });
    const response = await server.request('/');
    expect(log).toEqual(['create undefined id-0', 'rotate id-0 id-1']);
    expect(response.setCookie).toEqual([expect.stringMatching(/^session=id-1;/)]);
  });

  test('leave the cookie alone when the strategy says so', async () => {
    const store = ownStrategy({
      commit: () => ({ kind: 'keep' }),
      destroy: () => ({ kind: 'keep' }),
    });
    const server = await listen('http', session({ secretKey, store }), async (req, res) => {
      Object.assign(sessionOf<Data>(req), { a: 1 });
      if (req.url === '/end') await sessionOf(req).destroy();
      res.end();
    });
    const headers = { cookie: 'session=x' };
    expect((await server.request('/', { headers })).setCookie).toEqual([]);
    expect((await server.request('/end', { headers })).setCookie).toEqual([]);
  });

  test('answer 503 when destroy() failed and nobody looked', async () => {
    const store = ownStrategy({
      read: () => ({
        kind: 'session',
        record: {
          id: 'x',
          data: { a: 1 },
          text: '{"a":1}',
          createdAt: Date.now() / 1000,
          issuedAt: Date.now() / 1000,
        },
      }),
      destroy: () => Promise.reject(Object.assign(new Error('gone'), { status: 507 })),
    });
    const server = await listen('http', session({ secretKey, store }), (req, res) => {
      void sessionOf(req).destroy();
      res.end('bye');
    });
    expect((await server.request('/')).status).toBe(507);
  });

  test('cost a clean request no tick', async () => {
    const server = await listen('http', session({ secretKey }), (req, res) => {
      sessionOf(req);
      res.end('x');
      expect(res.headersSent).toBe(true);
      expect(res.writableEnded).toBe(true);
    });
    expect((await server.request('/')).status).toBe(200);
  });

  test('keep the context of the request', async () => {
    const context = new AsyncLocalStorage<string>();
    const store = memoryStore({ singleProcess: true });
    const slow = new Proxy(store, {
      get(target, name) {
        if (name === 'immediate') return false;
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) =>
          wait(5).then(() => Reflect.apply(member, target, given) as unknown);
      },
    });
    const server = await listen(
      'http',
      [(req, _, next) => context.run(String(req.url), next), session({ secretKey, store: slow })],
      async (req, res) => {
        const before = context.getStore();
        Object.assign(sessionOf<Data>(req), { a: 1 });
        await sessionOf(req).save();
        sessionOf(req).save(() => res.end(`${String(before)} ${String(context.getStore())}`));
      },
    );
    const first = await server.request('/a');
    const headers = { cookie: cookieHeader(first) };
    const both = await Promise.all(['/b', '/c'].map((path) => server.request(path, { headers })));
    expect([first, ...both].map(({ text }) => text)).toEqual(['/a /a', '/b /b', '/c /c']);
  });

  test('are told to subscribers, with no id', async () => {
    const events: object[] = [];
    const listener = (event: unknown): void => void events.push(event as object);
    const channels = ['committed', 'destroyed', 'rejected'].map(
      (name) => `portcullis:session:${name}`,
    );
    for (const channel of channels) subscribe(channel, listener);
    const ids: string[] = [];
    const server = await listen('http', session({ secretKey }), async (req, res) => {
      const current = sessionOf<Data>(req);
      ids.push(current.id);
      if (req.url === '/end') await current.destroy();
      else current['a'] = 1;
      res.end();
    });
    const first = await server.request('/');
    await server.request('/end', { headers: { cookie: cookieHeader(first) } });
    await server.request('/', { headers: { cookie: 'session=garbage' } });
    for (const channel of channels) unsubscribe(channel, listener);
    expect(events).toEqual([
      { cookieName: 'session', session: expect.stringMatching(/^[\da-f]{8}$/), kind: 'create' },
      { cookieName: 'session', session: expect.stringMatching(/^[\da-f]{8}$/), kind: 'destroy' },
      { cookieName: 'session', reason: 'malformed' },
      expect.objectContaining({ kind: 'create' }),
    ]);
    for (const id of ids) expect(JSON.stringify(events)).not.toContain(id);
  });
});

describe('requests of hostile shape', () => {
  test('with thousands of session cookies are answered at once', async () => {
    const server = await listen('http', session({ secretKey }), (req, res) =>
      res.end(String(sessionOf(req).rejected)),
    );
    const cookie = Array.from({ length: 800 }, () => 'session=AQ').join(';');
    const text = await rawRequest(
      server.port,
      `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/200 OK[\s\S]*malformed$/);
  });
});
