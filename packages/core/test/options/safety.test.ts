import { deepStrictEqual } from 'node:assert';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { defineOptions, isSecret, o, Secret } from '@portcullis/core/options';
import { refusal } from './refusal.ts';
import { goodSecret, sample } from './sample.ts';

const HUNTER = 'hunter2-7';

/** Everything that could be printed of an error. */
function everything(error: Error): string {
  return [
    error.message,
    error.stack,
    String(error),
    inspect(error, { depth: Infinity, showHidden: true }),
    JSON.stringify(error),
    JSON.stringify(Object.getOwnPropertyDescriptors(error)),
  ].join('\n');
}

describe('The value of a secret', () => {
  const either = defineOptions<
    { key?: unknown; nested?: unknown },
    { key: unknown; nested: unknown }
  >({
    package: 'either',
    area: 'EITHER',
    fields: {
      key: o.optional(o.either(o.boolean(), o.list(o.integer()), o.secret())),
      nested: o.optional(o.object({ password: o.secret(), port: o.integer() })),
    },
  });

  test.each<[string, object]>([
    ['too short', { secretKey: HUNTER }],
    ['in a list', { secretKey: [goodSecret, HUNTER] }],
    ['of the wrong kind', { secretKey: { key: HUNTER } }],
    ['under a misspelt name', { secretkey: HUNTER }],
  ])('is in no part of the error: %s', (_name, input) => {
    expect(everything(refusal(sample, input))).not.toContain(HUNTER);
  });

  test.each<[string, object]>([
    ['beside other kinds', { key: HUNTER }],
    ['in a list where only numbers may be', { key: [HUNTER] }],
    ['in an object', { nested: { password: HUNTER, port: 1 } }],
    ['instead of an object', { nested: HUNTER }],
  ])('is in no part of the error: %s', (_name, input) => {
    expect(everything(refusal(either, input))).not.toContain(HUNTER);
  });

  test('does not hide its neighbours in the same object', () => {
    const error = refusal(either, { nested: { password: goodSecret, port: 'eighty' } });
    expect(error.issues[0]?.got).toBe('the string "eighty"');
  });
});

describe('Names that somebody has put on Object.prototype', () => {
  const nested = defineOptions<
    { open?: unknown; at?: unknown },
    { open: boolean; at: { deep: boolean } | undefined }
  >({
    package: 'nested',
    area: 'NESTED',
    fields: {
      open: o.withDefault(o.boolean(), false),
      at: o.optional(o.object({ deep: o.withDefault(o.boolean(), false) })),
    },
  });

  test('are no options, and break nothing', () => {
    Object.assign(Object.prototype, { open: true, deep: true, colour: 1 });
    try {
      const { options } = nested.resolve({ at: {} });
      expect([options.open, options.at?.deep]).toEqual([false, false]);
      expect(Object.keys(options)).toEqual(['open', 'at']);
    } finally {
      for (const name of ['open', 'deep', 'colour']) Reflect.deleteProperty(Object.prototype, name);
    }
  });
});

describe('Secret', () => {
  const secret = Secret.from(HUNTER);

  test('shows nothing in text, logs, JSON, inspection or a clone', () => {
    const shown = [
      [secret].join(),
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret, { showHidden: true, depth: Infinity }),
      inspect({ nested: [secret] }),
      inspect(structuredClone({ secret })),
      Object.entries(secret).join(),
    ];
    expect(shown.join('\n')).not.toContain(HUNTER);
    expect([String(secret), JSON.stringify(secret), inspect(secret)].join(' ')).toBe(
      '[secret] "[secret]" [secret]',
    );
  });

  test('shows nothing in the difference that an assertion prints', () => {
    let message = '';
    try {
      deepStrictEqual({ secret }, { secret: 'other' });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('secret: Secret {}');
    expect(message).not.toContain(HUNTER);
  });

  test('gives its value when asked, as copies of the bytes', () => {
    expect(secret.reveal()).toBe(HUNTER);
    expect(secret.bytes()).toEqual(Buffer.from(HUNTER));
    const original = Buffer.from(HUNTER);
    const bytes = Secret.from(original);
    original.fill(0);
    bytes.bytes().fill(0);
    (bytes.reveal() as Buffer).fill(0);
    expect(bytes.reveal()).toEqual(Buffer.from(HUNTER));
  });

  test('cannot be changed', () => {
    expect(Object.isFrozen(secret)).toBe(true);
  });

  test('is made of text, bytes or a symmetric key only', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('ed25519');
    for (const value of [5, null, undefined, {}, [], privateKey]) {
      expect(() => Secret.from(value as string)).toThrow(
        'A secret is a string, bytes or a symmetric KeyObject',
      );
    }
  });

  test('is recognised by its mark, not by its class', () => {
    expect(isSecret(secret)).toBe(true);
    expect(isSecret({ [Symbol.for('portcullis.secret')]: true })).toBe(true);
    expect([isSecret('x'), isSecret(null), isSecret({})]).toEqual([false, false, false]);
  });
});

describe('Resolved options', () => {
  test('are frozen all the way down', () => {
    const { options, warnings } = sample.resolve({
      secretKey: goodSecret,
      limits: { names: ['a'] },
      allowOrigins: ['x'],
    });
    const parts = [
      options,
      options.limits,
      options.limits?.names,
      options.allowOrigins,
      options.secretKey,
      warnings,
    ];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });

  test('do not follow later changes of what was given', () => {
    const given = {
      secretKey: goodSecret,
      allowMethods: ['GET'],
      limits: { names: ['a'] },
      level: 3,
    };
    const { options } = sample.resolve(given);
    given.allowMethods.push('DELETE');
    given.limits.names.push('b');
    given.level = 9;
    expect([options.allowMethods, options.limits?.names, options.level]).toEqual([
      ['GET'],
      ['a'],
      3,
    ]);
    expect(Object.isFrozen(given.allowMethods)).toBe(false);
  });

  test('read every property once, so that a getter cannot change its mind', () => {
    const reads: string[] = [];
    const record = <T>(name: string, value: T): T => (reads.push(name), value);
    const given = {
      get secretKey() {
        return record('secretKey', goodSecret);
      },
      get allowMethods() {
        return record(
          'allowMethods',
          reads.filter((name) => name === 'allowMethods').length === 0 ? ['GET'] : 'boo',
        );
      },
    };
    expect(sample.resolve(given).options.allowMethods).toEqual(['GET']);
    expect(reads).toEqual(['secretKey', 'allowMethods']);
  });

  test('read a Proxy and the items of a list once', () => {
    const reads: PropertyKey[] = [];
    const watched = <T extends object>(target: T): T =>
      new Proxy(target, {
        get(object, key, receiver): unknown {
          if (typeof key === 'string' && key !== 'length') reads.push(key);
          return Reflect.get(object, key, receiver);
        },
      });
    sample.resolve(watched({ secretKey: goodSecret, allowMethods: watched(['GET', 'PUT']) }));
    expect(reads.filter((key) => key === 'allowMethods')).toHaveLength(1);
    expect(reads.filter((key) => key === '0')).toHaveLength(1);
    expect(reads.filter((key) => key === '1')).toHaveLength(1);
  });
});
