import { describe, expect, test } from '@jest/globals';
import { defineOptions, o } from '@portcullis/core/options';
import { refusal } from './refusal.ts';
import { goodSecret, sample } from './sample.ts';

function hints(input: object): readonly (string | undefined)[] {
  return refusal(sample, { secretKey: goodSecret, ...input }).issues.map(({ hint }) => hint);
}

describe('A name that is no option', () => {
  test.each([
    ['a letter too few', 'allowCredential', 'allowCredentials'],
    ['wrong case', 'maxage', 'maxAge'],
    ['snake case', 'allow_origins', 'allowOrigins'],
    ['kebab case', 'allow-origins', 'allowOrigins'],
    ['the name of the environment variable', 'SAMPLE_ALLOW_ORIGINS', 'allowOrigins'],
    ['two letters swapped', 'lveel', 'level'],
    ['a wrong letter', 'samesitr', 'sameSite'],
    ['the first letter missing', 'llowMethods', 'allowMethods'],
  ])('is answered with the near one: %s', (_name, key, meant) => {
    expect(hints({ [key]: 1 })).toEqual([`did you mean "${meant}"?`]);
  });

  test('gets no suggestion when nothing is near', () => {
    expect(hints({ colour: 1 })).toEqual([undefined]);
    expect(hints({ '': 1 })).toEqual([undefined]);
  });

  test('is refused when it would reach a prototype, and pollutes nothing', () => {
    const hostile: unknown = JSON.parse(
      `{"secretKey":"${goodSecret}","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":1}`,
    );
    const error = refusal(sample, hostile);
    expect(error.issues.map(({ path }) => path)).toEqual(['__proto__', 'constructor', 'prototype']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();

    const nested: unknown = JSON.parse('{"limits":{"names":[],"__proto__":{"perMinute":5}}}');
    expect(refusal(sample, { secretKey: goodSecret, ...(nested as object) }).issues[0]?.path).toBe(
      'limits.__proto__',
    );
  });

  test('is shown in brackets when it is not a word', () => {
    expect(refusal(sample, { secretKey: goodSecret, 'a b': 1 }).issues[0]?.path).toBe('["a b"]');
  });

  test('never shows the value, which may be a secret under a misspelt name', () => {
    const error = refusal(sample, { secretkey: 'hunter2-hunter2' });
    expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('hunter2');
  });
});

describe('An alias', () => {
  const aliased = defineOptions<
    { allowOrigins?: string; origin?: string },
    { readonly allowOrigins: string }
  >({
    package: 'aliased',
    area: 'ALIASED',
    fields: { allowOrigins: o.withDefault(o.string(), '*') },
    aliases: { origin: 'allowOrigins' },
    suggestions: { allowedSites: 'allowOrigins' },
    advice: { allowOrigin: 'leave it out' },
  });

  test('may be only suggested', () => {
    expect(refusal(aliased, { allowedSites: 'x' }).issues[0]).toMatchObject({
      code: 'ALIASED_UNKNOWN_OPTION',
      hint: 'did you mean "allowOrigins"?',
    });
  });

  test('may be advised against, however near it is to an option', () => {
    expect(refusal(aliased, { allowOrigin: 'x' }).issues[0]).toMatchObject({
      code: 'ALIASED_UNKNOWN_OPTION',
      hint: 'leave it out',
    });
  });

  test('means its option', () => {
    expect(aliased.resolve({ origin: 'x' }).options).toEqual({ allowOrigins: 'x' });
  });

  test('is the name used in the message about its value', () => {
    expect(refusal(aliased, { origin: 5 }).issues[0]?.message).toBe(
      'origin: expected a string, got the number 5',
    );
  });

  test.each([
    ['alias last', { allowOrigins: 'a', origin: 'b' }, 'origin', 'allowOrigins'],
    ['alias first', { origin: 'b', allowOrigins: 'a' }, 'allowOrigins', 'origin'],
  ])('beside its option is a problem: %s', (_name, input, path, other) => {
    expect(refusal(aliased, input).issues).toEqual([
      {
        code: 'ALIASED_CONFLICT',
        path,
        hint: 'keep one of the two',
        message: `${path}: means the same as "${other}", which is given too`,
      },
    ]);
  });

  test('is suggested for a near miss', () => {
    expect(refusal(aliased, { orgin: 'x' }).issues[0]?.hint).toBe('did you mean "origin"?');
  });
});
