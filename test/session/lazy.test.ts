import express from 'express';
import type { RequestHandler } from 'express';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadSession, memoryStore, session, sessionOf } from '@portcullis/session';
import type { SessionMiddleware, SessionStore } from '@portcullis/session';
import { sessionCookie } from '@portcullis/session/testing';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import type { UpgradeMiddleware } from '@portcullis/upgrade';
import { Passport } from 'passport';
import { Strategy } from 'passport-local';
import { closeServers, echo, listenChat, open } from '../upgrade/listen.ts';

afterEach(async () => {
  await closeServers();
  await closeAll();
});

const secretKey = 'Zr8w0vK-3tQ6yHd1sXb5nPf9uJm2cLg7';

/** A store that answers later, and counts how often it is read. */
function remote(): SessionStore & { reads: number } {
  const store = memoryStore({ singleProcess: true });
  const own = {
    reads: 0,
    async get(id: string) {
      own.reads += 1;
      return store.get(id);
    },
    create: async (...given: Parameters<SessionStore['create']>) => store.create(...given),
    update: async (...given: Parameters<SessionStore['update']>) => store.update(...given),
    touch: async (...given: Parameters<SessionStore['touch']>) => store.touch(...given),
    destroy: async (id: string) => store.destroy(id),
    rename: async (...given: Parameters<SessionStore['rename']>) => store.rename(...given),
    listByUser: async (id: string) => store.listByUser(id),
    destroyByUser: async (id: string) => store.destroyByUser(id),
  };
  return own;
}

const lazily = (store: SessionStore): SessionMiddleware =>
  session({ secretKey, store, storeOptions: { load: 'lazy' } });

describe("Passport with load: 'lazy'", () => {
  async function serve(store: SessionStore): ReturnType<typeof listen> {
    const passport = new Passport();
    passport.use(new Strategy((username, _password, done) => done(null, { username })));
    passport.serializeUser((user, done) => done(null, (user as { username: string }).username));
    passport.deserializeUser((username, done) => done(null, { username }));
    const app = express();
    app.use(express.urlencoded({ extended: false }));
    app.use(lazily(store) as RequestHandler);
    app.get('/public', (_req, res) => void res.end('public'));
    const loaded: RequestHandler = (req, _res, next) => {
      loadSession(req).then(() => next(), next);
    };
    app.use('/account', loaded, passport.session());
    app.post('/account/login', passport.authenticate('local'), (_req, res) => void res.end());
    app.get('/account', (req, res) => void res.json(req.user ?? null));
    app.get('/account/fails', () => {
      throw new Error('a handler behind the loader');
    });
    app.use('/unloaded', passport.session());
    return listen('http', app as unknown as TestMiddleware);
  }

  test('works where the session is loaded first, and costs nothing elsewhere', async () => {
    const store = remote();
    const server = await serve(store);
    const login = await server.request('/account/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'username=ann&password=x',
    });
    expect(login.status).toBe(200);
    const cookie = String(login.setCookie[0]?.split(';')[0]);
    store.reads = 0;
    const visit = (path: string): ReturnType<typeof server.request> =>
      server.request(path, { headers: { cookie } });
    expect((await visit('/account')).json()).toEqual({ username: 'ann' });
    expect(store.reads).toBe(1);
    expect((await visit('/public')).headers['vary']).toBeUndefined();
    expect(store.reads).toBe(1);
    expect((await visit('/account/fails')).status).toBe(500);
  });

  test('is told what to do where it is not', async () => {
    const server = await serve(remote());
    const response = await server.request('/unloaded');
    expect([response.status, response.text]).toEqual([
      500,
      expect.stringContaining('await loadSession(req) before using it'),
    ]);
  });
});

describe("handshakes through @portcullis/upgrade with load: 'lazy'", () => {
  test('read the session when they ask for it, and a message may ask later', async () => {
    const store = remote();
    const sessions = lazily(store);
    const cookie = await sessionCookie({ secretKey, store }, { user: 'ann' });
    const onlyUsers: UpgradeMiddleware = async (req, res, next) => {
      if (req.url === '/open') return next();
      const { user } = await loadSession(req);
      if (user === 'ann') return next();
      res.statusCode = 401;
      return res.end();
    };
    const { url, wss } = await listenChat([sessions as UpgradeMiddleware, onlyUsers]);
    const said: unknown[] = [];
    wss.on('connection', (client, req) => {
      client.on('message', () => {
        void loadSession(req).then((own) => said.push(own['user'], own === sessionOf(req)));
      });
    });
    const headers = { Cookie: cookie };
    const first = await open(`${url}/open`, { headers });
    expect([first.status, store.reads]).toEqual([101, 0]);
    await echo(first.client, 'hello');
    await echo(first.client, 'again');
    expect(said).toEqual(['ann', true, 'ann', true]);
    expect(store.reads).toBe(1);
    expect((await open(`${url}/users`, { headers })).status).toBe(101);
    expect((await open(`${url}/users`)).status).toBe(401);
  });
});
