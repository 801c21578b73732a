import cookieSession from 'cookie-session';
import expressSession from 'express-session';
import express from 'express';
import type { RequestHandler } from 'express';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestResponse } from '@portcullis/testing';
import { fromCookieSession, fromExpressSession, session, sessionOf } from '@portcullis/session';

afterEach(closeAll);

const secretKey = 'Zr8w0vK-3tQ6yHd1sXb5nPf9uJm2cLg7';
const keys = ['an-old-key-of-the-other-library-Yx4k'];
const until = '2099-01-01';

const cookiesOf = (response: TestResponse): string =>
  response.setCookie.map((line) => line.slice(0, line.indexOf(';'))).join('; ');

/** What a real application of the other library leaves in the browser. */
async function visitOld(middleware: RequestHandler): Promise<string> {
  const app = express();
  app.use(middleware);
  app.use((req, res) => {
    Object.assign(req.session as object, { user: 'ann', cart: [1, 'zwei', { drei: 3 }] });
    res.end();
  });
  const server = await listen('http', app as unknown as TestMiddleware);
  return cookiesOf(await server.request('/'));
}

describe('an application that changes over', () => {
  test('from cookie-session keeps its visitors logged in', async () => {
    const cookie = await visitOld(cookieSession({ keys, name: 'session' }));
    const server = await listen(
      'http',
      session({ secretKey, migrate: [fromCookieSession({ keys, until })] }),
      (req, res) => {
        res.end(JSON.stringify(sessionOf(req)));
      },
    );
    const first = await server.request('/', { headers: { cookie } });
    expect(first.json()).toEqual({ user: 'ann', cart: [1, 'zwei', { drei: 3 }] });
    const next = await server.request('/', { headers: { cookie: cookiesOf(first) } });
    expect(next.json()).toEqual(first.json());
  });

  test('from express-session keeps its visitors logged in, with the same store', async () => {
    const store = new expressSession.MemoryStore();
    const [secret = ''] = keys;
    const cookie = await visitOld(
      expressSession({ secret, store, resave: false, saveUninitialized: false }),
    );
    const migrating = session({
      secretKey,
      store: store as never,
      migrate: [fromExpressSession({ keys, until })],
    });
    const server = await listen('http', migrating, (req, res) => {
      res.end(JSON.stringify([sessionOf<{ user: string }>(req).user, sessionOf(req).rejected]));
    });
    const first = await server.request('/', { headers: { cookie } });
    expect(first.json()).toEqual(['ann', null]);
    const ours = first.setCookie.filter((line) => line.startsWith('session='));
    expect(ours).toHaveLength(1);
    const next = await server.request('/', {
      headers: { cookie: cookiesOf({ ...first, setCookie: ours }) },
    });
    expect(next.json()).toEqual(['ann', null]);
  });
});
