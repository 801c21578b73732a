import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, hostNames, listen, type TestMiddleware } from '@portcullis/testing';
import { plainStore } from '../../packages/session/test/store/express-stores.ts';
import { type Handler, original, ours, quiet, run, type SessionPackage } from './twins.ts';

// What express-session does here is why the drop-in exists; each is listed in the README of @portcullis/express-session.
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const both = [
  ['express-session', original],
  ['the drop-in', ours],
] as const;
const write: Handler = (req, res) => {
  req.session['n'] = 1;
  res.end('x');
};

describe('when the head of a response arrives, its session', () => {
  test.each([
    ['express-session', original, 0],
    ['the drop-in', ours, 1],
  ] as const)('under %s', async (_name, pkg, expected) => {
    const store = plainStore(200);
    const handler: Handler = (req, res) => {
      req.session['n'] = 1;
      res.writeHead(302, { location: '/' });
      res.end('moved');
    };
    const server = await listen(
      'http',
      pkg({ ...quiet, store: asStore(pkg, store) }),
      handler as unknown as TestMiddleware,
    );
    const [response] = (await once(get(server.url), 'response')) as [IncomingMessage];
    expect(store.records.size).toBe(expected);
    await response.resume().toArray();
  });
});

function asStore(pkg: SessionPackage, store: object): object {
  return Object.assign(new pkg.Store(), store);
}

describe('a store that cannot write', () => {
  const failing = (pkg: SessionPackage): object =>
    asStore(pkg, {
      ...plainStore(),
      set: (_id: string, _record: unknown, callback: (error: Error) => void) =>
        setTimeout(callback, 1, new Error('down')),
    });

  test('express-session answers 200 with a cookie for a session that does not exist', async () => {
    const [seen] = await run(original, { ...quiet, store: failing(original) }, write, [{}]);
    expect(seen).toMatchObject({ status: 200, setCookie: [expect.any(String)] });
  });

  test.each(hostNames)('the drop-in answers 503 without a cookie on %s', async (host) => {
    const app: Handler = (req, res) => {
      res.setHeader('Location', '/elsewhere');
      write(req, res, () => undefined);
    };
    const server = await listen(
      host,
      ours({ ...quiet, store: failing(ours) }),
      app as unknown as TestMiddleware,
    );
    const { status, setCookie, headers } = await server.request('/');
    expect([status === 200, setCookie, headers['location']]).toEqual([false, [], undefined]);
    if (host !== 'http' && host !== 'http2') expect(status).toBe(503);
  });
});

describe("a store that cannot read for a moment, with unset: 'destroy'", () => {
  test.each([
    ['express-session', original, 0],
    ['the drop-in', ours, 1],
  ] as const)('%s: is the session still there?', async (_name, pkg, expected) => {
    const store = plainStore();
    const { get } = store;
    let reads = 0;
    const shaky = asStore(pkg, {
      ...store,
      get: (id: string, callback: (error: unknown, record?: unknown) => void) => {
        reads += 1;
        if (reads === 1) setImmediate(callback, new Error('down'));
        else get(id, callback);
      },
    });
    const options = { ...quiet, store: shaky, unset: 'destroy' };
    await run(pkg, options, write, [{}, {}]);
    expect(store.records.size).toBe(expected);
  });
});

describe('a longer life behind a save, in a store without touch', () => {
  test.each(both)('%s', async (name, pkg) => {
    const { records, get, set, destroy } = plainStore();
    const handler: Handler = (req, res) => {
      req.session['user'] = 1;
      req.session.save(() => {
        req.session.cookie.maxAge = 7_200_000;
        res.end('x');
      });
    };
    const store = asStore(pkg, { get, set, destroy });
    await run(pkg, { ...quiet, store, cookie: { maxAge: 60_000 } }, handler, [{}]);
    const [record = ''] = records.values();
    const { cookie } = JSON.parse(record) as { cookie: { originalMaxAge: number } };
    expect(cookie.originalMaxAge > 3_600_000).toBe(name === 'the drop-in');
  });
});

describe('a session with a value that JSON cannot hold', () => {
  test('the drop-in answers 500 and names it', async () => {
    const app: Handler = (req, res) => {
      req.session['cart'] = { total: 10n };
      res.end('x');
    };
    const errors: unknown[] = [];
    const server = await listen('http', [
      ours(quiet),
      (req, res) => app(req as never, res, () => undefined),
    ]);
    const response = await server.request('/');
    expect(response.status).toBe(500);
    expect(response.text).toContain('session.cart.total is a bigint');
    expect(errors).toEqual([]);
  });
});

describe('two cookies of the same name, the first forged', () => {
  test.each(both)('%s', async (name, pkg) => {
    const server = await listen('http', pkg(quiet), ((req, res) => {
      req.session['n'] = Number(req.session['n'] ?? 0) + 1;
      res.end(String(req.session['n']));
    }) satisfies Handler as unknown as TestMiddleware);
    const first = await server.request('/');
    const cookie = String(first.setCookie[0]?.split(';')[0]);
    const second = await server.request('/', {
      headers: { cookie: `connect.sid=evil; ${cookie}` },
    });
    expect(second.text).toBe(name === 'the drop-in' ? '2' : '1');
  });
});

describe('cookie.path /foo', () => {
  test.each(both)('%s and a request for /foobar', async (name, pkg) => {
    const handler: Handler = (req, res) => res.end(typeof req.session);
    const [seen] = await run(pkg, { ...quiet, cookie: { path: '/foo' } }, handler, [
      { path: '/foobar' },
    ]);
    expect(seen?.body).toBe(name === 'the drop-in' ? 'undefined' : 'object');
  });
});

describe("cookie: () => ({ secure: 'auto' }) over http", () => {
  test.each(both)('%s', async (name, pkg) => {
    const [seen] = await run(pkg, { ...quiet, cookie: () => ({ secure: 'auto' }) }, write, [{}]);
    expect(seen?.setCookie.length).toBe(name === 'the drop-in' ? 1 : 0);
  });
});

describe('a destroyed session', () => {
  const handler: Handler = (req, res) =>
    req.url === '/destroy' ? req.session.destroy(() => res.end('x')) : write(req, res, () => {});

  test.each(both)('%s: is the browser told?', async (name, pkg) => {
    const options = { ...quiet, cookie: { path: '/', domain: 'example.com' } };
    const seen = await run(pkg, options, handler, [{}, { path: '/destroy' }]);
    const expected =
      name === 'the drop-in'
        ? ['connect.sid=; Domain=example.com; Path=/; Expires=past; HttpOnly']
        : [];
    expect(seen[1]?.setCookie).toEqual(expected);
  });

  test('is removed as well by req.session = null with unset: destroy', async () => {
    const unset: Handler = (req, res) => {
      if (req.url !== '/unset') return write(req, res, () => {});
      (req as { session: unknown }).session = null;
      return res.end('x');
    };
    for (const store of [undefined, plainStore()]) {
      const options = { ...quiet, store, unset: 'destroy' };
      const seen = await run(ours, options, unset, [{}, { path: '/unset' }]);
      expect(seen[1]?.setCookie).toEqual(['connect.sid=; Path=/; Expires=past; HttpOnly']);
      if (store !== undefined) expect(store.records.size).toBe(0);
    }
  });
});

describe('a response that sets the cookie', () => {
  test('the drop-in keeps shared caches from storing', async () => {
    const server = await listen('http', ours(quiet), write as unknown as TestMiddleware);
    const { headers } = await server.request('/');
    expect(headers['cache-control']).toBe('private, no-cache="Set-Cookie"');
    expect(headers['vary']).toBe('Cookie');
  });
});

describe('HTTP/2', () => {
  test('the drop-in works on the compatibility API of Node', async () => {
    const handler: Handler = (req, res) => {
      req.session['n'] = Number(req.session['n'] ?? 0) + 1;
      res.end(String(req.session['n']));
    };
    const seen = await run(ours, { ...quiet, store: plainStore() }, handler, [{}, {}], {
      host: 'http2',
    });
    expect(seen.map(({ body }) => body)).toEqual(['1', '2']);
  });
});
