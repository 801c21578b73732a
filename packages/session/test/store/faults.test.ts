import { channel } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen, type TestMiddleware } from '@portcullis/testing';
import { memoryStore, session, type SessionOptions, type SessionStore } from '../../src/index.ts';
import { plainStore } from './express-stores.ts';

const secretKey = 'the secret of the tests, which is long enough';

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

/** A store in memory whose calls can be made to fail. */
function fragile(): SessionStore & {
  broken: Partial<Record<string, () => never | Promise<never>>>;
} {
  const inner = memoryStore({ singleProcess: true });
  const broken: Partial<Record<string, () => never | Promise<never>>> = {};
  const handler: ProxyHandler<typeof inner> = {
    get(target, name) {
      if (name === 'immediate') return undefined;
      if (name === 'broken') return broken;
      const fault = broken[String(name)];
      const member: unknown = fault ?? Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  };
  return new Proxy(inner, handler) as never;
}

const reject = (): Promise<never> => Promise.reject(new Error('connection lost'));
const throws = (): never => {
  throw new Error('connection lost');
};
const hang = (): Promise<never> => new Promise(() => {});

async function serve(options: Partial<SessionOptions>) {
  const middleware = session({ secretKey, ...options });
  const server = await listen('express5', middleware as TestMiddleware, (req, res) => {
    const own = (req as unknown as { session: Record<string, unknown> }).session;
    res.setHeader('Location', '/stale');
    if (req.url === '/write') own['n'] = Number(own['n'] ?? 0) + 1;
    res.end(JSON.stringify(own));
  });
  const first = await server.request('/write');
  const cookie = String(first.setCookie[0]?.split(';')[0]);
  return (path: string) => server.request(path, { headers: { cookie } });
}

describe('a store that cannot be read', () => {
  test.each([
    ['rejects', reject],
    ['throws', throws],
    ['hangs', hang],
  ] as const)('and %s is a 503', async (_how, fault) => {
    const store = fragile();
    const get = await serve({ store, storeOptions: { deadline: '50ms' } });
    store.broken['get'] = fault;
    const response = await get('/');
    expect([response.status, response.setCookie]).toEqual([503, []]);
    expect(response.text).not.toContain('connection lost');
  });

  test.each([
    ['rejects', reject],
    ['throws', throws],
    ['hangs', hang],
  ] as const)(
    "and %s is an empty session that is not stored with onUnavailable: 'anonymous'",
    async (_how, fault) => {
      const store = fragile();
      const get = await serve({
        store,
        storeOptions: { deadline: '50ms', onUnavailable: 'anonymous' },
      });
      store.broken['get'] = fault;
      const response = await get('/write');
      expect([response.status, response.setCookie]).toEqual([200, []]);
      delete store.broken['get'];
      expect((await get('/')).text).toBe('{"n":1}');
    },
  );
});

describe('a store that cannot be written', () => {
  test.each([
    ['rejects', reject],
    ['throws', throws],
    ['hangs', hang],
  ] as const)('and %s is a 503 without stale headers', async (_how, fault) => {
    const store = fragile();
    const get = await serve({ store, storeOptions: { deadline: '50ms' } });
    store.broken['update'] = fault;
    const { status, setCookie, headers } = await get('/write');
    expect([status, setCookie, headers['location']]).toEqual([503, [], undefined]);
  });

  test.each([
    ['rejects', reject],
    ['throws', throws],
  ] as const)("and %s is let pass with onError: 'ignore'", async (_how, fault) => {
    const store = fragile();
    const get = await serve({ store, storeOptions: { onError: 'ignore' } });
    store.broken['update'] = fault;
    expect(await get('/write')).toMatchObject({ status: 200, setCookie: [] });
    delete store.broken['update'];
    expect((await get('/')).text).toBe('{"n":1}');
  });

  test('for an id that is taken is a 503', async () => {
    const store = fragile();
    store.broken['create'] = () => 'gone' as never;
    const middleware = session({ secretKey, store });
    const server = await listen('express5', middleware as TestMiddleware, (req, res) => {
      (req as unknown as { session: Record<string, unknown> }).session['a'] = 1;
      res.end();
    });
    expect((await server.request('/')).status).toBe(503);
  });
});

describe('a store that cannot prolong', () => {
  test.each([
    ['rejects', reject],
    ['throws', throws],
  ] as const)('and %s does not keep the response, and is reported', async (_how, fault) => {
    const reports: unknown[] = [];
    const record = (message: unknown): void => {
      reports.push(message);
    };
    const store = fragile();
    const get = await serve({ store, maxAge: 5 });
    store.broken['touch'] = fault;
    await sleep(1_100);
    expect((await get('/')).status).toBe(200);
    channel('portcullis:session:touch-failed').subscribe(record);
    await sleep(1_100);
    expect((await get('/')).status).toBe(200);
    await sleep(10);
    channel('portcullis:session:touch-failed').unsubscribe(record);
    expect(reports).toHaveLength(1);
  });
});

test('a response waits until a store that writes back has prolonged the session', async () => {
  const store = plainStore(40);
  const get = await serve({ store, maxAge: 5 });
  await sleep(1_100);
  expect((await get('/')).setCookie).toHaveLength(1);
  await sleep(60);
  // What another process does when its turn comes.
  store.records.clear();
  await sleep(100);
  expect([...store.records.keys()]).toEqual([]);
});

describe('a store that is down', () => {
  test('is not asked by every request, and serves again soon after it is back', async () => {
    const store = fragile();
    const get = await serve({ store });
    let asked = 0;
    store.broken['get'] = () => {
      asked += 1;
      return reject();
    };
    for (let index = 0; index < 20; index += 1) expect((await get('/')).status).toBe(503);
    expect(asked).toBeLessThan(10);
    delete store.broken['get'];
    await sleep(1_050);
    expect((await get('/')).text).toBe('{"n":1}');
  });
});

describe('a record that cannot be read', () => {
  test.each([
    ['broken JSON', { '~c': '1', '~i': '1', n: '{' }],
    ['no times', { n: '1' }],
  ])('with %s is an empty session, and a new one can begin', async (_what, fields) => {
    const store = fragile();
    const get = await serve({ store });
    store.broken['get'] = () => ({ id: 'x', version: 1, expires: Infinity, fields }) as never;
    expect(await get('/')).toMatchObject({ status: 200, text: '{}' });
    delete store.broken['get'];
  });

  test('is left out when the sessions of its user are listed', async () => {
    const store = memoryStore({ singleProcess: true });
    store.create('a', { fields: { n: '{' }, expires: Infinity, userId: 'ann' });
    expect(await session({ secretKey, store }).list('ann')).toEqual([]);
  });
});

describe('update() on a store where somebody else always writes first', () => {
  test('gives up with a 503', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const store = fragile();
    const middleware = session({ secretKey, store });
    const server = await listen(
      'express5',
      middleware as TestMiddleware,
      async (req, res, next) => {
        const own = (
          req as unknown as {
            session: Record<string, unknown> & { update(run: () => void): Promise<void> };
          }
        ).session;
        own['n'] ??= 1;
        if (req.url === '/update') {
          try {
            await own.update(() => undefined);
          } catch (error) {
            return next(error);
          }
        }
        return res.end();
      },
    );
    const first = await server.request('/');
    store.broken['update'] = () => 'gone' as never;
    const gone = { cookie: String(first.setCookie[0]?.split(';')[0]) };
    expect((await server.request('/update', { headers: gone })).status).toBe(409);
    store.broken['update'] = () => 'conflict' as never;
    const cookie = String(first.setCookie[0]?.split(';')[0]);
    expect((await server.request('/update', { headers: { cookie } })).status).toBe(503);
  });
});
