import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll } from '@portcullis/testing';
import { type Handler, original, ours, quiet, run, secret, type Seen, type Step } from './twins.ts';

// Both warn of short secrets, defaults and the memory store.
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

interface Scenario {
  readonly options?: Record<string, unknown>;
  readonly handler: Handler;
  readonly steps?: readonly Step[];
  /** Something that must show, so that a scenario in which nothing happens cannot pass. */
  readonly shows?: (seen: readonly Seen[]) => unknown;
}

const twice: readonly Step[] = [{}, {}];
const count: Handler = (req, res) => {
  req.session['n'] = ((req.session['n'] as number | undefined) ?? 0) + 1;
  res.end(`${String(req.session['n'])} ${req.sessionID}`);
};
const read: Handler = (req, res) =>
  res.end(`${String(req.session['n'])} ${Object.keys(req.session).join()}`);
const first =
  (one: Handler, other: Handler): Handler =>
  (req, res, next) =>
    (req.url === '/' ? other : one)(req, res, next);

/** Each runs against express-session and against the drop-in, and has to come out the same. */
const scenarios: Record<string, Scenario> = {
  'a counter over three requests': {
    handler: count,
    steps: [{}, {}, {}],
    shows: (s) => s[2]?.body.startsWith('3'),
  },
  'an untouched session with saveUninitialized: false': {
    handler: (_q, res) => res.end('x'),
    steps: twice,
  },
  'an untouched session with saveUninitialized: true': {
    options: { saveUninitialized: true },
    handler: (req, res) => res.end(req.sessionID),
    steps: twice,
    shows: (s) => s[0]?.setCookie.length === 1 && s[1]?.setCookie.length === 0,
  },
  'the defaults of resave and saveUninitialized': {
    options: { resave: undefined, saveUninitialized: undefined },
    handler: count,
    steps: twice,
  },
  'resave: true of an unchanged session': {
    options: { resave: true },
    handler: first(count, read),
    steps: [{ path: '/set' }, {}, {}],
  },
  'rolling: true': {
    options: { rolling: true, cookie: { maxAge: 60_000 } },
    handler: first(count, read),
    steps: [{ path: '/set' }, {}, {}],
    shows: (s) => s[2]?.setCookie.length === 1,
  },
  'rolling: true with an empty session': {
    options: { rolling: true },
    handler: (_q, res) => res.end('x'),
    steps: twice,
  },
  'rolling: true and saveUninitialized: true': {
    options: { rolling: true, saveUninitialized: true },
    handler: (_q, res) => res.end('x'),
    steps: twice,
  },
  'a persistent cookie is set again when the session changes': {
    options: { cookie: { maxAge: 3_600_000 } },
    handler: count,
    steps: twice,
    shows: (s) => s[1]?.setCookie[0]?.includes('Expires=in 3600'),
  },
  'a cookie that ends with the browser is set once': {
    handler: count,
    steps: twice,
    shows: (s) => s[1]?.setCookie.length === 0,
  },
  'every attribute of the cookie': {
    options: {
      cookie: {
        maxAge: 60_000,
        path: '/',
        domain: 'example.com',
        httpOnly: false,
        sameSite: 'strict',
        priority: 'high',
        partitioned: true,
      },
    },
    handler: count,
    shows: (s) => s[0]?.setCookie[0]?.includes('Priority=High'),
  },
  'sameSite: true': { options: { cookie: { sameSite: true } }, handler: count },
  'sameSite: none': { options: { cookie: { sameSite: 'none' } }, handler: count },
  'priority: medium': { options: { cookie: { priority: 'medium' } }, handler: count },
  'another cookie name': { options: { name: 'sid' }, handler: count, steps: twice },
  'the option key': { options: { key: 'k' }, handler: count, steps: twice },
  'genid with unsafe characters': {
    options: { genid: () => '% ;é"' },
    handler: count,
    steps: twice,
    shows: (s) => s[1]?.body.startsWith('2'),
  },
  'genid gets the request': {
    options: { genid: (req: { url: string }) => `id-of-${req.url.slice(1)}-and-more` },
    handler: count,
    steps: [{ path: '/abc' }],
  },
  'an unsigned cookie is ignored': {
    handler: count,
    steps: [{ headers: { cookie: 'connect.sid=abc' } }],
  },
  'a wrongly signed cookie is ignored': {
    handler: count,
    steps: [{ headers: { cookie: 'connect.sid=s%3Aabc.def' } }],
  },
  'an unknown id is not adopted': {
    handler: count,
    steps: [
      {},
      {
        headers: {
          cookie:
            'connect.sid=s:vXkBqYLzrgIzjDPJlXkLsmZfMNyYuJqC.qC8RVRRHrhqtBTJ0WZcPoNUeFL+BK8MZqEq/fTyLDAc',
        },
      },
    ],
  },
  'the old secret of a list verifies': {
    options: { secret: [secret, 'the older secret, also long enough'] },
    handler: count,
    steps: twice,
  },
  'secure: true over http': { options: { cookie: { secure: true } }, handler: count, steps: twice },
  'secure: true behind a trusted proxy': {
    options: { proxy: true, cookie: { secure: true } },
    handler: count,
    steps: [
      { headers: { 'x-forwarded-proto': 'https, http' } },
      { headers: { 'x-forwarded-proto': 'http' } },
    ],
  },
  'secure: true with proxy: false': {
    options: { proxy: false, cookie: { secure: true } },
    handler: count,
    steps: [{ headers: { 'x-forwarded-proto': 'https' } }],
  },
  'secure: auto over http': {
    options: { cookie: { secure: 'auto' } },
    handler: count,
    steps: twice,
  },
  'secure and sameSite: auto behind a proxy': {
    options: { proxy: true, cookie: { secure: 'auto', sameSite: 'auto' } },
    handler: count,
    steps: [{ headers: { 'x-forwarded-proto': 'https' } }, { cookies: false }],
    shows: (s) => s[0]?.setCookie[0]?.includes('SameSite=None'),
  },
  'cookie as a function': {
    options: {
      cookie: (req: { url: string }) => ({ path: `/${req.url.split('/')[1]}`, maxAge: 60_000 }),
    },
    handler: count,
    steps: [{ path: '/admin/x' }],
  },
  'a path that does not match': {
    options: { cookie: { path: '/admin' } },
    handler: (req, res) => res.end(typeof req.session),
    steps: [{ path: '/other' }, { path: '/admin/x?y' }].slice(0, 1),
  },
  'regenerate gives a new id and no data': {
    handler: first((req, res) => {
      const before = req.sessionID;
      const old = req.session;
      old['n'] = 5;
      req.session.regenerate(() =>
        res.end(
          `${before} ${req.sessionID} ${String(req.session['n'])} ${String(old['n'])} ${Object.keys(req.session).join()}`,
        ),
      );
    }, count),
    steps: [{}, { path: '/regenerate' }, {}],
  },
  'destroy removes req.session': {
    handler: first((req, res) => req.session.destroy(() => res.end(typeof req.session)), (req, res) => { req.session['n'] = 1; res.end('x'); }), // prettier-ignore
    steps: [{ path: '/destroy', cookies: false }],
  },
  'reload brings back what is stored': {
    handler: first((req, res) => {
      req.session['n'] = 'changed';
      req.session['extra'] = 1;
      req.session.reload(() =>
        res.end(`${String(req.session['n'])} ${Object.keys(req.session).join()}`),
      );
    }, count),
    steps: [{}, { path: '/reload' }, { path: '/' }],
  },
  'reload of a session that is gone': {
    handler: (req, res) => {
      req.session['n'] = 1;
      req.session.reload((error) => res.end(String((error as Error).message)));
    },
  },
  'save, then no more changes': { handler: (req, res) => { req.session['n'] = 1; req.session.save(() => res.end('saved')); }, steps: twice }, // prettier-ignore
  'save without a callback': { handler: (req, res) => { req.session['n'] = 1; req.session.save(); res.end('saved'); }, steps: twice }, // prettier-ignore
  'touch and resetMaxAge chain': { options: { cookie: { maxAge: 60_000 } }, handler: (req, res) => { req.session['n'] = 1; res.end(String(req.session.touch() === req.session)); } }, // prettier-ignore
  'req.session = null with unset: keep': { handler: first((req, res) => { (req as { session: unknown }).session = null; res.end('x'); }, count), steps: [{}, { path: '/unset' }, {}] }, // prettier-ignore
  'a cookie changed by the handler': { handler: (req, res) => { req.session['n'] = 1; req.session.cookie.maxAge = 120_000; res.end(String(Math.round(Number(req.session.cookie.originalMaxAge) / 100))); }, steps: twice }, // prettier-ignore
  'expires = false': { options: { cookie: { maxAge: 60_000 } }, handler: (req, res) => { req.session['n'] = 1; req.session.cookie.expires = false; res.end('x'); }, steps: twice }, // prettier-ignore
  'originalMaxAge stays over requests': { options: { cookie: { maxAge: 60_000 } }, handler: (req, res) => { req.session['n'] = Date.now(); res.end(String(Math.round(Number(req.session.cookie.originalMaxAge) / 100))); }, steps: [{}, {}, {}] }, // prettier-ignore
  'keys of the session': { handler: (req, res) => { req.session['user'] = 'ann'; const keys: string[] = []; for (const key in req.session) keys.push(key); res.end(keys.join()); }, steps: twice }, // prettier-ignore
  'JSON of the session': { options: { cookie: { sameSite: 'lax' } }, handler: (req, res) => { req.session['user'] = 'ann'; res.end(JSON.stringify(req.session)); }, steps: twice }, // prettier-ignore
  'a nested key called cookie counts as a change': { handler: first((req, res) => { (req.session['user'] as Record<string, unknown>)['cookie'] = 'changed'; res.end('x'); }, (req, res) => { req.session['user'] ??= { cookie: 'old' }; res.end(JSON.stringify(req.session['user'])); }), steps: [{}, { path: '/change' }, {}] }, // prettier-ignore
  'a Set-Cookie of the app stays': { handler: (req, res) => { res.setHeader('Set-Cookie', ['a=1', 'b=2']); req.session['n'] = 1; res.end('x'); } }, // prettier-ignore
  'two responses that are written in pieces': { options: { cookie: { maxAge: 60_000 } }, handler: (req, res) => { req.session['n'] = 1; res.write('one '); res.write('two '); res.end('three'); }, steps: twice }, // prettier-ignore
  'an empty body': { handler: (req, res) => { req.session['n'] = 1; res.statusCode = 204; res.end(); }, steps: twice }, // prettier-ignore
  'a session id that is no string': { handler: (req, res) => { (req as { sessionID: unknown }).sessionID = function () {}; req.session['n'] = 1; res.end('x'); } }, // prettier-ignore
  'a session deleted from the request': { handler: (req, res) => { req.session['n'] = 1; delete (req as { session?: unknown }).session; res.end('x'); } }, // prettier-ignore
};

describe('express-session and the drop-in do the same for', () => {
  test.each(Object.entries(scenarios))('%s', async (_name, scenario) => {
    const { options = {}, handler, steps = [{}], shows } = scenario;
    const expected = await run(original, { ...quiet, ...options }, handler, steps);
    const actual = await run(ours, { ...quiet, ...options }, handler, steps);
    expect(actual).toEqual(expected);
    if (shows !== undefined) expect(shows(actual)).toBe(true);
  });
});

describe("express-session and the drop-in with onStoreError: 'express' answer the same when the store fails to", () => {
  const failingStore = (pkg: typeof ours, method: string): object => {
    const store = new pkg.MemoryStore();
    const inner = store[method];
    let calls = 0;
    // The first time it works, so that there is a session to lose.
    const spared = method === 'set' ? 1 : 0;
    store[method] = (...all) => {
      calls += 1;
      if (calls <= spared) return inner?.apply(store, all);
      return setImmediate(all.at(-1) as (error: Error) => void, new Error('down'));
    };
    return store;
  };
  const handler: Handler = (req, res) => {
    if (req.url === '/unset') (req as { session: unknown }).session = null;
    if (req.url === '/regenerate') {
      const before = req.sessionID;
      return req.session.regenerate((error) => res.end(`${String(error)} ${String(req.sessionID === before)}`)); // prettier-ignore
    }
    if (req.url === '/write')
      req.session['n'] = ((req.session['n'] as number | undefined) ?? 0) + 1;
    return res.end(typeof req.session);
  };
  const paths = ['/write', '/write', '/', '/regenerate', '/unset'];

  test.each(['get', 'set', 'touch', 'destroy'])('%s', async (method) => {
    for (const path of paths) {
      const options = { ...quiet, unset: 'destroy', onStoreError: 'express' };
      const steps = [{ path: '/write' }, { path }];
      const seen: readonly Seen[][] = [
        await run(original, { ...options, store: failingStore(original, method) }, handler, steps),
        await run(ours, { ...options, store: failingStore(ours, method) }, handler, steps),
      ];
      // That a destroyed session takes its cookie along is one of the documented differences.
      const [expected, actual] = seen.map((all) =>
        all.map(({ status, body, setCookie }) => ({
          status,
          body: status === 500 ? '' : body,
          setCookie: setCookie.filter((line) => !line.includes('past')),
        })),
      );
      expect(actual).toEqual(expected);
    }
  });
});

describe('express-session and the drop-in refuse the same options', () => {
  test.each<[string, Record<string, unknown>]>([
    ['genid', { genid: {} }],
    ['unset', { unset: 'remove' }],
    ['an empty list of secrets', { secret: [] }],
  ])('%s', (_name, options) => {
    const messageOf = (make: () => unknown): string => {
      try {
        make();
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    const expected = messageOf(() => original({ ...quiet, ...options }));
    expect(expected).not.toBe('accepted');
    expect(messageOf(() => ours({ ...quiet, ...options }))).toBe(expected);
  });
});
