import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from '@jest/globals';
import { closeAll, listen, type TestMiddleware, type TestResponse } from '@portcullis/testing';
import { session } from '@portcullis/session';
import connectPgSimple = require('connect-pg-simple');
import { RedisStore } from 'connect-redis';
import memorystore = require('memorystore');
import { Pool } from 'pg';
import { createClient } from 'redis';
import fileStore = require('session-file-store');
import { describeWith } from '../programs.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { type Handler, original, ours, quiet, type SessionPackage } from './twins.ts';

type StoreFactory = (session: SessionPackage) => object;

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

const handler: Handler = (req, res) => {
  const { session } = req;
  const path = String(req.url);
  if (path === '/destroy') return session.destroy(() => res.end('destroyed'));
  if (path.startsWith('/set/')) session[path.slice(5)] = { at: [1, 'two', null] };
  if (path === '/slow') {
    session['slow'] = true;
    setTimeout(() => res.end('slow'), 150);
    return undefined;
  }
  res.end(JSON.stringify({ ...session, cookie: undefined }));
  return undefined;
};

interface Client {
  get(path: string): Promise<TestResponse>;
}

async function clientOf(middleware: TestMiddleware, jar: Map<string, string>): Promise<Client> {
  const server = await listen('express5', middleware, handler as unknown as TestMiddleware);
  return {
    async get(path) {
      const cookie = [...jar].map((pair) => pair.join('=')).join('; ');
      const response = await server.request(path, { headers: cookie === '' ? {} : { cookie } });
      for (const line of response.setCookie) {
        const [pair = ''] = line.split(';');
        jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      return response;
    },
  };
}

const options = { ...quiet, cookie: { maxAge: 60_000 } };

/** What has to hold for a store of npm, unmodified. */
function describeNpmStore(name: string, storeFor: StoreFactory): void {
  describe(name, () => {
    test.each([
      ['express-session to the drop-in', original, ours],
      ['the drop-in to express-session', ours, original],
    ] as const)('carries sessions over from %s', async (_name, before, after) => {
      const jar = new Map<string, string>();
      const one = await clientOf(before({ ...options, store: storeFor(before) }), jar);
      await one.get('/set/a');
      await one.get('/set/b');
      const id = jar.get('connect.sid');
      const other = await clientOf(after({ ...options, store: storeFor(after) }), jar);
      const read = await other.get('/');
      expect(JSON.parse(read.text)).toMatchObject({ a: { at: [1, 'two', null] }, b: {} });
      await other.get('/set/c');
      expect(jar.get('connect.sid')).toBe(id);
      expect(JSON.parse((await one.get('/')).text)).toMatchObject({ a: {}, b: {}, c: {} });
      await other.get('/destroy');
      jar.set('connect.sid', String(id));
      expect(JSON.parse((await one.get('/')).text)).toEqual({});
    });

    const kinds: readonly [string, () => TestMiddleware][] = [
      ['the drop-in', () => ours({ ...options, store: storeFor(ours) })],
      [
        'session()',
        () =>
          session({ secretKey: options.secret, store: storeFor(ours) as never }) as TestMiddleware,
      ],
    ];
    describe.each(kinds)('under %s', (_name, make) => {
      test('keeps a logout final while a slower request ends', async () => {
        const jar = new Map<string, string>();
        const client = await clientOf(make(), jar);
        await client.get('/set/user');
        const cookies = new Map(jar);
        const slow = client.get('/slow');
        await new Promise((resolve) => setTimeout(resolve, 60));
        await client.get('/destroy');
        await slow;
        for (const [key, value] of cookies) jar.set(key, value);
        expect(JSON.parse((await client.get('/')).text)).toEqual({});
      });

      test('keeps what parallel requests set under different keys', async () => {
        const jar = new Map<string, string>();
        const client = await clientOf(make(), jar);
        await client.get('/set/first');
        const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
        await Promise.all(keys.map((key) => client.get(`/set/${key}`)));
        const data = JSON.parse((await client.get('/')).text) as object;
        expect(Object.keys(data)).toEqual(expect.arrayContaining(['first', ...keys]));
      });
    });
  });
}

{
  let shared: object | undefined;
  // One for both packages, because it lives in the memory of this process.
  describeNpmStore('memorystore', (pkg) => {
    shared ??= new (memorystore(pkg as never))({ checkPeriod: 60_000 });
    return shared;
  });
}

describe('on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-sessions-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  describeNpmStore('session-file-store', (pkg) => {
    const FileStore = fileStore(pkg);
    return new FileStore({ path: folder, retries: 0, reapInterval: -1, logFn: () => undefined });
  });
});

describeWith('redis-server', 'on a real Redis', () => {
  let server: RedisServer;
  let client: { close(): unknown };
  const holder: { client?: unknown } = {};
  beforeAll(async () => {
    server = await startRedis();
    client = holder.client = await createClient({ url: server.url }).connect();
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  describeNpmStore('connect-redis', () => new RedisStore({ client: holder.client as never }));
});

describe('in PostgreSQL', () => {
  let server: PostgresServer;
  let pool: Pool;
  beforeAll(async () => {
    server = await startPostgres();
    pool = new Pool({ connectionString: server.url, max: server.connections });
    // Connections that the server closes when it stops.
    pool.on('error', () => undefined);
    await pool.query(
      'CREATE TABLE session (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)',
    );
  });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });
  describeNpmStore('connect-pg-simple', (pkg) => {
    const PgStore = connectPgSimple(pkg as never);
    return new PgStore({ pool, pruneSessionInterval: false });
  });
});
