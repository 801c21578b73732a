// gzip with others that patch the response, mounted inside and outside of it.
import { afterEach, describe, expect, test } from '@jest/globals';
import { gzip } from '@portcullis/gzip';
import compat = require('@portcullis/gzip/compat');
import { session, sessionOf } from '@portcullis/session';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestResponse, TestServer } from '@portcullis/testing';
import compression from 'compression';
import expressSession from 'express-session';
import type { Session } from 'express-session';
import helmet from 'helmet';
import onHeaders from 'on-headers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

afterEach(closeAll);

const long = 'a line of text that repeats, as text does\n'.repeat(100);

function decoded(response: TestResponse): string {
  const coding = response.headers['content-encoding'];
  if (coding === 'gzip') return gunzipSync(response.body).toString();
  if (coding === 'br') return brotliDecompressSync(response.body).toString();
  expect(coding).toBeUndefined();
  return response.text;
}

function ask(server: TestServer, headers: Record<string, string> = {}): Promise<TestResponse> {
  return server.request('/', { headers: { 'Accept-Encoding': 'gzip', ...headers } });
}

/** The two orders of gzip and another middleware. */
function orders(other: () => TestMiddleware): readonly (readonly [string, TestMiddleware[]])[] {
  return [
    ['inside gzip', [gzip(), other()]],
    ['outside gzip', [other(), gzip()]],
    ['inside gzip off the loop', [gzip({ syncBudget: 0 }), other()]],
    ['outside gzip off the loop', [other(), gzip({ syncBudget: 0 })]],
  ];
}

const ways: readonly (readonly [
  string,
  (res: Parameters<TestMiddleware>[1], text: string) => void,
])[] = [
  ['end', (res, text) => res.end(text)],
  ['write and end', (res, text) => void (res.write(text.slice(0, 9)), res.end(text.slice(9)))],
  [
    'a stream',
    (res, text) => {
      res.write(text.slice(0, 1000));
      setTimeout(() => res.end(text.slice(1000)), 10);
    },
  ],
];

async function expectVisits(server: TestServer, name: string): Promise<void> {
  const first = await ask(server);
  expect(first.headers['content-encoding']).toBe('gzip');
  expect(decoded(first)).toBe(`1 ${long}`);
  const cookie = first.setCookie.find((line) => line.startsWith(`${name}=`))?.split(';')[0] ?? '';
  expect(cookie).not.toBe('');
  const second = await ask(server, { Cookie: cookie });
  expect(decoded(second)).toBe(`2 ${long}`);
}

describe.each(ways)('a body sent with %s', (_, send) => {
  describe('our session', () => {
    const ours = (): TestMiddleware =>
      session({ secretKey: 'k7Jq2vX9pLw4RtZ8mNc3BhY6sDf1GaE5', httpsOnly: false });

    test.each(orders(ours))('%s', async (_order, stack) => {
      const server = await listen('http', stack, (req, res) => {
        const data = sessionOf<{ visits?: number }>(req);
        data.visits = (data.visits ?? 0) + 1;
        res.setHeader('Content-Type', 'text/plain');
        send(res, `${data.visits} ${long}`);
      });
      await expectVisits(server, 'session');
    });
  });

  describe('express-session', () => {
    const theirs = (): TestMiddleware =>
      expressSession({
        secret: 'keyboard cat',
        resave: false,
        saveUninitialized: true,
      }) as TestMiddleware;

    test.each(orders(theirs))('%s', async (_order, stack) => {
      const server = await listen('express5', stack, (req, res) => {
        const data = (req as unknown as { session: Session & { visits?: number } }).session;
        data.visits = (data.visits ?? 0) + 1;
        res.setHeader('Content-Type', 'text/plain');
        send(res, `${data.visits} ${long}`);
      });
      await expectVisits(server, 'connect.sid');
    });
  });

  describe("npm's compression", () => {
    test.each(orders(() => compression() as TestMiddleware))(
      '%s: one coding',
      async (_order, stack) => {
        const server = await listen('http', stack, (_req, res) => {
          res.setHeader('Content-Type', 'text/plain');
          send(res, long);
        });
        const response = await ask(server);
        expect(response.headers['content-encoding']).toBe('gzip');
        expect(decoded(response)).toBe(long);
      },
    );
  });

  describe('helmet and an on-headers hook', () => {
    const hook: TestMiddleware = (_req, res, next) => {
      onHeaders(res, () => res.setHeader('X-Hook', 'ran'));
      next();
    };

    test.each(orders(() => hook))('%s', async (_order, stack) => {
      const server = await listen('http', [helmet() as TestMiddleware, ...stack], (_req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        send(res, long);
      });
      const response = await ask(server);
      expect(response.headers['x-hook']).toBe('ran');
      expect(response.headers['x-content-type-options']).toBe('nosniff');
      expect(response.headers['content-encoding']).toBe('gzip');
      expect(decoded(response)).toBe(long);
    });
  });
});

describe('beside the peer', () => {
  test.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, br', 'br'],
    ['gzip;q=0', undefined],
    ['identity', undefined],
    ['*', 'br'],
    ['deflate;q=0.5, gzip;q=0.4', 'deflate'],
  ])('compat and compression choose alike for %s', async (accept, coding) => {
    const handler: TestMiddleware = (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.end(long);
    };
    for (const middleware of [compat(), compression()]) {
      const server = await listen('http', middleware as TestMiddleware, handler);
      const response = await server.request('/', { headers: { 'Accept-Encoding': accept } });
      expect(response.headers['content-encoding']).toBe(coding);
      expect(response.headers['vary']).toBe('Accept-Encoding');
    }
  });
});
