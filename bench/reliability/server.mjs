// One server process of bench/reliability.mjs: the same application over either package.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisStore } from 'connect-redis';
import expressSession from 'express-session';
import { createClient } from 'redis';
import { session } from '@portcullis/session';
import dropIn from '@portcullis/session/express-session';
import { redisStore } from '@portcullis/session-redis';

const [kind, redisUrl] = process.argv.slice(2);
const secret = 'a secret of forty bytes, for benchmarks.';
let unhandled = 0;
// Measured here and not in the client, which waits for a processor as well.
let longest = 0;
let lastFailure = 0;
process.on('unhandledRejection', () => (unhandled += 1));

const client = createClient({
  url: redisUrl,
  // A command fails at once while the connection is down, and is not sent later.
  disableOfflineQueue: kind !== 'express-session',
  socket: { reconnectStrategy: 100 },
});
client.on('error', () => {});
await client.connect();

const options = { secret, resave: false, saveUninitialized: false, cookie: { maxAge: 600_000 } };
const middlewares = {
  portcullis: () => session({ secretKey: secret, maxAge: 600, store: redisStore({ client }) }),
  // Both over connect-redis, unmodified.
  'portcullis drop-in': () => dropIn({ ...options, store: new RedisStore({ client }) }),
  'express-session': () => expressSession({ ...options, store: new RedisStore({ client }) }),
};
const middleware = middlewares[kind]();

const routes = {
  async login(req) {
    req.session.user = 'somebody';
    req.session.count = 0;
  },
  async set(req, query) {
    req.session[query.get('key')] = query.get('value');
    await sleep(Number(query.get('wait')));
  },
  async add(req, query) {
    // express-session has no such thing: there it is what applications write.
    if (typeof req.session.update === 'function') {
      await req.session.update((data) => {
        data.count = (data.count ?? 0) + 1;
      });
      return;
    }
    req.session.count = (req.session.count ?? 0) + 1;
    await sleep(Number(query.get('wait')));
  },
  async logout(req) {
    await new Promise((resolve, reject) => {
      req.session.destroy((error) => (error ? reject(error) : resolve()));
    });
  },
  async read() {},
};

const server = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://x');
  if (pathname === '/stats') {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    res.end(JSON.stringify({ rss, heapUsed, unhandled, longest, lastFailure }));
    return;
  }
  const started = performance.now();
  res.on('finish', () => {
    longest = Math.max(longest, performance.now() - started);
    if (res.statusCode !== 200) lastFailure = Date.now();
  });
  const fail = (error) => {
    res.statusCode = error.status ?? 500;
    res.end(error.code ?? error.message);
  };
  middleware(req, res, async (error) => {
    if (error) return fail(error);
    try {
      await routes[pathname.slice(1)](req, searchParams);
      res.end(JSON.stringify(req.session ?? {}));
    } catch (thrown) {
      fail(thrown);
    }
  });
});
// Or an idle connection is closed just as the client reuses it.
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
