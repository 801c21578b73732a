import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { redisStore } from '@portcullis/session-redis';
import { createClient, createCluster } from 'redis';
import type { StoredSession } from '@portcullis/session';
import { describeSessionStore } from '../../packages/session/test/store/contract.ts';
import { describeWith } from '../programs.ts';
import { command, type RedisServer, startRedis } from './redis-server.ts';

describeWith('redis-server', 'on a real Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
  });
  const connected = async () => createClient({ url: server.url }).connect();

  describeSessionStore('redisStore() with a client of redis', async () => {
    const client = await connected();
    return { store: redisStore({ client }), close: () => client.close() };
  });

  describeSessionStore('redisStore() with the calling conventions of ioredis', async () => {
    const client = await connected();
    const ioredis = {
      evalsha: (sha: string, keys: number, ...rest: string[]) =>
        client.sendCommand(['EVALSHA', sha, String(keys), ...rest]),
      eval: (script: string, keys: number, ...rest: string[]) =>
        client.sendCommand(['EVAL', script, String(keys), ...rest]),
    };
    return { store: redisStore({ client: ioredis, prefix: 'io:' }), close: () => client.close() };
  });

  const session = (lifetime: number, userId?: string): StoredSession => ({
    fields: { '~c': '1', '~i': '1', a: '1' },
    expires: Date.now() + lifetime,
    userId,
  });

  describe('redisStore()', () => {
    test('goes on after the server has forgotten its scripts', async () => {
      const client = await connected();
      const store = redisStore({ client });
      await store.create('forgetful', session(60_000));
      await command(server.port, 'SCRIPT FLUSH');
      expect((await store.get('forgetful'))?.fields['a']).toBe('1');
      await client.close();
    });

    test('takes, changes, moves and ends a session of 10 000 keys', async () => {
      const client = await connected();
      const store = redisStore({ client, prefix: 'keys:' });
      const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}`);
      const fields = (value: string) => Object.fromEntries(keys.map((key) => [key, value]));
      const created = { ...session(60_000), fields: { ...fields('1'), kept: '1' } };
      expect(await store.create('many', created)).toBe('ok');
      expect(await store.update('many', { set: fields('2'), deleted: [] })).toBe('ok');
      const rename = { set: {}, deleted: [], grace: 0 };
      expect(await store.rename('many', 'moved', rename)).toBe('ok');
      expect((await store.get('moved'))?.fields).toEqual({ ...fields('2'), kept: '1' });
      expect(await store.update('moved', { set: {}, deleted: keys })).toBe('ok');
      expect((await store.get('moved'))?.fields).toEqual({ kept: '1' });
      await client.close();
    });

    test('spreads the ends of sessions over five per cent, never before their time', async () => {
      const client = await connected();
      const store = redisStore({ client, prefix: 'jitter:' });
      const lifetimes: number[] = [];
      for (let index = 0; index < 50; index += 1) {
        await store.create(`j${index}`, session(1_000_000));
        lifetimes.push(await client.pTTL(`jitter:{j${index}}`));
      }
      expect(Math.min(...lifetimes)).toBeGreaterThan(999_000);
      expect(Math.max(...lifetimes)).toBeLessThanOrEqual(1_050_001);
      expect(Math.max(...lifetimes) - Math.min(...lifetimes)).toBeGreaterThan(10_000);
      await client.close();
    });

    test('leaves nothing behind that has no end', async () => {
      const client = await connected();
      const store = redisStore({ client, prefix: 'ends:' });
      await store.create('one', session(60_000, 'ann'));
      await store.create('two', session(60_000, 'ann'));
      await store.rename('one', 'three', { set: {}, deleted: [], grace: 1_000 });
      await store.destroy('two');
      const keys = await client.keys('ends:*');
      expect(keys.length).toBeGreaterThanOrEqual(4);
      for (const key of keys) expect(await client.pTTL(key)).toBeGreaterThan(0);
      await client.close();
    });

    test('writes with one round trip, and reads with one', async () => {
      const client = await connected();
      let trips = 0;
      const counting = {
        evalSha: (sha: string, options: { keys: string[]; arguments: string[] }) => {
          trips += 1;
          return client.evalSha(sha, options);
        },
        eval: (script: string, options: { keys: string[]; arguments: string[] }) =>
          client.eval(script, options),
      };
      const store = redisStore({ client: counting });
      const trip = async (run: () => unknown): Promise<number> => {
        const before = trips;
        await run();
        return trips - before;
      };
      const set = { b: '2' };
      expect(await trip(() => store.create('trips', session(60_000)))).toBe(1);
      expect(await trip(() => store.get('trips'))).toBe(1);
      expect(await trip(() => store.update('trips', { set, deleted: ['a'] }))).toBe(1);
      expect(await trip(() => store.touch('trips', Date.now() + 70_000, {}))).toBe(1);
      expect(await trip(() => store.destroy('trips'))).toBe(1);
      await client.close();
    });

    test('refuses a client that cannot run scripts', () => {
      expect(() => redisStore({ client: {} as never })).toThrow(/pass a connected client/);
      expect(() => redisStore({ client: undefined as never })).toThrow(TypeError);
    });

    test('hands on what Redis says is wrong', async () => {
      const client = await connected();
      await client.set('wrong:{id}', 'a string');
      await expect(
        Promise.resolve(redisStore({ client, prefix: 'wrong:' }).get('id')),
      ).rejects.toThrow(/WRONGTYPE/);
      await client.close();
    });
  });
});

describeWith('redis-server', 'on a real Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ cluster: true });
  });
  afterAll(async () => {
    await server.stop();
  });

  describeSessionStore('redisStore() on a cluster', async () => {
    const client = createCluster({ rootNodes: [{ url: server.url }] });
    await client.connect();
    return { store: redisStore({ client }), close: () => client.close() };
  });
});
