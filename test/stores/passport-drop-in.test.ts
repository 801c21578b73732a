import express5 from 'express';
import express4 from 'express4';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen, type TestMiddleware } from '@portcullis/testing';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { type AnyRequest, original, ours, quiet, type SessionPackage } from './twins.ts';

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const month = 30 * 24 * 3_600_000;

/** The application that Passport's guide describes, with a "remember me" behind the login. */
function application(
  pkg: SessionPackage,
  express: typeof express5,
  keepSessionInfo: boolean,
): TestMiddleware {
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
  app.use(pkg({ ...quiet, cookie: { maxAge: 3_600_000 } }) as never);
  app.use(passport.session());
  app.get('/cart', (req, res) => {
    (req as unknown as AnyRequest).session['cart'] = ['book'];
    res.end('ok');
  });
  app.post('/login', passport.authenticate('local', { keepSessionInfo }), (req, res) => {
    (req as unknown as AnyRequest).session.cookie.maxAge = month;
    res.redirect('/me');
  });
  app.get('/me', (req, res) => {
    const { session } = req as unknown as AnyRequest;
    const hours = Math.round(Number(session.cookie.originalMaxAge) / 3_600_000);
    res.json([req.user ?? null, { ...session, cookie: undefined }, hours]);
  });
  app.post('/logout', (req, res, next) => {
    req.logout({ keepSessionInfo }, (error) => (error ? next(error) : res.redirect('/me')));
  });
  return app as unknown as TestMiddleware;
}

/** What a browser sees on its way through; ids by whether they changed. */
async function walk(app: TestMiddleware): Promise<unknown[]> {
  const server = await listen('http', [], app);
  let cookie = '';
  const seen: unknown[] = [];
  const go = async (path: string, body?: string): Promise<void> => {
    const response = await server.request(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      ...(body === undefined ? {} : { body }),
    });
    const [pair] = String(response.setCookie[0] ?? '').split(';');
    const another = Boolean(pair) && pair !== cookie;
    if (pair) cookie = pair;
    seen.push([path, response.status, response.text, another]);
  };
  await go('/cart');
  await go('/login', 'username=ann&password=wrong');
  await go('/login', 'username=ann&password=secret');
  await go('/me');
  await go('/logout', '');
  await go('/me');
  return seen;
}

describe.each([
  ['Express 5', express5],
  ['Express 4', express4 as unknown as typeof express5],
] as const)('Passport on %s', (_name, express) => {
  test.each([true, false])(
    'logs in, remembers and logs out as over express-session (keepSessionInfo: %p)',
    async (keepSessionInfo) => {
      const expected = await walk(application(original, express, keepSessionInfo));
      const actual = await walk(application(ours, express, keepSessionInfo));
      expect(actual).toEqual(expected);
      expect(actual[2]).toEqual(['/login', 302, expect.any(String), true]);
      const [, , me = ''] = actual[3] as string[];
      expect(JSON.parse(me)).toEqual([
        { id: 7, username: 'ann' },
        { passport: { user: 7 }, ...(keepSessionInfo ? { cart: ['book'] } : {}) },
        720,
      ]);
    },
  );
});
