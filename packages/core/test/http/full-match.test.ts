import { describe, expect, test } from '@jest/globals';
import { compileFullMatch } from '@portcullis/core/http';

describe('compileFullMatch()', () => {
  test.each<[RegExp, string, boolean]>([
    [/a|b/, 'a', true],
    [/a|b/, 'b', true],
    [/a|b/, 'ab', false],
    [/a|b/, 'xa', false],
    [/t[0-9]+\.test/g, 't1.test', true],
    [/t[0-9]+\.test/y, 'xt1.test', false],
    [/^a$/m, 'a\nb', false],
    [/^a$/, 'a', true],
    [/A/i, 'a', true],
    [/a.b/s, 'a\nb', true],
    [/\u{1f600}/u, '😀', true],
    [new RegExp('[[a-z]&&[abc]]+', 'v'), 'abc', true],
    [/a/d, 'a', true],
  ])('%p and %j: %s', (expression, text, expected) => {
    const matches = compileFullMatch(expression);
    expect([matches(text), matches(text), matches(text)]).toEqual([expected, expected, expected]);
  });

  test('is not changed by what happens to the expression later', () => {
    const expression = /a/;
    const matches = compileFullMatch(expression);
    // oxlint-disable-next-line typescript/no-deprecated -- this is the attack
    expression.compile('b');
    expression.exec = () => null;
    expect(matches('a')).toBe(true);
  });
});
