import { afterEach, describe, expect, test } from '@jest/globals';
import { setCheckedHost } from '@portcullis/core/http';
import type { HttpsRedirectOptions } from '@portcullis/https-redirect';
import { closeAll, type TestMiddleware } from '@portcullis/testing';
import { send, serve } from './redirected.ts';

afterEach(closeAll);

async function hsts(
  value: HttpsRedirectOptions['hsts'],
  host = 'a.test',
  before: TestMiddleware[] = [],
): Promise<unknown> {
  const server = await serve({ hsts: value, trustProxy: 'loopback' }, { before });
  const { head } = await send(server, [`Host: ${host}`, 'X-Forwarded-Proto: https']);
  return /^Strict-Transport-Security: (.*?)\r?$/im.exec(head)?.[1];
}

describe('Strict-Transport-Security', () => {
  test.each<[HttpsRedirectOptions['hsts'], string | undefined]>([
    [undefined, undefined],
    [false, undefined],
    [true, 'max-age=31536000; includeSubDomains'],
    ['clear', 'max-age=0'],
    [{}, 'max-age=31536000; includeSubDomains'],
    [{ maxAge: 0 }, 'max-age=0; includeSubDomains'],
    [{ maxAge: '1d', includeSubDomains: false }, 'max-age=86400'],
    [{ maxAge: '730d', preload: true }, 'max-age=63072000; includeSubDomains; preload'],
  ])('%p: %s', async (value, expected) => {
    await expect(hsts(value)).resolves.toBe(expected);
  });

  test.each([
    'localhost',
    'localhost:3000',
    'app.localhost',
    '127.0.0.1',
    '[::1]',
    '192.0.2.1',
    'a@b',
    'dev.excluded.test',
  ])('not for %s', async (host) => {
    await expect(hsts({ excludeHosts: ['*.excluded.test'] }, host)).resolves.toBeUndefined();
  });

  test('not over http, and not on the redirect', async () => {
    const server = await serve({ hsts: true, exempt: ['/health'], host: 'a.test' });
    for (const path of ['/', '/health']) {
      const { head } = await send(server, ['Host: a.test'], `GET ${path} HTTP/1.1`);
      expect(head).not.toMatch(/strict-transport/i);
    }
  });

  test('what is set already stands', async () => {
    const before: TestMiddleware[] = [
      (_req, res, next) => {
        res.setHeader('Strict-Transport-Security', 'max-age=1');
        next();
      },
    ];
    await expect(hsts(true, 'a.test', before)).resolves.toBe('max-age=1');
  });

  test('goes by the host that trustedHost() checked', async () => {
    const before: TestMiddleware[] = [
      (req, _res, next) => {
        setCheckedHost(req, {
          hostname: 'localhost',
          port: undefined,
          kind: 'name',
          source: 'host',
        });
        next();
      },
    ];
    await expect(hsts(true, 'a.test', before)).resolves.toBeUndefined();
  });
});
