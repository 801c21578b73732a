import type { SessionStrategy, UserSession } from '../strategy.ts';
import { parseFields } from './record-fields.ts';
import type { StoreAccess } from './access.ts';

/** Lists and ends the sessions of a user. */
export function userSessions({
  store,
  keys,
}: StoreAccess): Required<Pick<SessionStrategy, 'list' | 'revoke'>> {
  /** The store's key of one of a user's sessions, which is named by its handle or, by itself, by its id. */
  const resolve = async (userId: string, name: string): Promise<string> => {
    const sessions = await store.listByUser(userId);
    const named = sessions.find(({ id }) => keys.handle(id) === name);
    if (named !== undefined) return named.id;
    // Under an older secret's hash, or renamed a moment ago: to spare the wrong one would log out the device that asks.
    for (const key of keys.of(name)) {
      const loaded = await store.get(key);
      if (loaded !== undefined) return loaded.id;
    }
    return keys.of(name)[0];
  };
  return {
    async list(userId) {
      const listed: UserSession[] = [];
      for (const loaded of await store.listByUser(userId)) {
        const handle = keys.handle(loaded.id);
        const record = parseFields(handle, loaded);
        if (record === undefined) continue;
        listed.push({ handle, createdAt: record.createdAt, issuedAt: record.issuedAt });
      }
      return listed;
    },
    async revoke(userId, which = {}) {
      const { only, except } = which;
      if (only === undefined) {
        const spared = except === undefined ? undefined : await resolve(userId, except);
        return store.destroyByUser(userId, spared);
      }
      const key = await resolve(userId, only);
      const sessions = await store.listByUser(userId);
      if (!sessions.some(({ id }) => id === key)) return 0;
      await store.destroy(key);
      return 1;
    },
  };
}
