import { describe, expect, test } from '@jest/globals';
import { codedEtag, validatedEtag, withoutSuffixes } from '../src/etag.ts';

describe('codedEtag', () => {
  test.each([
    ['weaken', '"abc"', 'W/"abc"'],
    ['weaken', 'W/"abc"', 'W/"abc"'],
    ['suffix', '"abc"', '"abc-gzip"'],
    ['suffix', 'W/"abc"', 'W/"abc"'],
    ['suffix', 'unquoted', 'W/unquoted'],
    ['drop', '"abc"', undefined],
    ['drop', 'W/"abc"', 'W/"abc"'],
    ['keep', '"abc"', '"abc"'],
  ] as const)('%s makes of %s %s', (mode, etag, expected) => {
    expect(codedEtag(etag, 'gzip', mode)).toBe(expected);
  });
});

describe('withoutSuffixes', () => {
  test.each([
    ['"abc-gzip"', '"abc"'],
    ['W/"abc-br"', 'W/"abc"'],
    ['"a-zstd", W/"b-deflate" ,"c"', '"a", W/"b" ,"c"'],
    ['"a-gzip-gzip"', '"a-gzip"'],
    ['"-gzip"', '""'],
    ['"abc-lzw"', '"abc-lzw"'],
    ['"gzip"', '"gzip"'],
    ['*', '*'],
    ['garbage-gzip', 'garbage-gzip'],
  ])('%s is %s to the application', (given, expected) => {
    expect(withoutSuffixes(given)).toBe(expected);
  });
});

describe('validatedEtag', () => {
  test.each([
    ['weaken', '"abc"', 'W/"abc"', 'W/"abc"'],
    ['weaken', '"abc"', '"x", W/"abc"', 'W/"abc"'],
    ['weaken', '"abc"', '"abc"', '"abc"'],
    ['weaken', '"abc"', '*', '"abc"'],
    ['weaken', 'W/"abc"', '"abc"', 'W/"abc"'],
    ['suffix', '"abc"', '"abc-br"', '"abc-br"'],
    ['suffix', '"abc"', '"abc"', '"abc"'],
    ['suffix', '"abc"', '"abd-br"', '"abc"'],
    ['drop', '"abc"', 'W/"abc"', '"abc"'],
    ['keep', '"abc"', 'W/"abc"', '"abc"'],
  ] as const)('%s: %s asked for as %s goes out as %s', (mode, etag, asked, expected) => {
    expect(validatedEtag(etag, asked, mode)).toBe(expected);
  });
});
