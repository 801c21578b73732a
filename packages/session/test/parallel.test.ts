import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestResponse, TestServer } from '@portcullis/testing';
import { createFates } from '../src/fates.ts';
import { memoryStore, session, sessionOf } from '../src/index.ts';
import type { SessionChange, SessionOptions } from '../src/index.ts';
import { secretKey } from './cookie-jar.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

/** The cookies of a browser: what each response sets or removes, in the order the responses come in. */
function createJar(): {
  readonly header: () => string;
  readonly take: (from: TestResponse) => void;
} {
  const cookies = new Map<string, string>();
  return {
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    take({ setCookie }) {
      for (const line of setCookie) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (line.includes('Max-Age=0')) cookies.delete(name);
        else cookies.set(name, value);
      }
    },
  };
}

const acts: Readonly<Record<string, (current: ReturnType<typeof sessionOf<Data>>) => unknown>> = {
  '/login': async (current) => Object.assign(await current.login('bob'), { user: 'bob' }),
  '/logout': (current) => current.logout(),
  '/destroy': (current) => current.destroy(),
  '/new-id': async (current) =>
    Object.assign(await current.regenerate({ keep: true }), { admin: true }),
  '/cart': (current) => Object.assign(current, { cart: 1 }),
  '/read': (current) => current['user'],
  '/touch': (current) => current.touch(),
  '/write': (current) => Object.assign(current, { note: 1 }),
};

interface Race {
  /** A visitor is there; `slow` begins, `fast` begins and ends, `slow` ends. Answers what the visitor's session then holds. */
  readonly run: (slow: string, fast: string, begin?: string) => Promise<unknown>;
  readonly server: TestServer;
}

async function race(options: Partial<SessionOptions>): Promise<Race> {
  let arrived = (): void => undefined;
  let released: Promise<void> = Promise.resolve();
  const server = await listen('express5', session({ secretKey, ...options }), async (req, res) => {
    const [path = '', slow] = (req.url ?? '').split('?');
    await acts[path]?.(sessionOf<Data>(req));
    if (slow !== undefined) {
      arrived();
      await released;
    }
    res.end(JSON.stringify(path === '/' ? sessionOf<Data>(req) : null));
  });
  return {
    server,
    async run(slow, fast, begin = '/login') {
      const jar = createJar();
      const visit = async (path: string): Promise<TestResponse> => {
        const cookie = jar.header();
        const response = await server.request(path, cookie === '' ? {} : { headers: { cookie } });
        jar.take(response);
        return response;
      };
      await visit(begin);
      let release = (): void => undefined;
      released = new Promise((resolve) => {
        release = resolve;
      });
      const here = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const late = visit(`${slow}?slow`);
      await here;
      await visit(fast);
      release();
      await late;
      return (await visit('/')).json();
    },
  };
}

describe.each([
  ['an encrypted cookie', () => ({})],
  ['a signed cookie', () => ({ encrypt: false })],
  ['a store', () => ({ store: memoryStore({ singleProcess: true }) })],
])('a session in %s', (_, options) => {
  test.each([
    ['/touch', '/logout'],
    ['/touch', '/destroy'],
    ['/write', '/logout'],
    ['/write', '/destroy'],
    ['/new-id', '/logout'],
  ])('stays ended when %s began before %s and ends after it', async (slow, fast) => {
    const { run } = await race(options());
    expect(await run(slow, fast)).toEqual({});
  });

  test.each(['/touch', '/write'])(
    'keeps its new id and rights when %s began before it got them',
    async (slow) => {
      const { run } = await race(options());
      expect(await run(slow, '/new-id')).toEqual({ user: 'bob', admin: true });
    },
  );

  test('keeps what a parallel request wrote when another only renews it', async () => {
    const { run } = await race(options());
    expect(await run('/touch', '/cart')).toEqual({ user: 'bob', cart: 1 });
  });

  test('can be logged in to while another request logs out', async () => {
    const { run } = await race(options());
    expect(await run('/login', '/logout', '/cart')).toEqual({ user: 'bob' });
  });
});

describe('Fates', () => {
  const change = (
    kind: SessionChange['kind'],
    previousId?: string,
    renewedAt?: number,
  ): SessionChange => {
    const record = (id: string): SessionChange['next'] => ({
      id,
      data: {},
      text: '{}',
      createdAt: 0,
      issuedAt: 0,
    });
    const previous = previousId === undefined ? undefined : record(previousId);
    const next = { ...record('next'), renewedAt };
    return { kind, previous, next, grace: 0, patch: () => ({ set: new Map(), removed: [] }) };
  };

  test('let pass what nobody overtook', () => {
    const fates = createFates();
    fates.note('other', 'ended', 100);
    expect(fates.isOvertaken(change('create'), 0, 100)).toBe(false);
    expect(fates.isOvertaken(change('update', 'a'), 0, 100)).toBe(false);
  });

  test('bar an ended session for a minute, also for requests that arrive later', () => {
    const fates = createFates();
    fates.note('a', 'ended', 100);
    expect(fates.isOvertaken(change('update', 'a'), fates.moment, 160)).toBe(true);
    expect(fates.isOvertaken(change('update', 'a'), fates.moment, 161)).toBe(false);
  });

  test.each<[string, SessionChange, boolean]>([
    ['an update', change('update', 'a'), true],
    ['a renewal', change('renew', 'a'), true],
    ['a new id', change('rotate', 'a', 30), true],
    ['a new beginning', change('rotate', 'a'), false],
  ])('say that %s of a session that moved meanwhile is overtaken: %#', (_, late, overtaken) => {
    const fates = createFates();
    const began = fates.moment;
    fates.note('a', 'moved', 100);
    expect(fates.isOvertaken(late, began, 100)).toBe(overtaken);
    expect(fates.isOvertaken(late, began, 160)).toBe(overtaken);
    expect(fates.isOvertaken(late, began, 161)).toBe(false);
  });

  test('count for requests that arrive a moment after a login, because they were sent before it', () => {
    const fates = createFates();
    fates.note('a', 'moved', 100);
    expect(fates.isOvertaken(change('renew', 'a'), fates.moment, 105)).toBe(true);
    expect(fates.isOvertaken(change('renew', 'a'), fates.moment, 106)).toBe(false);
    fates.note('b', 'written', 100);
    expect(fates.isOvertaken(change('renew', 'b'), fates.moment, 100)).toBe(false);
    expect(fates.isOvertaken(change('renew', 'b'), fates.moment - 1, 100)).toBe(true);
  });

  test('forget the oldest when they are many', () => {
    const fates = createFates();
    for (let index = 0; index < 50_001; index++) fates.note(`id ${String(index)}`, 'ended', 100);
    expect(fates.isOvertaken(change('update', 'id 0'), 0, 100)).toBe(false);
    expect(fates.isOvertaken(change('update', 'id 1'), 0, 100)).toBe(true);
    fates.note('later', 'ended', 1000);
    expect(fates.isOvertaken(change('update', 'id 1'), 0, 100)).toBe(false);
  });
});
