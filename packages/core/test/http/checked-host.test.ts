import { afterEach, describe, expect, test } from '@jest/globals';
import {
  absoluteUrl,
  compileTrust,
  getHost,
  requestScheme,
  setCheckedHost,
  type AbsoluteUrlOverrides,
  type CheckedHost,
} from '@portcullis/core/http';
import { closeAll, listen } from '@portcullis/testing';
import { fact } from './request-facts.ts';

afterEach(closeAll);

function url(
  checked: Partial<CheckedHost>,
  path: string,
  overrides?: AbsoluteUrlOverrides,
): Promise<unknown> {
  const host: CheckedHost = {
    hostname: 'a.test',
    port: undefined,
    kind: 'name',
    source: 'host',
    ...checked,
  };
  return fact(
    (req) => {
      setCheckedHost(req, host);
      return [getHost(req) === host, absoluteUrl(req, path, overrides)];
    },
    ['Host: evil.test'],
  );
}

describe('absoluteUrl()', () => {
  test.each<[Partial<CheckedHost>, string, AbsoluteUrlOverrides | undefined, string]>([
    [{}, '/reset?token=1', undefined, 'http://a.test/reset?token=1'],
    [{}, 'reset', undefined, 'http://a.test/reset'],
    [{ port: 3000 }, '/', undefined, 'http://a.test:3000/'],
    [{ port: 80 }, '/', undefined, 'http://a.test/'],
    [{ port: 80 }, '/', { scheme: 'https' }, 'https://a.test:80/'],
    [{ port: 443 }, '/', { scheme: 'https' }, 'https://a.test/'],
    [{ port: 9919 }, '/', { port: null }, 'http://a.test/'],
    [{ port: 9919 }, '/', { port: 8080 }, 'http://a.test:8080/'],
    [{ hostname: '::1', kind: 'ipv6', port: 81 }, '/', undefined, 'http://[::1]:81/'],
    [{}, '//evil.test/\\x', undefined, 'http://a.test//evil.test/%5Cx'],
    [{}, '/app#/reset/é#\\', undefined, 'http://a.test/app#/reset/%C3%A9%23%5C'],
    [{}, '#top', undefined, 'http://a.test/#top'],
  ])('%p %s %p: %s', async (checked, path, overrides, expected) => {
    await expect(url(checked, path, overrides)).resolves.toEqual([true, expected]);
  });

  test('without a checked host is an error that says what to mount', async () => {
    const server = await listen('http', [], (req) => absoluteUrl(req, '/'));
    const answer = await server.request('/');
    expect([answer.status, answer.text]).toEqual([
      500,
      'absoluteUrl(req, path) needs a checked host. Mount trustedHost() before this code.',
    ]);
  });

  test('believes the proxies that an earlier middleware was told to believe', async () => {
    const trust = compileTrust('loopback');
    const read = fact(
      (req) => {
        requestScheme(req, { trust });
        setCheckedHost(req, { hostname: 'a.test', port: undefined, kind: 'name', source: 'host' });
        return absoluteUrl(req, '/');
      },
      ['Host: a', 'X-Forwarded-Proto: https'],
    );
    await expect(read).resolves.toBe('https://a.test/');
  });
});
