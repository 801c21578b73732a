import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { fromCookieSession, fromExpressSession, memoryStore, session } from '../src/index.ts';
import type { SessionOptions, SessionStrategy } from '../src/index.ts';
import { chooseCookieName } from '../src/cookie/lint.ts';
import { sessionOptions } from '../src/options.ts';
import { warningsOf } from './warnings.ts';

const secretKey = 'a-secret-key-of-more-than-32-characters-7Q';

function issuesOf(options: object): readonly string[] {
  try {
    session(options as SessionOptions);
    return [];
  } catch (error) {
    const { issues } = error as { issues: { code: string; path: string; message: string }[] };
    return issues.map(({ code, path, message }) => `${code} ${path} | ${message}`);
  }
}

describe('session() refuses to start', () => {
  test.each([
    ['without a secret', {}, ['SESSION_MISSING secretKey']],
    ['with an empty list of secrets', { secretKey: [] }, ['SESSION_OUT_OF_RANGE secretKey']],
    ['with a short secret', { secretKey: 'short' }, ['SESSION_WEAK_SECRET secretKey']],
    [
      'with a secret from an example',
      { secretKey: 'keyboard cat' },
      ['SESSION_WEAK_SECRET secretKey'],
    ],
    ['with one letter 40 times', { secretKey: 'x'.repeat(40) }, ['SESSION_WEAK_SECRET secretKey']],
    [
      'with a weak secret in a list',
      { secretKey: [secretKey, 'short'] },
      ['SESSION_WEAK_SECRET secretKey[1]'],
    ],
    [
      'with a name that is no token',
      { secretKey, cookieName: 'a b' },
      ['SESSION_INVALID cookieName'],
    ],
    [
      'with a name longer than a cookie can hold',
      { secretKey, cookieName: 'n'.repeat(1000) },
      ['SESSION_INVALID cookieName'],
    ],
    [
      'with a path that ends the attribute',
      { secretKey, path: '/; Domain=evil' },
      ['SESSION_INVALID path'],
    ],
    ['with a line feed in the path', { secretKey, path: '/\r\nX: y' }, ['SESSION_INVALID path']],
    ['with a path that is relative', { secretKey, path: 'app' }, ['SESSION_INVALID path']],
    [
      'with a domain that ends the attribute',
      { secretKey, domain: 'a.example; x' },
      ['SESSION_INVALID domain'],
    ],
    ['with maxAge 0', { secretKey, maxAge: 0 }, ['SESSION_OUT_OF_RANGE maxAge']],
    [
      'with a property that is no name',
      { secretKey, property: '__proto__' },
      ['SESSION_INVALID property'],
    ],
    ['with a store that is none', { secretKey, store: {} }, ['SESSION_WRONG_TYPE store']],
    ['with a store that is a number', { secretKey, store: 5 }, ['SESSION_WRONG_TYPE store']],
    ['with a codec that is none', { secretKey, migrate: [{}] }, ['SESSION_WRONG_TYPE migrate[0]']],
    [
      "with sameSite 'none' and no https",
      { secretKey, sameSite: 'none', httpsOnly: false },
      ['SESSION_COOKIE_SAME_SITE sameSite'],
    ],
    [
      'with a partitioned cookie that may be plain',
      { secretKey, partitioned: true },
      ['SESSION_COOKIE_PARTITIONED partitioned'],
    ],
    [
      'with __Secure- and no https',
      { secretKey, cookieName: '__Secure-id' },
      ['SESSION_COOKIE_PREFIX httpsOnly'],
    ],
    [
      'with __Host- in any case, a path and a domain',
      { secretKey, cookieName: '__host-id', httpsOnly: true, path: '/a', domain: 'a.example' },
      ['SESSION_COOKIE_PREFIX path', 'SESSION_COOKIE_PREFIX domain'],
    ],
    [
      'with __Host-Http- and a path',
      { secretKey, cookieName: '__Host-Http-id', httpsOnly: true, path: '/a' },
      ['SESSION_COOKIE_PREFIX path'],
    ],
    [
      'with storeOptions and no store',
      { secretKey, storeOptions: {} },
      ['SESSION_CONFLICT storeOptions'],
    ],
    [
      'with userGeneration and a store',
      { secretKey, store: memoryStore(), userGeneration: () => 1 },
      ['SESSION_CONFLICT userGeneration'],
    ],
    [
      'with ids of express-session and no store',
      { secretKey, migrate: [fromExpressSession({ keys: 'abc', until: '2099-01-01' })] },
      ['SESSION_CONFLICT migrate[0]'],
    ],
  ])('%s', (_, options, wanted) => {
    expect(issuesOf(options).map((issue) => issue.split(' | ')[0])).toEqual(wanted);
  });

  test('with all problems in one error', () => {
    expect(issuesOf({ secretKey: 'short', pth: '/', maxAge: 'soon' })).toHaveLength(3);
  });

  test('and says what would do', () => {
    expect(issuesOf({ secretKey, sameSite: 'none', httpsOnly: false })).toEqual([
      "SESSION_COOKIE_SAME_SITE sameSite | sameSite: browsers refuse a cookie with sameSite 'none' that is not Secure",
    ]);
    expect(() => session({ secretKey, sameSite: 'none', httpsOnly: false })).toThrow(
      /httpsOnly: true/,
    );
  });

  test('without ever showing a secret', () => {
    try {
      session({ secretKey: 'my-weak-pass', path: 'x' });
      throw new Error('it started');
    } catch (error) {
      expect(inspect(error, { depth: 9 })).not.toMatch(/my-weak-pass/);
      expect(JSON.stringify(error)).not.toMatch(/my-weak-pass/);
    }
  });
});

describe('session() starts', () => {
  test.each([
    ['a long text', secretKey],
    ['bytes', randomBytes(32)],
    ['a KeyObject', createSecretKey(randomBytes(32))],
    ['a list', [secretKey, randomBytes(48)]],
  ])('with %s as its secret', (_, secret) => {
    expect(session({ secretKey: secret })).toHaveProperty('name', 'sessionMiddleware');
  });

  test('with a strategy of your own', () => {
    const strategy: SessionStrategy = {
      name: 'own',
      eager: false,
      late: false,
      chunks: false,
      newId: () => 'x',
      read: () => ({ kind: 'none' }),
      commit: () => ({ kind: 'keep' }),
      destroy: () => ({ kind: 'clear' }),
    };
    expect(issuesOf({ secretKey, store: strategy })).toEqual([]);
    expect(issuesOf({ secretKey, store: strategy, storeOptions: {} })).toHaveLength(1);
  });

  test.each(['__Secure-id', '__Http-id', '__Host-Http-id'])(
    'with the name %s over https',
    (cookieName) => {
      expect(issuesOf({ secretKey, cookieName, httpsOnly: true })).toEqual([]);
    },
  );

  test('with a codec whose key is strong, without a warning', async () => {
    const codec = fromCookieSession({ keys: secretKey, until: '2099-01-01' });
    expect(await warningsOf(() => session({ secretKey, migrate: [codec] }))).toEqual([]);
  });

  test("with the requirements' defaults", () => {
    const { options } = sessionOptions.resolve({ secretKey });
    expect(options).toMatchObject({
      maxAge: 1_209_600,
      absoluteMaxAge: 2_592_000,
      path: '/',
      sameSite: 'lax',
      httpsOnly: 'auto',
      encrypt: true,
      store: 'cookie',
      touch: 'access',
      property: 'session',
    });
    expect(Object.isFrozen(options)).toBe(true);
  });
});

describe('chooseCookieName', () => {
  const choice = {
    path: '/',
    sameSite: 'lax',
    httpsOnly: true,
    maxAge: 1,
    absoluteMaxAge: 1,
  } as const;

  test.each([
    ['adds __Host- when all its promises are kept', choice, '__Host-session'],
    ['leaves a chosen name alone', { ...choice, cookieName: 'sid' }, 'sid'],
    ["does not with httpsOnly 'auto'", { ...choice, httpsOnly: 'auto' as const }, 'session'],
    ['does not under a path', { ...choice, path: '/app' }, 'session'],
    ['does not with a domain', { ...choice, domain: 'example.com' }, 'session'],
  ])('%s', (_, options, name) => {
    expect(chooseCookieName(options)).toBe(name);
  });
});

test.each([
  ['secret', 'secretKey'],
  ['password', 'secretKey'],
  ['name', 'cookieName'],
  ['session_cookie', 'cookieName'],
  ['ttl', 'maxAge'],
  ['proxy', 'trustProxy'],
  ['secure', 'httpsOnly'],
])('who brings %s from another library is told of %s', (theirs, ours) => {
  const make = (): unknown => session({ secretKey, [theirs]: 'x' } as never);
  expect(make).toThrow(`${theirs}: is not an option\n      → did you mean "${ours}"?`);
});

describe('warnings at the start', () => {
  const told = async (run: () => unknown): Promise<string[]> =>
    (await warningsOf(run)).map(({ code, message }) => `${code} ${message}`);

  test('say that a lifetime looks like milliseconds', async () => {
    const emitted = await told(() => session({ secretKey, maxAge: 1_209_600_000 }));
    expect(emitted).toEqual([
      expect.stringMatching(/^ERR_PORTCULLIS_SESSION_COOKIE_MAX_AGE .*400 days.*'14d'/),
    ]);
  });

  test.each([
    [{ maxAge: '90d' }, /ABSOLUTE_MAX_AGE .*30 days after.*90 days/],
    [{ maxAge: 3_600_000 }, /ABSOLUTE_MAX_AGE .*42 days/],
    [{ maxAge: 7200, absoluteMaxAge: '1h' }, /ABSOLUTE_MAX_AGE .*3600 seconds.*7200 seconds/],
  ])('say that a session cannot live as long as maxAge says: %j', async (lifetimes, wanted) => {
    const emitted = await told(() => session({ secretKey, ...lifetimes }));
    expect(emitted).toEqual([expect.stringMatching(wanted)]);
    const fine = await told(() => session({ secretKey, ...lifetimes, absoluteMaxAge: null }));
    expect(fine).toEqual([]);
  });

  test('say nothing about a short absoluteMaxAge beside the default maxAge', async () => {
    expect(await told(() => session({ secretKey, absoluteMaxAge: '12h' }))).toEqual([]);
  });

  test('say that an old key is weak, and that a migration is over', async () => {
    const past = fromCookieSession({ keys: 'key1', until: '2001-01-01' });
    const emitted = await told(() => session({ secretKey, migrate: [past] }));
    expect(emitted).toEqual([
      expect.stringMatching(/^ERR_PORTCULLIS_SESSION_MIGRATION_OVER .*cookie-session/),
      expect.stringMatching(/^ERR_PORTCULLIS_SESSION_WEAK_LEGACY_KEY .*cookie-session/),
    ]);
    expect(emitted.join(' ')).not.toMatch(/key1/);
  });
});
