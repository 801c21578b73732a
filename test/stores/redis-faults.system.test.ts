import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { session } from '@portcullis/session';
import { redisStore } from '@portcullis/session-redis';
import { closeAll, listen, type TestMiddleware, type TestServer } from '@portcullis/testing';
import { createClient } from 'redis';
import { describeWith } from '../programs.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import type { AnyRequest } from './twins.ts';

const secretKey = 'the secret of the tests, which is long enough';

describeWith('redis-server', 'on a real Redis', () => {
  let redis: RedisServer;
  const clients: { destroy(): void }[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(closeAll);
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await redis.stop();
  });

  /** What a process of its own would have: a client, a store, a middleware. */
  async function startServer(): Promise<TestServer> {
    const client = createClient({
      url: redis.url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: 100 },
    });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    const middleware = session({ secretKey, store: redisStore({ client }) });
    return listen(
      'express5',
      middleware as TestMiddleware,
      (async (
        req: AnyRequest & {
          session: { update(apply: (data: { n: number }) => void): Promise<void> };
        },
        res: { end(text: string): void },
        next: (error: unknown) => void,
      ) => {
        try {
          if (req.url === '/start') req.session['n'] = 0;
          if (req.url === '/add') await req.session.update((data) => void (data.n += 1));
          if (req.url === '/destroy') await req.session.destroy();
          if (req.url === '/slow') {
            req.session['slow'] = true;
            await sleep(80);
          }
          res.end(JSON.stringify(req.session ?? null));
        } catch (error) {
          next(error);
        }
      }) as unknown as TestMiddleware,
    );
  }

  const start = async (server: TestServer): Promise<{ cookie: string }> => {
    const { setCookie } = await server.request('/start');
    return { cookie: String(setCookie[0]?.split(';')[0]) };
  };

  describe('two processes over one Redis', () => {
    test('count exactly', async () => {
      const servers = [await startServer(), await startServer()] as const;
      const headers = await start(servers[0]);
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          servers[index % 2 === 0 ? 0 : 1].request('/add', { headers }),
        ),
      );
      expect((await servers[1].request('/', { headers })).json()).toEqual({ n: 100 });
    });

    test('do not undo the logout of each other', async () => {
      const [one, other] = [await startServer(), await startServer()];
      const headers = await start(one);
      const slow = one.request('/slow', { headers });
      await sleep(30);
      await other.request('/destroy', { headers });
      await slow;
      for (const server of [one, other]) {
        expect((await server.request('/', { headers })).json()).toEqual({});
      }
    });
  });

  describe('Redis killed under load', () => {
    test('costs 503s within the deadline, and nothing once it is back for two seconds', async () => {
      const server = await startServer();
      const statuses = new Map<number, number>();
      let longest = 0;
      let lastFailure = 0;
      let loading = true;
      const load = Promise.all(
        Array.from({ length: 20 }, async () => {
          let headers: { cookie?: string } = {};
          while (loading) {
            const started = Date.now();
            const { status, setCookie } = await server.request('/start', { headers });
            if (setCookie[0] !== undefined)
              headers = { cookie: String(setCookie[0].split(';')[0]) };
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            longest = Math.max(longest, Date.now() - started);
            if (status !== 200) lastFailure = Date.now();
            await sleep(10);
          }
        }),
      );
      await sleep(500);
      await redis.kill();
      await sleep(1_500);
      await redis.restart();
      const restarted = Date.now();
      await sleep(3_500);
      loading = false;
      await load;
      expect([...statuses.keys()].toSorted((one, other) => one - other)).toEqual([200, 503]);
      expect(statuses.get(503)).toBeGreaterThan(10);
      // The deadline is two seconds; the rest is a busy machine.
      expect(longest).toBeLessThan(3_000);
      expect(lastFailure - restarted).toBeLessThan(2_000);
    });
  });
});
