import { afterEach, describe, expect, test } from '@jest/globals';
import { compilePaths, explainPath } from '../../src/http/paths.ts';
import { closeAll } from '@portcullis/testing';
import { fact } from './request-facts.ts';

afterEach(closeAll);

describe('compilePaths()', () => {
  const covered = compilePaths(['/health', '/.well-known/acme-challenge/']);
  test.each<[string, boolean]>([
    ['/health', true],
    ['/health?x', true],
    ['/health/', true],
    ['/health/live', true],
    ['/.well-known/acme-challenge/token', true],
    ['http://a.test/health', true],
    ['/healthy', false],
    ['/HEALTH', false],
    ['/', false],
    ['*', false],
    ['/x?/health', false],
    ['/.well-known/acme-challenge', false],
    ['/health/../admin', false],
    ['/health/./x', false],
    ['/health/%2e%2E/admin', false],
    ['/health/..', false],
    ['/health/..;/admin', false],
    ['/health/%2e.;x=1/admin', false],
    ['/health;x=1', false],
    ['/health/live;x=1', true],
    ['/health//x', false],
    ['/health/\\..\\admin', false],
    ['/health/%2fadmin', false],
    ['/health/%5cadmin', false],
    ['//health', false],
    ['http://a.test/admin?http://a.test/health', false],
  ])('%s: %s', async (target, expected) => {
    await expect(fact(covered, ['Host: a.test'], target)).resolves.toBe(expected);
  });
});

describe('explainPath()', () => {
  test.each<[string, string | undefined]>([
    ['/', undefined],
    ['/health', undefined],
    ['/.well-known/acme-challenge/', undefined],
    ['health', "must start with '/'"],
    ['', "must start with '/'"],
    ['/a?b', 'must be a plain path: no query, fragment, wildcard or space'],
    ['/a*', 'must be a plain path: no query, fragment, wildcard or space'],
    ['/a b', 'must be a plain path: no query, fragment, wildcard or space'],
    ['/a/../b', "must not contain '//', '.', '..', '\\' or an encoded slash or dot"],
    ['//a', "must not contain '//', '.', '..', '\\' or an encoded slash or dot"],
  ])('%s: %s', (text, fault) => {
    expect(explainPath(text)).toBe(fault);
  });
});
