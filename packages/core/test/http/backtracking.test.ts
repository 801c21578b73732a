import { describe, expect, test } from '@jest/globals';
import { findBacktracking } from '@portcullis/core/http';
import fc from 'fast-check';

describe('findBacktracking() reports what can hang', () => {
  test.each<[RegExp, string]>([
    [/(a+)+/, '(a+)+'],
    [/(a*)*/, '(a*)*'],
    [/(?:a|a)*b/, '(?:a|a)*'],
    [/(a|ab|b)*c/, '(a|ab|b)*'],
    [/x(?:[a-z]+)*\.com/, '(?:[a-z]+)*'],
    [/(?:[a-z0-9]+-?)*\.example\.com/, '(?:[a-z0-9]+-?)*'],
    [/(a?b?)*c/, '(a?b?)*'],
    [/(\w|\d)+x/, '(\\w|\\d)+'],
    [/(?:a{2,})+b/, '(?:a{2,})+'],
    [/(?:a{1,30}){1,30}b/, '(?:a{1,30}){1,30}'],
    [/(?=(a+)+b)x/, '(a+)+'],
    [/((a+)?b?)*c/, '((a+)?b?)*'],
    [/.*.*.*x/, '.*.*.*'],
    [/https:\/\/.*a.*b.*\.com/, '.*a.*b.*'],
    [/[ab]*x?[ab]*x?[ab]*y/, '[ab]*x?[ab]*x?[ab]*'],
    [/(a)\1/, '\\1'],
    [/(?<x>a)\k<x>/, '\\k<x>'],
    [new RegExp('(?:[[a-z]--[x]]+)+', 'v'), '(?:[[a-z]--[x]]+)+'],
    [/(?:a|(?:b|c)|[ab])*d/, '(?:a|(?:b|c)|[ab])*'],
    [/(?:\u{61}+)+/u, '(?:\\u{61}+)+'],
    [/(?:\x61|a)+b/, '(?:\\x61|a)+'],
    [/(?:\p{Letter}|a)+b/u, '(?:\\p{Letter}|a)+'],
    [/(?:[a-z]?){40}x/, '(?:[a-z]?){40}'],
    [/x(?:[a-z]?){20,}y/, '(?:[a-z]?){20,}'],
    [/(?:a|aa){1,40}x/, '(?:a|aa){1,40}'],
    [/(?:[a-z]|[a-z0-9]){1,40}x/, '(?:[a-z]|[a-z0-9]){1,40}'],
    [/(?:[a-z]{1,10}){1,10}x/, '(?:[a-z]{1,10}){1,10}'],
    [/[a-z]{0,60}[a-z]{0,60}[a-z]{0,60}x/, '[a-z]{0,60}[a-z]{0,60}[a-z]{0,60}'],
    [new RegExp(`b(?:${'a?'.repeat(17)}c)`), `${'a?'.repeat(17)}c)`],
    [/(?:A|a)+b/i, '(?:A|a)+'],
  ])('%s', (expression, part) => {
    expect(findBacktracking(expression)).toBe(part);
  });
});

describe('findBacktracking() accepts what people write for hosts', () => {
  test.each([
    /example\.com/,
    /.*\.example\.com/,
    /https:\/\/.*\.example\.org/,
    /(?:[a-z0-9-]+\.)*example\.com/,
    /([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com/,
    /t[0-9]+\.re\.test/,
    /(?:a|b|c)+\.example\.com/,
    /.*\..*/,
    /^(?:foo|bar)-pr-\d{1,5}\.preview\.dev$/i,
    /(?:A|a)+b/,
    /[^.]+\.example\.(?:com|org|net)(?::\d+)?/,
    /(?!www)[a-z]+\.example\.com/,
    /(?<!x)\b[\]\w]+/,
    /a{2}b{0}c{,3}/,
    /\ca\0\//,
    /😀\.example/u,
    /(?:)/,
    /a+b+c+d+/,
    /(?:a+,)?(?:b+,)?(?:c+,)?/,
    new RegExp('[[a-z]&&[^x]]+', 'v'),
    /[a[]+/,
    /a{3}b{2,4}c{0,2}/,
    /a{0}/,
    /https:\/\/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.example\.org/,
    /https:\/\/[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\.example\.org(?::\d{1,5})?/,
    /(?:[0-9]{1,3}\.){3}[0-9]{1,3}/,
    /chrome-extension:\/\/[a-p]{32}/,
    /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/,
    new RegExp(`${'a?'.repeat(16)}b${'a?'.repeat(16)}`),
  ])('%s', (expression) => {
    expect(findBacktracking(expression)).toBeUndefined();
  });
});

test('an expression too large to judge is reported', () => {
  const words = ['abc', 'abd', 'abe'].map((start) => `(?:${start}${'[a-z]'.repeat(60)}[.-])+`);
  expect(findBacktracking(new RegExp(words.join('')))).toContain('(?:abc[a-z]');
  const letters = 'abcdefghijklmnopqrstuvwxyz'.repeat(4);
  const alternatives = letters
    .split('')
    .map((letter) => `[${letter}x]y`)
    .join('|');
  expect(findBacktracking(new RegExp(`(?:(?:${alternatives})z)*`))).toBeDefined();
});

test('an expression of more than 2048 characters is reported unread', () => {
  expect(findBacktracking(new RegExp('a'.repeat(2048)))).toBeUndefined();
  expect(findBacktracking(new RegExp('a'.repeat(2049)))).toBe(`${'a'.repeat(80)}...`);
  expect(findBacktracking(new RegExp('('.repeat(1e4) + ')'.repeat(1e4)))).toBeDefined();
});

test('answers in milliseconds for an expression of many alternatives in a loop', () => {
  const names = Array.from({ length: 200 }, (_, index) => `tenant${index}`).join('|');
  const start = performance.now();
  findBacktracking(new RegExp(`(?:(?:${names})\\.)+example\\.com`));
  expect(performance.now() - start).toBeLessThan(5000);
});

test('what is not reported is quick on the texts that hang the others', () => {
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('a', 'b', '[ab]', '.', 'x'),
      fc.tuple(tie('expression'), tie('expression')).map((parts) => parts.join('')),
      fc.tuple(tie('expression'), tie('expression')).map((parts) => `(?:${parts.join('|')})`),
      fc
        .tuple(tie('expression'), fc.constantFrom('*', '+', '?', '{1,2}', '{0,3}', '{2,}'))
        .map(([item, quantifier]) => `(?:${item})${quantifier}`),
    ),
  }));
  const texts = ['a', 'b', 'ab', 'aab', 'ax'].map((unit) => `${unit.repeat(60)}!`);
  fc.assert(
    fc.property(expression, (source) => {
      fc.pre(findBacktracking(new RegExp(source)) === undefined);
      const anchored = new RegExp(`^(?:${source})$`);
      const start = performance.now();
      for (const text of texts) anchored.test(text);
      expect(performance.now() - start).toBeLessThan(1000);
    }),
    { numRuns: 1000 },
  );
});
