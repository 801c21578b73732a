import type { RunScript } from './client.ts';
import { indexScript, listScript, unindexScript } from './scripts.ts';

/** Which sessions a user may have. More may be listed than live, never fewer. */
export interface UserIndex {
  add(userId: string, id: string, expires: number): Promise<void>;
  list(userId: string): Promise<readonly string[]>;
  remove(userId: string, ids: readonly string[]): Promise<void>;
}

/**
 * Makes a {@link UserIndex}: one sorted set per user, in a slot of its own, so no script spans a session and its user.
 *
 * What must not happen is a living session that is not listed. An entry is therefore written before the session that it is
 * for, is written again whenever the session is prolonged, and outlives it by as much again.
 */
export function userIndex(run: RunScript, prefix: string): UserIndex {
  const keyOf = (userId: string): string => `${prefix}user:{${userId}}`;
  return {
    async add(userId, id, expires) {
      const now = Date.now();
      const until = expires + Math.max(expires - now, 0);
      await run(indexScript, keyOf(userId), [String(now), String(until), id]);
    },
    list: (userId) => run(listScript, keyOf(userId), [String(Date.now())]),
    async remove(userId, ids) {
      await run(unindexScript, keyOf(userId), [String(Date.now()), ...ids]);
    },
  };
}
