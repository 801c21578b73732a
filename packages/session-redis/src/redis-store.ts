import type {
  LoadedSession,
  SessionStore,
  StorePatch,
  StoreRename,
  StoreUpdate,
} from '@portcullis/session';
import { type IoRedisClient, type RedisClient, scriptRunner } from './client.ts';
import { storeLifetime, tombstoneLifetime } from './lifetime.ts';
import { createScript, destroyScript, getScript, moveScript, updateScript } from './scripts.ts';
import { checkOptions } from './options.ts';
import { parseFields, patched, toFields, updateFields } from './stored-fields.ts';
import { userIndex } from './user-index.ts';

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * A connected client: of the `redis` package (single, cluster, sentinel or pool), of ioredis or iovalkey, or any object with
   * the same `eval` and `evalSha`. Connecting it, and listening for its errors, stays with you.
   */
  client: RedisClient | IoRedisClient;
  /**
   * What every key begins with.
   *
   * @defaultValue `'portcullis:session:'`
   */
  prefix?: string | undefined;
}

/** A session that moved more often than this while one request ran is not followed further. */
const mostMoves = 8;

/** How long a user's session is listed at least when it is not said how long it lives. */
const day = 86_400_000;

/** Attempts to rename a session that other requests keep writing. */
const mostAttempts = 16;

/**
 * Keeps sessions in Redis or Valkey, shared by every process.
 *
 * A session is one hash with one field per top-level key, and every read and every write is one script, so parallel requests
 * lose nothing of each other and a session that is gone stays gone.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS` for options that cannot be used, such as a client that cannot run scripts.
 * @example
 * app.use(session({ secretKey, store: redisStore({ client }) }));
 */
export function redisStore(options: RedisStoreOptions): SessionStore {
  checkOptions(options);
  const { client, prefix = 'portcullis:session:' } = options;
  const run = scriptRunner(client);
  // The braces keep whatever an operator adds for one session in the same slot of a cluster.
  const keyOf = (id: string): string => `${prefix}{${id}}`;
  const index = userIndex(run, prefix);

  /** Runs a script where the session lives now. */
  const runAt = async (
    id: string,
    script: string,
    values: readonly string[],
  ): Promise<{ readonly at: string; readonly reply: readonly string[] }> => {
    let at = id;
    for (let moves = 0; moves < mostMoves; moves += 1) {
      const reply = await run(script, keyOf(at), [now(), ...values]);
      if (reply[0] !== 'moved') return { at, reply };
      at = String(reply[1]);
    }
    return { at, reply: [] };
  };

  const get = async (id: string): Promise<LoadedSession | undefined> => {
    const { at, reply } = await runAt(id, getScript, []);
    return reply.length === 0 ? undefined : parseFields(at, reply);
  };

  const update = async (
    id: string,
    patch: StorePatch,
    condition: { readonly version: string; readonly growth: string },
  ): Promise<'ok' | 'gone' | 'conflict'> => {
    const { expires, userId } = patch;
    if (typeof userId === 'string') await index.add(userId, id, expires ?? Date.now() + day);
    const lifetime = expires === undefined ? '' : storeLifetime(expires, Date.now());
    const { set, deleted } = updateFields(patch);
    const { at, reply } = await runAt(id, updateScript, [
      lifetime,
      condition.version,
      condition.growth,
      String(set.length),
      ...set,
      ...deleted,
    ]);
    const [result = 'gone', user = ''] = reply;
    const owner = typeof userId === 'string' ? userId : user;
    if (result === 'ok' && owner !== '' && expires !== undefined) {
      await index.add(owner, at, expires);
    }
    return result === 'ok' || result === 'conflict' ? result : 'gone';
  };

  /** Answers whether there was a session, of that user when one is given. */
  const destroy = async (id: string, ofUser = ''): Promise<boolean> => {
    const values = [now(), String(tombstoneLifetime), ofUser];
    const [user = '', movedTo = ''] = await run(destroyScript, keyOf(id), values);
    if (user !== '') await index.remove(user, [id]);
    if (movedTo !== '') await destroy(movedTo);
    return user !== '';
  };

  const listByUser = async (userId: string): Promise<readonly LoadedSession[]> => {
    const found = await Promise.all((await index.list(userId)).map(get));
    return found.flatMap((session) => (session?.userId === userId ? [session] : []));
  };

  return {
    get,
    listByUser,
    async create(id, session) {
      const { userId, expires } = session;
      if (userId !== undefined) await index.add(userId, id, expires);
      const values = [now(), storeLifetime(expires, Date.now()), '', ...toFields(session, 1)];
      const [result] = await run(createScript, keyOf(id), values);
      return result === 'ok' ? 'ok' : 'gone';
    },
    update(id, patch: StoreUpdate) {
      const exact = patch.exact === true && patch.base !== undefined;
      const version = exact ? String(patch.base.version) : '';
      return update(id, patch, { version, growth: '1' });
    },
    async touch(id, expires, notes) {
      const patch = { set: notes, deleted: [], expires };
      const result = await update(id, patch, { version: '', growth: '0' });
      return result === 'ok' ? 'ok' : 'gone';
    },
    async destroy(id) {
      await destroy(id);
    },
    async rename(id, newId, rename) {
      for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
        const result = await tryRename(id, newId, rename);
        if (result !== 'conflict') return result;
      }
      throw new Error('Other requests kept writing the session while it was renamed');
    },
    async destroyByUser(userId, exceptId) {
      const ids = (await index.list(userId)).filter((id) => id !== exceptId);
      const destroyed = await Promise.all(ids.map((id) => destroy(id, userId)));
      return destroyed.filter(Boolean).length;
    },
  };

  /**
   * Writes the session under its new key, which nobody knows yet, and then ends the old one if it is still what was copied.
   * Two scripts of one key each, because a script over two keys fails on a cluster.
   */
  async function tryRename(
    id: string,
    newId: string,
    rename: StoreRename,
  ): Promise<'ok' | 'gone' | 'conflict'> {
    const loaded = await get(id);
    if (loaded === undefined) return 'gone';
    const next = patched(loaded, rename);
    if (next.userId !== undefined) await index.add(next.userId, newId, next.expires);
    const lifetime = storeLifetime(next.expires, Date.now());
    const fields = toFields(next, loaded.version + 1);
    await run(createScript, keyOf(newId), [now(), lifetime, '1', ...fields]);
    const left = rename.grace > 0 ? ['m', newId] : ['t', '1'];
    const lasts = String(rename.grace > 0 ? rename.grace : tombstoneLifetime);
    const values = [now(), String(loaded.version), lasts, ...left];
    const [result] = await run(moveScript, keyOf(loaded.id), values);
    if (result === 'ok') {
      if (loaded.userId !== undefined) await index.remove(loaded.userId, [loaded.id]);
      return 'ok';
    }
    if (result === 'conflict') return 'conflict';
    await destroy(newId);
    return 'gone';
  }
}

function now(): string {
  return String(Date.now());
}
