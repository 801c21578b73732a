import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { session, sessionOf } from '../src/index.ts';
import { readSessionCookie } from '../src/testing.ts';
import { secretKey } from './cookie-jar.ts';
import { warningsOf } from './warnings.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

const visit: TestMiddleware = (req, res) => {
  if (req.url === '/write') Object.assign(sessionOf<Data>(req), { views: 1 });
  res.end();
};

describe('several sessions in one app', () => {
  test('do not know of each other', async () => {
    const server = await listen(
      'http',
      [session({ secretKey }), session({ secretKey, property: 'admin', cookieName: 'admin' })],
      (req, res) => {
        Object.assign(sessionOf<Data>(req), { who: 'visitor' });
        Object.assign(sessionOf<Data>(req, 'admin'), { who: 'admin' });
        res.end();
      },
    );
    const { setCookie, headers } = await server.request('/');
    expect(setCookie.map((line) => line.split('=')[0]).toSorted()).toEqual(['admin', 'session']);
    expect(headers['vary']).toBe('Cookie');
    expect((await readSessionCookie({ secretKey, cookieName: 'admin' }, setCookie))?.data).toEqual({
      who: 'admin',
    });
  });

  test('on one property are one too many, which is said once', async () => {
    const warnings = await warningsOf(async () => {
      const server = await listen(
        'http',
        [session({ secretKey }), session({ secretKey, cookieName: 'b' })],
        visit,
      );
      const response = await server.request('/write');
      expect(response.setCookie).toEqual([expect.stringMatching(/^session=/)]);
      await server.request('/');
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_PROPERTY_TAKEN']);
  });

  test('mounted twice are one', async () => {
    const one = session({ secretKey });
    const warnings = await warningsOf(async () => {
      const server = await listen('express5', [one, one], visit);
      expect((await server.request('/write')).setCookie).toHaveLength(1);
    });
    expect(warnings).toEqual([]);
  });

  test('of one cookie name lose one, which is said once', async () => {
    const warnings = await warningsOf(async () => {
      const server = await listen(
        'http',
        [session({ secretKey }), session({ secretKey, property: 'admin' })],
        (req, res) => {
          Object.assign(sessionOf<Data>(req), { who: 'visitor' });
          Object.assign(sessionOf<Data>(req, 'admin'), { who: 'admin' });
          res.end();
        },
      );
      expect((await server.request('/')).setCookie).toHaveLength(1);
      await server.request('/');
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_COOKIE_TAKEN']);
  });

  test('need no warning where the application removes the cookie itself', async () => {
    const warnings = await warningsOf(async () => {
      const server = await listen('express5', session({ secretKey }), (req, res) => {
        res.setHeader('Set-Cookie', ['session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
        Object.assign(sessionOf<Data>(req), { who: 'visitor' });
        res.end();
      });
      expect((await server.request('/')).setCookie).toHaveLength(1);
    });
    expect(warnings).toEqual([]);
  });
});
