import { createSecretKey } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { defineOptions, o, Secret, type Spec } from '@portcullis/core/options';
import { refusal } from './refusal.ts';
import { goodSecret } from './sample.ts';

function only<T>(spec: Spec<T>) {
  return defineOptions<{ value?: unknown }, { readonly value: T }>({
    package: 'one',
    area: 'ONE',
    fields: { value: spec },
  });
}

/** What a spec makes of a value. */
function accept<T>(spec: Spec<T>, value: unknown): T {
  return only(spec).resolve({ value }).options.value;
}

/** `CODE message → hint` of the first problem. */
function refuse(spec: Spec, value: unknown): string {
  const [issue] = refusal(only(spec), { value }).issues;
  const hint = issue?.hint === undefined ? '' : ` → ${issue.hint}`;
  return `${issue?.code} ${issue?.message}${hint}`;
}

describe('o.string', () => {
  const lower = o.string({
    expected: 'a lower-case word',
    check: (text) =>
      /^[a-z]+$/.test(text) ? true : text === '' ? false : 'write it in lower case',
  });

  test('takes text that its check accepts', () => {
    expect(accept(o.string(), '')).toBe('');
    expect(accept(lower, 'abc')).toBe('abc');
  });

  test('says why its check refuses', () => {
    expect(refuse(lower, 'ABC')).toBe(
      'ONE_INVALID value: expected a lower-case word, got the string "ABC" → write it in lower case',
    );
    expect(refuse(lower, '')).toBe(
      'ONE_INVALID value: expected a lower-case word, got the string ""',
    );
    expect(refuse(lower, 5)).toBe(
      'ONE_WRONG_TYPE value: expected a lower-case word, got the number 5',
    );
  });
});

describe('Numbers and their units', () => {
  test.each([
    [600, 600],
    [0.5, 0.5],
    ['10m', 600],
    ['14d', 1_209_600],
    ['2w', 1_209_600],
    ['500ms', 0.5],
    ['1.5 h', 5400],
    ['90S', 90],
  ])('a duration of %p is %p seconds', (given, seconds) => {
    expect(accept(o.duration(), given)).toBe(seconds);
  });

  test.each(['10', '10 years', '-5m', 'm', '1e3s', '', '١٠m', '10m '.repeat(2)])(
    'a duration of %p is refused',
    (given) => {
      expect(refuse(o.duration(), given)).toContain('ONE_WRONG_TYPE value: expected a duration');
    },
  );

  test.each([
    [500, 500],
    ['1kb', 1024],
    ['1 KiB', 1024],
    ['1.5kb', 1536],
    ['2mb', 2_097_152],
    ['2MiB', 2_097_152],
    ['1gb', 1_073_741_824],
    ['1gib', 1_073_741_824],
    ['7b', 7],
    ['0.3b', 0],
  ])('a size of %p is %p bytes', (given, bytes) => {
    expect(accept(o.bytes(), given)).toBe(bytes);
  });

  test.each(['10', 'kb', '1tb', '-1kb', '1,5kb'])('a size of %p is refused', (given) => {
    expect(refuse(o.bytes(), given)).toContain('ONE_WRONG_TYPE value: expected a size');
  });

  test.each<[Spec, unknown, string]>([
    [o.number({ max: 5 }), 6, 'a number, at most 5'],
    [o.number({ min: 5 }), 4, 'a number, 5 or more'],
    [o.number({ min: 1, max: 2 }), 3, 'a number from 1 to 2'],
    [
      o.duration({ max: 60 }),
      '2m',
      "a duration (seconds, or text such as '10m', '14d') from 0 to 60 seconds",
    ],
    [o.bytes({ min: 10 }), '1b', "a size (bytes, or text such as '1kb'), 10 bytes or more"],
    [o.bytes({ min: 1 }), 0, "a size (bytes, or text such as '1kb'), 1 byte or more"],
  ])('limits hold and are named', (spec, value, phrase) => {
    expect(refuse(spec, value)).toContain(`ONE_OUT_OF_RANGE value: expected ${phrase}, got`);
  });

  test('a number too large to be exact is no integer', () => {
    expect(refuse(o.integer(), 2 ** 53)).toContain(
      'expected an integer, got the number 9007199254740992',
    );
    expect(refuse(o.number(), '')).toBe(
      'ONE_WRONG_TYPE value: expected a number, got the string ""',
    );
    expect(refuse(o.number({ min: 1 }), -0)).toContain('got the number -0');
  });
});

describe('Words', () => {
  test('o.oneOf takes its words and numbers, o.literal its only value', () => {
    expect(accept(o.oneOf(['a', 1, false]), 1)).toBe(1);
    expect(accept(o.literal(null), null)).toBeNull();
    expect(refuse(o.literal(false), true)).toBe('ONE_WRONG_TYPE value: expected false, got true');
    expect(refuse(o.oneOf([301, 302]), 307)).toBe(
      'ONE_WRONG_TYPE value: expected one of 301, 302, got the number 307',
    );
  });

  test('o.forwarded names the two families', () => {
    expect(accept(o.forwarded(), 'forwarded')).toBe('forwarded');
    expect(refuse(o.forwarded(), 'X-Forwarded')).toContain('did you mean "x-forwarded"?');
  });
});

describe('o.list', () => {
  test('takes a lone value when told so, and names it without a number', () => {
    const spec = o.list(o.string(), { single: true });
    expect(accept(spec, 'a')).toEqual(['a']);
    expect(accept(spec, ['a', 'b'])).toEqual(['a', 'b']);
    expect(refuse(spec, 5)).toBe('ONE_WRONG_TYPE value: expected a string, got the number 5');
  });

  test('wants the fewest items', () => {
    expect(refuse(o.list(o.string(), { min: 1 }), [])).toBe(
      'ONE_OUT_OF_RANGE value: expected a list of at least 1, each a string, got an empty list',
    );
  });

  test('takes a list of another realm', () => {
    const foreign: unknown = runInContext('["a"]', createContext());
    expect(accept(o.list(o.string()), foreign)).toEqual(['a']);
  });
});

describe('o.either', () => {
  const spec = o.either(
    o.boolean(),
    o.list(o.either(o.string(), o.list(o.integer({ max: 5 })))),
    o.object({ deep: o.oneOf(['yes', 'no']) }),
  );

  test('takes what one of them takes', () => {
    expect(accept(spec, true)).toBe(true);
    expect(accept(spec, ['a', [1]])).toEqual(['a', [1]]);
    expect(accept(spec, { deep: 'no' })).toEqual({ deep: 'no' });
  });

  test('says what the one of the right kind says', () => {
    expect(refuse(spec, ['a', [1, 9]])).toBe(
      'ONE_OUT_OF_RANGE value[1][1]: expected an integer, at most 5, got the number 9',
    );
    expect(refuse(spec, { deep: 'Yes' })).toContain('value.deep: expected one of "yes", "no"');
    expect(refuse(spec, { deeper: 'yes' })).toContain('ONE_UNKNOWN_OPTION value.deeper');
  });

  test('lists all of them, with the first advice, when none is of the right kind', () => {
    expect(refuse(spec, 'true')).toBe(
      'ONE_WRONG_TYPE value: expected true or false or a list, each a string or a list, each an integer, at most 5 or an object with deep, got the string "true" → remove the quotes',
    );
    expect(refuse(spec, undefined)).toContain(
      'ONE_MISSING value: is required: expected true or false or',
    );
  });

  test('reports a place once when several of them stumble over it', () => {
    const pairs = o.either(o.list(o.integer()), o.list(o.boolean()));
    expect(refusal(only(pairs), { value: ['x', 'y'] }).issues.map(({ path }) => path)).toEqual([
      'value[0]',
      'value[1]',
    ]);
  });
});

describe('Things kept as they are', () => {
  class Store {
    items = new Map<string, string>();
  }

  test('functions, regular expressions and instances keep their identity and stay unfrozen', () => {
    const check = (origin: string): boolean => origin !== '';
    const expression = /a/g;
    const store = new Store();
    expect(accept(o.fn('(origin) => boolean'), check)).toBe(check);
    expect(accept(o.regexp(), expression)).toBe(expression);
    const isStore = (value: unknown): value is Store => value instanceof Store;
    expect(accept(o.instance('a Store', isStore), store)).toBe(store);
    expect([check, expression, store].some((value) => Object.isFrozen(value))).toBe(false);
  });

  test('the wrong thing is named', () => {
    expect(refuse(o.fn('(req) => boolean'), 'x')).toContain(
      'expected a function (req) => boolean, got',
    );
    expect(refuse(o.regexp(), 'x')).toContain('expected a regular expression, got the string "x"');
    expect(
      refuse(
        o.instance('a Store', (value): value is Store => value instanceof Store),
        {},
      ),
    ).toContain('expected a Store, got an object');
  });
});

describe('o.custom', () => {
  const port = o.custom<number>('a port', (value, fail) => {
    if (value === 0) return fail({ code: 'PORT_ZERO', got: 'zero', hint: 'take 8080' });
    if (value === 1) return fail({ code: 'ONE_PORT_ONE', message: 'is taken' });
    if (value === 2) return fail({ expected: 'a port above 1024' });
    return typeof value === 'number' ? value : undefined;
  });

  test('turns the value into what it likes', () => {
    expect(accept(port, 8080)).toBe(8080);
    expect(
      accept(
        o.custom('null', () => null),
        5,
      ),
    ).toBeNull();
  });

  test('says as much as it wants; codes get the prefix of the area once', () => {
    expect(refuse(port, 'x')).toBe('ONE_WRONG_TYPE value: expected a port, got the string "x"');
    expect(refuse(port, 0)).toBe('ONE_PORT_ZERO value: expected a port, got zero → take 8080');
    expect(refuse(port, 1)).toBe('ONE_PORT_ONE value: is taken');
    expect(refuse(port, 2)).toBe(
      'ONE_WRONG_TYPE value: expected a port above 1024, got the number 2',
    );
  });

  test('lets its own mistakes through: they are no problem of the options', () => {
    const broken = o.custom('x', () => {
      throw new RangeError('bug');
    });
    expect(() => accept(broken, 1)).toThrow(RangeError);
  });
});

describe('o.trustProxy', () => {
  test('compiles what Express takes', () => {
    expect(accept(o.trustProxy(), true)('203.0.113.9', 3)).toBe(true);
    const trust = accept(o.trustProxy(), ['loopback', '10.0.0.0/8']);
    expect([trust('127.0.0.1', 0), trust('10.1.2.3', 0), trust('192.0.2.1', 0)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test.each([
    ['/33', '10.0.0.0/33'],
    ['a fraction', 1.5],
    ['unknown text', 'proxy'],
    ['null', null],
    ['a negative number', -1],
  ])('refuses %s with the fix', (_name, value) => {
    expect(refuse(o.trustProxy(), value)).toMatch(
      /^ONE_WRONG_TYPE value: expected true, false, a number of proxies, .* → /,
    );
  });
});

describe('Defaults', () => {
  test('are not shared between two instances, and frozen', () => {
    const methods = ['GET'];
    const definition = only(o.withDefault(o.list(o.string()), methods));
    const first = definition.resolve({}).options.value;
    methods.push('PUT');
    expect(first).toEqual(['GET']);
    expect(() => (first as string[]).push('X')).toThrow(TypeError);
    expect(definition.resolve({}).options.value).not.toBe(first);
  });

  test('of nested plain objects are copied; functions and instances in them are not', () => {
    const map = new Map();
    const store = { size: 0, run: (): void => undefined };
    const value = { list: [{ a: 1 }], map, store, bare: Object.create(null) as object };
    const spec = o.withDefault(
      o.custom<typeof value>('x', () => undefined),
      value,
    );
    const result = accept(spec, undefined);
    expect(result).toEqual(value);
    expect(result.list[0]).not.toBe(value.list[0]);
    expect(Object.isFrozen(result.list[0])).toBe(true);
    expect(result.map).toBe(map);
    expect(result.store).toBe(store);
    expect(Object.isFrozen(store)).toBe(false);
  });

  test('may be made anew each time', () => {
    let made = 0;
    const definition = only(o.withDefault(o.number(), () => (made += 1)));
    expect(
      [definition.resolve({}), definition.resolve({})].map(({ options }) => options.value),
    ).toEqual([1, 2]);
  });

  test('do not hide a wrong value', () => {
    expect(refuse(o.withDefault(o.number(), 5), null)).toContain('got null');
    expect(refuse(o.optional(o.number()), null)).toContain('got null');
    expect(accept(o.optional(o.number()), undefined)).toBeUndefined();
  });
});

describe('o.secret', () => {
  const spec = o.secret();

  test('takes text, bytes, a symmetric key or a Secret, and hides it', () => {
    const bytes = Buffer.from(goodSecret);
    expect(accept(spec, goodSecret).reveal()).toBe(goodSecret);
    expect(accept(spec, bytes).reveal()).toEqual(bytes);
    expect(accept(spec, new Uint8Array(bytes)).bytes()).toEqual(bytes);
    expect(accept(spec, createSecretKey(bytes)).bytes()).toEqual(bytes);
    const secret = Secret.from(goodSecret);
    expect(accept(spec, secret)).toBe(secret);
  });

  test.each<[string, unknown, string]>([
    ['short text', 'hunter2', 'a string of 7 characters (hidden)'],
    ['one character', 'x', 'a string of 1 character (hidden)'],
    ['short bytes', Buffer.alloc(5, 'ab'), '5 bytes (hidden)'],
    ['a single byte', Buffer.from('a'), '1 byte (hidden)'],
    ['a well-known value', 'keyboard cat', 'a value that everybody knows from examples'],
    [
      'a placeholder that is long enough',
      'please-change-me-before-going-to-production',
      'a value that everybody knows from examples',
    ],
    ['one repeated character', 'a'.repeat(64), 'a value made of a few repeated characters'],
    ['a repeated word', '0123456789abcdef'.repeat(3), 'a value that repeats itself'],
    [
      'digits counted twice and a bit',
      '12345678901234567890123456789012',
      'a value that repeats itself',
    ],
    ['zero bytes', Buffer.alloc(64), 'a value made of a few repeated characters'],
    ['a Secret that is too short', Secret.from('hunter2'), 'a string of 7 characters (hidden)'],
  ])('refuses %s without showing it', (_name, value, got) => {
    const message = refuse(spec, value);
    expect(message).toBe(
      `ONE_WEAK_SECRET value: expected a secret of at least 32 characters, got ${got} → make one with: node -p "crypto.randomBytes(32).toString('base64url')"`,
    );
  });

  test.each([
    'changeme',
    'your-secret-key',
    'Keyboard Cat!',
    'SECRET_KEY',
    'supersecret',
    'password',
    'your_secret_here',
  ])('knows %p from examples', (value) => {
    expect(refuse(o.secret({ minLength: 1 }), value)).toContain('everybody knows');
  });

  test.each<[string, unknown, string]>([
    ['a number', 12345678, 'a number (hidden)'],
    ['a boolean', true, 'a boolean (hidden)'],
    ['null', null, 'null'],
    ['a list', [], 'an empty list'],
    ['an object', { secret: 1 }, 'an object (hidden)'],
    ['a private key', { type: 'private' }, 'an object (hidden)'],
  ])('refuses %s', (_name, value, got) => {
    expect(refuse(spec, value)).toBe(
      `ONE_WRONG_TYPE value: expected a secret of at least 32 characters, got ${got}`,
    );
  });

  test('takes weak ones when told so, but not an empty one', () => {
    const lax = o.secret({ acceptWeak: true });
    expect(accept(lax, 'keyboard cat').reveal()).toBe('keyboard cat');
    expect(refuse(lax, '')).toContain(
      'expected a secret of at least 1 character, got a string of 0 characters',
    );
  });

  test('accepts a thousand random secrets of every usual form', async () => {
    const { randomBytes } = await import('node:crypto');
    for (let round = 0; round < 1000; round += 1) {
      const random = randomBytes(32);
      for (const form of [random, random.toString('hex'), random.toString('base64url')]) {
        expect(accept(spec, form).reveal()).toEqual(form);
      }
      expect(accept(spec, randomBytes(16).toString('hex')).reveal()).toHaveLength(32);
    }
  });
});
