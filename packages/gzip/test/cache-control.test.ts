import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCacheControl } from '../src/cache-control.ts';

describe('parseCacheControl', () => {
  test.each([
    [undefined, false, false],
    ['', false, false],
    ['no-transform', true, false],
    ['No-Transform', true, false],
    ['public,no-transform ,max-age=1', true, false],
    [['public', 'no-transform'], true, false],
    ['x-no-transform', false, false],
    ['no-transform-ever', false, false],
    ['ext="a, no-transform, b"', false, false],
    ['ext="a\\", no-transform"', false, false],
    ['ext="unclosed, no-transform', false, false],
    ['ext="a", no-transform', true, false],
    ['private', false, true],
    ['max-age=0, PRIVATE="Set-Cookie"', false, true],
    ['no-store', false, true],
    ['privateer', false, false],
    [0, false, false],
  ])('%j', (value, noTransform, unshared) => {
    expect(parseCacheControl(value)).toEqual({ noTransform, unshared });
  });

  test('takes any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseCacheControl(`${text.replaceAll('"', '')}, no-transform`).noTransform).toBe(
          true,
        );
      }),
    );
  });
});
