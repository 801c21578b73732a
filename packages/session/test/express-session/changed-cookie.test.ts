import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll } from '@portcullis/testing';
import { plainStore } from '../store/express-stores.ts';
import { type App, cookieOf, quiet, serve } from './drop-in.ts';

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const hour = 3_600_000;
const month = 30 * 24 * hour;

/** Of a request that changes the cookie, what is stored then, and what the store was asked. */
async function after(
  change: App,
  { touch = true, steps = ['/login', '/change'] } = {},
): Promise<{ cookie: Record<string, unknown>; calls: readonly string[] }> {
  const inner = plainStore();
  const { get, set, destroy } = inner;
  const store = touch ? inner : { get, set, destroy };
  const server = await serve({ ...quiet, store, cookie: { maxAge: hour } }, (req, res) => {
    if (req.url === '/change') return change(req, res);
    req.session['user'] = 1;
    return res.end('in');
  });
  let cookie = '';
  for (const path of steps) {
    inner.calls.length = 0;
    const response = await server.request(path, { headers: cookie === '' ? {} : { cookie } });
    if (response.setCookie.length > 0) cookie = cookieOf(response);
  }
  await sleep(20); // of a stream the last change is stored when it has ended
  const [record = '{}'] = inner.records.values();
  return {
    cookie: (JSON.parse(record) as { cookie: Record<string, unknown> }).cookie,
    calls: inner.calls,
  };
}

describe('a change of nothing but the cookie is stored', () => {
  const changes: Record<string, App> = {
    'a longer life': (req, res) => {
      req.session.cookie.maxAge = month;
      res.end('x');
    },
    'a longer life behind a save': (req, res) => {
      req.session.save(() => {
        req.session.cookie.maxAge = month;
        res.end('x');
      });
    },
    'a longer life behind a login': (req, res) => {
      req.session.regenerate(() => {
        req.session['user'] = 2;
        req.session.save(() => {
          req.session.cookie.maxAge = month;
          res.end('x');
        });
      });
    },
    'a longer life in a stream': (req, res) => {
      res.write('one ');
      req.session.cookie.maxAge = month;
      res.end('two');
    },
  };
  describe.each([true, false])('in a store with touch: %p', (touch) => {
    test.each(Object.entries(changes))('%s', async (_name, change) => {
      const { cookie } = await after(change, { touch });
      expect(Math.round(Number(cookie['originalMaxAge']) / hour)).toBe(month / hour);
      expect(Date.parse(String(cookie['expires']))).toBeGreaterThan(Date.now() + month - hour);
    });
  });

  test.each<[string, (cookie: { sameSite?: unknown; expires?: unknown }) => void, object]>([
    ['an attribute', (cookie) => (cookie.sameSite = 'strict'), { sameSite: 'strict' }],
    ['an end with the browser', (cookie) => (cookie.expires = null), { originalMaxAge: null }],
  ])('%s', async (_name, change, expected) => {
    const { cookie } = await after((req, res) => {
      change(req.session.cookie);
      res.end('x');
    });
    expect(cookie).toMatchObject(expected);
  });
});

describe('nothing is stored', () => {
  test('when every request gives the cookie the same life again', async () => {
    const again: App = (req, res) => {
      req.session.cookie.expires = new Date(Date.now() + hour);
      req.session.cookie.maxAge = hour;
      res.end('x');
    };
    const steps = ['/login', '/change', '/change', '/change'];
    const { calls } = await after(again, { steps });
    expect(calls).toEqual(['get']);
  });

  test('of a new session that holds nothing but a changed cookie', async () => {
    const { calls } = await after(
      (req, res) => {
        req.session.cookie.maxAge = month;
        res.end('x');
      },
      { steps: ['/change'] },
    );
    expect(calls).toEqual([]);
  });
});
