import { describe, expect, test } from '@jest/globals';
import { compileFullMatch } from '@portcullis/core/http';
import { findNearMiss, findStranger, literalHosts } from '../src/regexp-audit.ts';

const nearMiss = (expression: RegExp): string | undefined =>
  findNearMiss(expression.source, compileFullMatch(expression));
const stranger = (expression: RegExp): string | undefined =>
  findStranger(compileFullMatch(expression));

describe('literalHosts', () => {
  test.each([
    [/https:\/\/example\.com/, ['example.com']],
    [/https:\/\/.*\.example\.org/, ['example.org']],
    [/https?:\/\/(?:a|b)\.example\.com(?::\d+)?/, ['example.com']],
    [/https:\/\/example.com/, ['example.com']],
    [/https:\/\/[a-z.]+\.example\.com|http:\/\/localhost\.test/, ['example.com', 'localhost.test']],
    [/https:\/\/(?<sub>\w+)\.my-app\.dev/i, ['my-app.dev']],
    [/https:\/\/a\.?b\.com/, ['b.com']],
    [/.*/, []],
    [/https:\/\/localhost:\d{1,5}/, []],
  ])('%s: %j', (expression, hosts) => {
    expect(literalHosts(expression.source)).toEqual(hosts);
  });
});

describe('findNearMiss', () => {
  test.each([
    [/https:\/\/.*example\.org/, 'https://evilexample.org'],
    [/https?:\/\/.*\.?example\.org/, 'https://evilexample.org'],
    [/https:\/\/example\.org.*/, 'https://example.org.evil.net'],
    [/https:\/\/example.org/, 'https://examplexorg'],
    [/https:\/\/api.example.org/, 'https://apixexample.org'],
    [/https:\/\/.*\.example.org/, 'https://a.examplexorg'],
    [/http:\/\/.*example\.org:8080/, 'http://evilexample.org:8080'],
  ])('%s also allows %s', (expression, origin) => {
    expect(nearMiss(expression)).toBe(origin);
  });

  test.each([
    [/https:\/\/example\.org/],
    [/https:\/\/(.*\.)?example\.org/],
    [/https:\/\/[a-z0-9-]+\.example\.org(:\d+)?/],
    [/https:\/\/(?:api|www)\.example\.(?:org|com)/],
    [/https:\/\/(?:example|evilexample)\.org|https:\/\/evilexample\.org|https:\/\/example\.org/],
    [/http:\/\/localhost:\d+/],
  ])('has nothing against %s', (expression) => {
    expect(nearMiss(expression)).toBeUndefined();
  });
});

describe('findStranger', () => {
  test.each([
    [/.*/, 'http://evil.com'],
    [/https:\/\/.*/, 'https://evil.com'],
    [/https?:\/\/.+/, 'http://evil.com'],
    [/https:\/\/[^/]+\.net/, 'https://evil.net'],
    [/https:\/\/.*:8080/, 'https://evil.com:8080'],
  ])('%s allows %s', (expression, origin) => {
    expect(stranger(expression)).toBe(origin);
  });

  test('no expression with a host of its own allows one', () => {
    expect(stranger(/https:\/\/.*\.example\.org/)).toBeUndefined();
  });
});
