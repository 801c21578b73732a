import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { defineOptions, type OptionsError, o } from '@portcullis/core/options';
import fc from 'fast-check';
import { goodSecret, sample, type SampleOptions } from './sample.ts';

/** Values of every kind, objects that look like options and near misses of the names among them. */
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});
const names = [
  'allowOrigins',
  'allowMethods',
  'maxAge',
  'level',
  'sameSite',
  'secretKey',
  'limits',
  'maxage',
  '__proto__',
];
const optionsLike = fc.dictionary(fc.constantFrom(...names), anything);

function outcome(input: unknown): OptionsError | object {
  try {
    return sample.resolve(input).options;
  } catch (error) {
    return error as OptionsError;
  }
}

describe('Options of any shape', () => {
  test('are frozen or refused with an OptionsError, never anything else', () => {
    fc.assert(
      fc.property(fc.oneof(anything, optionsLike), (input) => {
        const result = outcome(input);
        if (!('issues' in result)) return Object.isFrozen(result);
        expect(result.code).toBe('ERR_PORTCULLIS_OPTIONS');
        expect(result.issues.length).toBeGreaterThan(0);
        for (const { code, message } of result.issues) {
          expect(code).toMatch(/^SAMPLE_[A-Z_]+$/);
          expect(message.split('\n')).toHaveLength(1);
        }
        return true;
      }),
      { numRuns: 500 },
    );
  });

  test('give the same answer twice', () => {
    fc.assert(
      fc.property(optionsLike, (input) => {
        const [first, second] = [outcome(input), outcome(input)];
        expect(inspect(second, { depth: 3 }).replace(/\n {4}at .*/g, '')).toBe(
          inspect(first, { depth: 3 }).replace(/\n {4}at .*/g, ''),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('never change what was given', () => {
    fc.assert(
      fc.property(optionsLike, (input) => {
        const before = inspect(input, { depth: 8 });
        outcome(input);
        expect(inspect(input, { depth: 8 })).toBe(before);
      }),
      { numRuns: 200 },
    );
  });

  test('never show a secret, wherever it was put', () => {
    const secret = 'Zq7-hidden-Zq7';
    const holding = fc.oneof(
      fc.constant(secret),
      fc.array(fc.constantFrom<unknown>(secret, 5, null, goodSecret), { minLength: 1 }),
      fc.record({ key: fc.constant(secret), [secret]: fc.constant(1) }),
    );
    fc.assert(
      fc.property(holding, (secretKey) => {
        const error = outcome({ secretKey });
        const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
        return !shown.includes(secret);
      }),
    );
  });
});

describe('Durations and sizes', () => {
  const one = defineOptions<
    SampleOptions,
    { readonly maxAge: number; readonly minimumSize: number }
  >({
    package: 'one',
    area: 'ONE',
    fields: { maxAge: o.withDefault(o.duration(), 0), minimumSize: o.withDefault(o.bytes(), 0) },
  });

  test('with a unit are that many of it', () => {
    const seconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w'), (amount, unit) => {
        const maxAge = `${amount}${unit}`;
        const { options } = one.resolve({ maxAge } as SampleOptions);
        expect(options.maxAge).toBeCloseTo(amount * seconds[unit], 6);
      }),
    );
  });

  test('are never made of other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\s*\d+(\.\d+)?\s?[a-z]+\s*$/i.test(text));
        expect(() => one.resolve({ maxAge: text })).toThrow('expected a duration');
        expect(() => one.resolve({ minimumSize: text })).toThrow('expected a size');
      }),
    );
  });
});
