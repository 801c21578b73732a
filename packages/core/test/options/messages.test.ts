import { describe, expect, test } from '@jest/globals';
import { defineOptions, o } from '@portcullis/core/options';
import { refusal } from './refusal.ts';
import { goodSecret, sample } from './sample.ts';

/** The message of a wrong value for one option, without its header. */
function lines(input: object): string {
  return refusal(sample, { secretKey: goodSecret, ...input })
    .message.split('\n')
    .slice(1)
    .join('\n');
}

describe('OptionsError', () => {
  test('says everything that is wrong at once, in a stable order', () => {
    const error = refusal(sample, {
      sameSite: 'Lax',
      allowCredential: true,
      maxage: 5,
      allowOrigins: 'https://a.example',
      allowMethods: ['GET', 5],
      secretKey: 'hunter2',
    });
    expect(error.message).toBe(
      [
        '@portcullis/sample: 6 options cannot be used',
        '  ✖ allowCredential: is not an option',
        '      → did you mean "allowCredentials"?',
        '  ✖ maxage: is not an option',
        '      → did you mean "maxAge"?',
        '  ✖ allowOrigins: expected a list, each a string or a regular expression or a function (origin) => boolean, got the string "https://a.example"',
        '      → wrap it in a list: [ … ]',
        '  ✖ allowMethods[1]: expected a string, got the number 5',
        '  ✖ sameSite: expected one of "lax", "strict", "none", got the string "Lax"',
        '      → did you mean "lax"?',
        '  ✖ secretKey: expected a secret of at least 32 characters, got a string of 7 characters (hidden)',
        '      → make one with: node -p "crypto.randomBytes(32).toString(\'base64url\')"',
      ].join('\n'),
    );
  });

  test('carries a code, the package and one issue per problem for programs', () => {
    const error = refusal(sample, { secretKey: goodSecret, level: 12 });
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('OptionsError');
    expect(error.code).toBe('ERR_PORTCULLIS_OPTIONS');
    expect(error.package).toBe('@portcullis/sample');
    expect(error.issues).toEqual([
      {
        code: 'SAMPLE_OUT_OF_RANGE',
        path: 'level',
        expected: 'an integer from 1 to 9',
        got: 'the number 12',
        message: 'level: expected an integer from 1 to 9, got the number 12',
      },
    ]);
    expect(Object.isFrozen(error.issues)).toBe(true);
  });

  test('counts a single problem as one', () => {
    const error = refusal(sample, { secretKey: goodSecret, level: 0 });
    expect(error.message).toMatch(/^@portcullis\/sample: 1 option cannot be used\n/);
  });

  test('starts its stack at the call, not inside the checks', () => {
    const error = refusal(sample, { level: 0 });
    expect(error.stack?.split('\n').find((line) => line.includes('    at '))).toContain(
      'refusal.ts',
    );
  });

  test('names a missing required option', () => {
    expect(refusal(sample, {}).issues).toEqual([
      expect.objectContaining({ code: 'SAMPLE_MISSING', path: 'secretKey' }),
    ]);
    expect(refusal(sample, undefined).message).toContain(
      '✖ secretKey: is required: expected a secret of at least 32 characters',
    );
  });

  test('puts a misspelt name before the required option that it leaves missing', () => {
    const { issues } = refusal(sample, { secretkey: goodSecret });
    expect(issues.map(({ path }) => path)).toEqual(['secretkey', 'secretKey']);
  });
});

describe('The message of a wrong value', () => {
  test.each<[string, object, string]>([
    [
      'a number in quotes',
      { level: '6' },
      'level: expected an integer from 1 to 9, got the string "6"\n      → remove the quotes',
    ],
    [
      'a boolean in quotes',
      { allowCredentials: 'true' },
      'allowCredentials: expected true or false, got the string "true"\n      → remove the quotes',
    ],
    [
      'another text for a boolean',
      { allowCredentials: 'maybe' },
      'allowCredentials: expected true or false, got the string "maybe"',
    ],
    [
      'seconds in quotes',
      { maxAge: '600' },
      "maxAge: expected a duration (seconds, or text such as '10m', '14d'), 0 seconds or more, got the string \"600\"\n      → remove the quotes",
    ],
    ['NaN', { level: NaN }, 'level: expected an integer from 1 to 9, got NaN'],
    [
      'Infinity',
      { maxAge: Infinity },
      "maxAge: expected a duration (seconds, or text such as '10m', '14d'), 0 seconds or more, got Infinity",
    ],
    [
      'a negative number',
      { minimumSize: -1 },
      "minimumSize: expected a size (bytes, or text such as '1kb'), 0 bytes or more, got the number -1",
    ],
    ['a fraction', { level: 1.5 }, 'level: expected an integer from 1 to 9, got the number 1.5'],
    ['a bigint', { level: 6n }, 'level: expected an integer from 1 to 9, got the bigint 6n'],
    [
      'null',
      { maxAge: null },
      "maxAge: expected a duration (seconds, or text such as '10m', '14d'), 0 seconds or more, got null",
    ],
    [
      'a symbol',
      { sameSite: Symbol('lax') },
      'sameSite: expected one of "lax", "strict", "none", got a symbol',
    ],
    ['false', { sameSite: false }, 'sameSite: expected one of "lax", "strict", "none", got false'],
    [
      'a function',
      { allowMethods: function methods() {} },
      'allowMethods: expected a list, each a string, got the function methods',
    ],
    [
      'a nameless function',
      {
        allowMethods: (
          () => () =>
            1
        )(),
      },
      'allowMethods: expected a list, each a string, got a function',
    ],
    [
      'a class instance',
      { allowMethods: new Set(['GET']) },
      'allowMethods: expected a list, each a string, got an object of class Set',
    ],
    [
      'a RegExp',
      { allowMethods: /GET/ },
      'allowMethods: expected a list, each a string, got the regular expression /GET/',
    ],
    [
      'an object',
      { allowMethods: {} },
      'allowMethods: expected a list, each a string, got an object',
    ],
    [
      'an object without prototype',
      { allowMethods: Object.create(null) },
      'allowMethods: expected a list, each a string, got an object',
    ],
    [
      'a hole in a list',
      { allowMethods: Object.assign(['GET'], { 2: 'PUT' }) },
      'allowMethods[1]: is required: expected a string',
    ],
    [
      'a list in a list',
      { allowMethods: [['GET']] },
      'allowMethods[0]: expected a string, got a list of 1 item',
    ],
    [
      'an empty list in a list',
      { allowMethods: [[]] },
      'allowMethods[0]: expected a string, got an empty list',
    ],
    [
      'none of several kinds',
      { allowOrigins: ['x', 5] },
      'allowOrigins[1]: expected a string or a regular expression or a function (origin) => boolean, got the number 5',
    ],
    [
      'a nested object that is none',
      { limits: [1, 2] },
      'limits: expected an object with perMinute, names, got a list of 2 items',
    ],
    [
      'a nested wrong value',
      { limits: { perMinute: 0, names: ['a', 1] } },
      'limits.perMinute: expected an integer, 1 or more, got the number 0\n  ✖ limits.names[1]: expected a string, got the number 1',
    ],
    [
      'a nested unknown name',
      { limits: { perminute: 1, names: [] } },
      'limits.perminute: is not an option\n      → did you mean "perMinute"?',
    ],
    [
      'a nested missing value',
      { limits: {} },
      'limits.names: is required: expected a list, each a string',
    ],
  ])('%s', (_name, input, expected) => {
    expect(lines(input)).toBe(`  ✖ ${expected}`);
  });

  test('shortens a long text and hides the password of a URL', () => {
    expect(lines({ sameSite: 'x'.repeat(500) })).toContain(`the string "${'x'.repeat(80)}…"`);
    expect(lines({ sameSite: 'redis://app:hunter2@db/1' })).toContain('"redis://***@db/1"');
    const careless = lines({ sameSite: 'redis://:hun@ter/2@db,redis://:hunter3@db2' });
    expect(careless).toContain('"redis://***@db2"');
    expect(lines({ sameSite: 'me@example.com//x' })).toContain('"me@example.com//x"');
  });
});

describe('Options as a whole', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['a list', [], 'an empty list'],
    ['a string, which may be a secret', 'Zr8w0vK-3tQ6yHd1', 'a string of 16 characters (hidden)'],
    ['a number', 5, 'the number 5'],
    ['a Map', new Map(), 'an object of class Map'],
    ['a function', () => 1, 'a function'],
  ])('%s is refused', (_name, input, got) => {
    expect(refusal(sample, input).message).toBe(
      `@portcullis/sample: 1 option cannot be used\n  ✖ options: expected an object of options, got ${got}`,
    );
    expect(refusal(sample, input).issues[0]?.path).toBe('');
  });

  test('undefined is the same as no options, and undefined values are not given', () => {
    const free = defineOptions<{ size?: number | undefined }, { readonly size: number }>({
      package: 'free',
      area: 'FREE',
      fields: { size: o.withDefault(o.number(), 5) },
    });
    expect(free.resolve(undefined).options).toEqual({ size: 5 });
    expect(free.resolve({ size: undefined, nonsense: undefined }).options).toEqual({ size: 5 });
  });

  test('an instance of a class is read like an object', () => {
    class Mine {
      secretKey = goodSecret;
      level = 3;
    }
    expect(sample.resolve(new Mine()).options.level).toBe(3);
  });
});
