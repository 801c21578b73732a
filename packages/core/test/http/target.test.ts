import { afterEach, describe, expect, test } from '@jest/globals';
import { originalTarget, targetPath } from '@portcullis/core/http';
import { closeAll, listen, type HostName } from '@portcullis/testing';
import fc from 'fast-check';
import { encodePath } from '../../src/http/target.ts';
import { fact } from './request-facts.ts';

afterEach(closeAll);

describe('targetPath()', () => {
  test.each([
    ['/', '/'],
    ['/a/b?c=d&e=%20', '/a/b?c=d&e=%20'],
    ['/x#y', '/x'],
    ['/x?y#z?w', '/x?y'],
    ['//evil.test/x', '//evil.test/x'],
    ['/\\evil.test', '/%5Cevil.test'],
    ['/"<b>', '/%22%3Cb%3E'],
    ['/a^b`c{d|e}', '/a%5Eb%60c%7Bd%7Ce%7D'],
    ["/!$&'()*+,;=:@[]~_-.", "/!$&'()*+,;=:@[]~_-."],
    ['*', '/'],
    ['http://a.test', '/'],
    ['http://a.test?b', '/?b'],
    ['http://a.test/b//c?d', '/b//c?d'],
  ])('%s becomes %s', async (target, path) => {
    await expect(fact(targetPath, ['Host: a.test'], target)).resolves.toBe(path);
  });

  test('non-ASCII and lone surrogates, as HTTP/2 and adapters may hand them over', () => {
    expect(encodePath('/é中😀')).toBe('/%C3%A9%E4%B8%AD%F0%9F%98%80');
    expect(encodePath('/\ud800x')).toBe('/%EF%BF%BDx');
    expect(encodePath('/a\r\nSet-Cookie: x')).toBe('/a%0D%0ASet-Cookie:%20x');
  });

  test('whatever the target, it cannot leave the host it is put behind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const path = encodePath(`/${text}`);
        expect(path).toMatch(/^\/[!$-;=?-Z_a-z~[\]]*$/);
        expect(new URL(`https://host.test${path}`).host).toBe('host.test');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('originalTarget()', () => {
  test.each<HostName>(['express5', 'express4', 'connect'])(
    '%s: keeps the mount path',
    async (host) => {
      const server = await listen(host, [
        (req, _res, next) => {
          // What a router does for a middleware mounted at /mnt.
          req.url = '/rest';
          next();
        },
        (req, res) => {
          res.end(originalTarget(req));
        },
      ]);
      expect((await server.request('/mnt/rest')).text).toBe('/mnt/rest');
    },
  );
});
