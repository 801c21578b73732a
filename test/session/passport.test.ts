import type { IncomingMessage } from 'node:http';
import express from 'express';
import type { RequestHandler } from 'express';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestResponse, TestServer } from '@portcullis/testing';
import { memoryStore, session, sessionOf } from '@portcullis/session';
import type { SessionOptions } from '@portcullis/session';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';

afterEach(closeAll);

const secretKey = 'Zr8w0vK-3tQ6yHd1sXb5nPf9uJm2cLg7';

/** The application that Passport's guide describes, with our session under it. */
async function serve(
  options: Partial<SessionOptions>,
  keepSessionInfo: boolean,
): Promise<TestServer> {
  const passport = new Passport();
  passport.use(
    new Strategy((username, password, done) => {
      done(null, password === 'secret' ? { id: 7, username } : false);
    }),
  );
  passport.serializeUser((user, done) => done(null, (user as { id: number }).id));
  passport.deserializeUser((id, done) => done(null, { id, username: 'ann' }));
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use(session({ secretKey, ...options }) as RequestHandler);
  app.use(passport.session());
  app.get('/cart', (req, res) => {
    Object.assign(sessionOf(req), { cart: ['book'] });
    res.end('ok');
  });
  app.post('/login', passport.authenticate('local', { keepSessionInfo }), (req, res) => {
    res.json([req.user, { ...sessionOf(req) }]);
  });
  app.get('/me', (req, res) => res.json([req.user ?? null, { ...sessionOf(req) }]));
  app.get('/logout', (req, res, next) => {
    req.logout({ keepSessionInfo }, (error) => (error ? next(error) : res.redirect('/me')));
  });
  return listen('http', app as unknown as TestMiddleware);
}

function browser(server: TestServer): (path: string, body?: string) => Promise<TestResponse> {
  let cookie = '';
  return async (path, body) => {
    const response = await server.request(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body,
    });
    for (const line of response.setCookie) {
      cookie = line.includes('Max-Age=0') ? '' : line.slice(0, line.indexOf(';'));
    }
    return response;
  };
}

const credentials = 'username=ann&password=secret';

describe.each([
  ['a cookie', (): Partial<SessionOptions> => ({})],
  ['a signed cookie', (): Partial<SessionOptions> => ({ encrypt: false })],
  ['a store', (): Partial<SessionOptions> => ({ store: memoryStore({ singleProcess: true }) })],
])('Passport with a session in %s', (_, options) => {
  test('logs in and out', async () => {
    const visit = browser(await serve(options(), false));
    expect((await visit('/login', 'username=ann&password=wrong')).status).toBe(401);
    expect((await visit('/login', credentials)).status).toBe(200);
    expect((await visit('/me')).json()).toEqual([
      { id: 7, username: 'ann' },
      { passport: { user: 7 } },
    ]);
    const out = await visit('/logout');
    expect([out.status, out.headers['location'], out.setCookie.length]).toEqual([302, '/me', 1]);
    expect((await visit('/me')).json()).toEqual([null, {}]);
  });

  test('drops what was in the session before the login', async () => {
    const visit = browser(await serve(options(), false));
    await visit('/cart');
    expect((await visit('/login', credentials)).json()).toEqual([
      expect.anything(),
      { passport: { user: 7 } },
    ]);
  });

  test('keeps it with keepSessionInfo, at login and at logout', async () => {
    const visit = browser(await serve(options(), true));
    await visit('/cart');
    await visit('/login', credentials);
    expect((await visit('/me')).json()).toEqual([
      expect.anything(),
      { cart: ['book'], passport: { user: 7 } },
    ]);
    await visit('/logout');
    expect((await visit('/me')).json()).toEqual([
      null,
      expect.objectContaining({ cart: ['book'] }),
    ]);
  });

  test('gives the session another id at login', async () => {
    const ids: string[] = [];
    const passport = await serve(options(), true);
    passport.server.prependListener('request', (req: IncomingMessage, res) => {
      res.on('finish', () => ids.push(sessionOf(req).id));
    });
    const visit = browser(passport);
    await visit('/cart');
    await visit('/login', credentials);
    await visit('/me');
    expect(ids[0]).not.toBe(ids[1]);
    expect(ids[1]).toBe(ids[2]);
  });
});
