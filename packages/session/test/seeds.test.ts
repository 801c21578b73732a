import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestServer } from '@portcullis/testing';
import { session, sessionOf } from '../src/index.ts';
import type { SessionOptions } from '../src/index.ts';
import { readSessionCookie } from '../src/testing.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';
import { ownStrategy } from './own-strategy.ts';

afterEach(closeAll);

const serve = (options: Partial<SessionOptions> = {}): Promise<TestServer> =>
  listen('express5', session({ secretKey, ...options }), (req, res) => {
    const current = sessionOf<{ views: number }>(req);
    if (req.url === '/visit') current.views = (current.views ?? 0) + 1;
    res.end(JSON.stringify(current));
  });

// One test per sentence about sessions in the requirements; the sentence is the name.
describe('SessionMiddleware', () => {
  test('handles user sessions: creates and manages session data across requests', async () => {
    const server = await serve();
    const first = await server.request('/visit');
    const headers = { cookie: cookieHeader(first) };
    expect((await server.request('/visit', { headers })).text).toBe('{"views":2}');
  });

  test('uses secret_key to securely sign session data', async () => {
    const { setCookie } = await (await serve()).request('/visit');
    expect(await readSessionCookie({ secretKey }, setCookie)).toBeDefined();
    const other = 'another-secret-key-Xk29vBn71LqWz5Tc';
    expect(await readSessionCookie({ secretKey: other }, setCookie)).toBeUndefined();
  });

  test('stores session data in cookies', async () => {
    const server = await serve();
    const { setCookie } = await server.request('/visit');
    await server.close();
    const elsewhere = await serve();
    const response = await elsewhere.request('/', {
      headers: { cookie: cookieHeader({ setCookie }) },
    });
    expect(response.text).toBe('{"views":1}');
  });

  test('is useful for maintaining user state between requests: each visitor has their own', async () => {
    const server = await serve();
    const [one, two] = await Promise.all([server.request('/visit'), server.request('/visit')]);
    const again = await server.request('/visit', { headers: { cookie: cookieHeader(one) } });
    expect(again.text).toBe('{"views":2}');
    expect((await server.request('/', { headers: { cookie: cookieHeader(two) } })).text).toBe(
      '{"views":1}',
    );
  });

  test('processes session data before the request reaches the route handler, and the response goes back through it', async () => {
    const order: string[] = [];
    const store = ownStrategy({
      read: () => (order.push('read'), { kind: 'none' }),
      commit: () => (order.push('commit'), { kind: 'set', value: 'v' }),
    });
    const server = await listen('express5', session({ secretKey, store }), (req, res) => {
      order.push('handler');
      Object.assign(sessionOf(req), { a: 1 });
      res.end();
    });
    await server.request('/');
    expect(order).toEqual(['read', 'handler', 'commit']);
  });

  test('controls session state using the session strategy configured in the application', async () => {
    const server = await serve({
      store: ownStrategy({ commit: () => ({ kind: 'set', value: 'mine' }) }),
    });
    const { setCookie } = await server.request('/visit');
    expect(setCookie).toEqual([expect.stringMatching(/^session=mine;/)]);
  });
});
