import { describe, expect, test } from '@jest/globals';
import { privateCaching } from '../src/cookie/cache-control.ts';

describe('privateCaching', () => {
  test.each([
    ['nothing said', undefined, { value: 'private, no-cache="Set-Cookie"' }],
    ['an empty header', ' ', { value: 'private, no-cache="Set-Cookie"' }],
    ['private already', 'private, max-age=60', undefined],
    ['no-store', 'no-store', undefined],
    ['no-cache', 'no-cache', { value: 'private, no-cache' }],
    ['max-age alone', 'max-age=60', { value: 'private, max-age=60' }],
    ['must-revalidate', 'must-revalidate,', { value: 'private, must-revalidate' }],
    [
      'private for one header only',
      'private="x-a, x-b", max-age=5',
      { value: 'private, private="x-a, x-b", max-age=5' },
    ],
    ['public', 'public, max-age=60', { value: 'private, max-age=60', removed: 'public' }],
    ['public in capitals', 'Public', { value: 'private', removed: 'Public' }],
    [
      's-maxage',
      'max-age=1, s-maxage=600',
      { value: 'private, max-age=1', removed: 's-maxage=600' },
    ],
    ['both', 'public, s-maxage = 5', { value: 'private', removed: 'public, s-maxage = 5' }],
    ['public beside no-store', 'public, no-store', { value: 'no-store', removed: 'public' }],
  ])('answers to %s', (_, present, wanted) => {
    expect(privateCaching(present)).toEqual(wanted);
  });
});
