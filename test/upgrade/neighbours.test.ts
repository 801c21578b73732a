import { afterEach, describe, expect, test } from '@jest/globals';
import type { UpgradeMiddleware } from '@portcullis/upgrade';
import compression from 'compression';
import cookieSession from 'cookie-session';
import cors from 'cors';
import expressSession, { MemoryStore } from 'express-session';
import type { SessionData } from 'express-session';
import helmet from 'helmet';
import type { IncomingMessage } from 'node:http';
import onHeaders from 'on-headers';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { closeServers, cookiesOf, echo, listenChat, open } from './listen.ts';

afterEach(closeServers);

const sessions = (store: expressSession.Store): UpgradeMiddleware =>
  expressSession({ secret: 'test', resave: false, saveUninitialized: false, store });

/** Counts in the session of express-session or cookie-session. */
const count: UpgradeMiddleware = (
  req: IncomingMessage & { session?: { visits?: number } },
  res,
  next,
) => {
  const session = req.session ?? {};
  session.visits = (session.visits ?? 0) + 1;
  res.setHeader('X-Visits', session.visits);
  if (req.url === '/refuse') res.writeHead(403).end('refused');
  else next();
};

describe('express-session', () => {
  test('is saved before the 101, and found again with the cookie', async () => {
    const events: string[] = [];
    class SlowStore extends MemoryStore {
      override set = (id: string, session: SessionData, done?: (error?: unknown) => void): void => {
        setTimeout(() => {
          events.push('saved');
          super.set(id, session, done);
        }, 30);
      };
    }
    const { url, wss } = await listenChat([sessions(new SlowStore()), count]);
    wss.on('connection', () => events.push('connection'));
    const first = await open(url);
    expect(events).toEqual(['saved', 'connection']);
    const second = await open(url, { headers: { Cookie: cookiesOf(first.headers) } });
    expect([first.headers['x-visits'], second.headers['x-visits']]).toEqual(['1', '2']);
  });

  test('keeps its cookie on a refusal', async () => {
    const { url } = await listenChat([sessions(new MemoryStore()), count]);
    const first = await open(`${url}/refuse`);
    expect([first.status, first.body]).toEqual([403, 'refused']);
    const second = await open(url, { headers: { Cookie: cookiesOf(first.headers) } });
    expect(second.headers['x-visits']).toBe('2');
  });

  test('whose store cannot save: 500, no WebSocket without its session', async () => {
    class BrokenStore extends MemoryStore {
      override set = (
        _id: string,
        _session: SessionData,
        done?: (error?: unknown) => void,
      ): void => {
        setTimeout(() => done?.(new Error('disk is full')), 5);
      };
    }
    const { url, errors, wss } = await listenChat([sessions(new BrokenStore()), count]);
    expect((await open(url)).status).toBe(500);
    expect(errors.map(String)).toEqual(['Error: disk is full']);
    expect(wss.clients.size).toBe(0);
  });

  test('whose store hangs: 503', async () => {
    class HangingStore extends MemoryStore {
      override set = (): void => undefined;
    }
    const { url } = await listenChat([sessions(new HangingStore()), count], { timeout: '50ms' });
    expect((await open(url)).status).toBe(503);
  });

  test('a refusal without a body and a stray next(): refused', async () => {
    const stray: UpgradeMiddleware = (_req, res, next) => {
      res.statusCode = 403;
      res.end();
      next();
    };
    const { url } = await listenChat([sessions(new MemoryStore()), count, stray]);
    expect((await open(url)).status).toBe(403);
  });
});

test('cookie-session, helmet, cors and compression together', async () => {
  const { url } = await listenChat([
    helmet(),
    cors({ origin: 'https://app.example', credentials: true }),
    compression(),
    cookieSession({ name: 'state', keys: ['test'] }),
    count,
  ]);
  const options = { headers: { Origin: 'https://app.example', 'Accept-Encoding': 'gzip' } };
  const first = await open(url, options);
  expect(first.status).toBe(101);
  expect(first.headers).toMatchObject({
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'access-control-allow-origin': 'https://app.example',
    'x-visits': '1',
  });
  expect(first.headers['set-cookie']).toHaveLength(2);
  expect(Object.keys(first.headers).filter((name) => name.startsWith('content-'))).toEqual([]);
  expect(await echo(first.client, 'hello')).toBe('hello');
  const second = await open(url, { headers: { Cookie: cookiesOf(first.headers) } });
  expect(second.headers['x-visits']).toBe('2');
});

test('compression compresses a refusal like any response', async () => {
  const { url } = await listenChat([
    compression(),
    (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.statusCode = 403;
      res.end('no '.repeat(2000));
    },
  ]);
  const { status, headers } = await open(url, { headers: { 'Accept-Encoding': 'gzip' } });
  expect([status, headers['content-encoding']]).toEqual([403, 'gzip']);
});

test('cors answers no handshake by itself: a foreign origin gets through', async () => {
  const { url } = await listenChat(cors({ origin: 'https://app.example' }));
  expect((await open(url, { headers: { Origin: 'https://evil.example' } })).status).toBe(101);
});

describe('on-headers', () => {
  test('adds to the 101, and may veto it', async () => {
    const { url } = await listenChat((req, res, next) => {
      onHeaders(res, () => {
        res.setHeader('X-Status', res.statusCode);
        if (req.url === '/veto') res.statusCode = 409;
      });
      next();
    });
    expect((await open(url)).headers['x-status']).toBe('101');
    expect((await open(`${url}/veto`)).status).toBe(409);
  });
});

describe('passport', () => {
  const users = new Map([['1', { id: '1', name: 'ada' }]]);
  const authenticator = new passport.Passport();
  authenticator.use(
    new Strategy((name, password, done) => {
      done(null, name === 'ada' && password === 'engine' ? users.get('1') : false);
    }),
  );
  authenticator.serializeUser((user, done) => done(null, (user as { id: string }).id));
  authenticator.deserializeUser((id: string, done) => done(null, users.get(id) ?? false));

  const stack: UpgradeMiddleware[] = [
    sessions(new MemoryStore()),
    authenticator.initialize(),
    authenticator.session(),
    (req: IncomingMessage & { query?: object }, _res, next) => {
      req.query = Object.fromEntries(new URL(String(req.url), 'http://a').searchParams);
      next();
    },
    (req, res, next) => {
      const login = authenticator.authenticate('local') as UpgradeMiddleware;
      if (req.url?.startsWith('/login') === true) login(req, res, next);
      else next();
    },
    (req: IncomingMessage & { user?: { name: string } }, res, next) => {
      if (req.user === undefined) return res.writeHead(401).end('who are you?');
      res.setHeader('X-User', req.user.name);
      return next();
    },
  ];

  test('logs in on a handshake, keeps the user in the session, and refuses strangers', async () => {
    const { url } = await listenChat(stack);
    expect((await open(url)).status).toBe(401);
    expect((await open(`${url}/login?username=ada&password=wrong`)).status).toBe(401);
    const login = await open(`${url}/login?username=ada&password=engine`);
    expect([login.status, login.headers['x-user']]).toEqual([101, 'ada']);
    const again = await open(url, { headers: { Cookie: cookiesOf(login.headers) } });
    expect([again.status, again.headers['x-user']]).toEqual([101, 'ada']);
  });
});
