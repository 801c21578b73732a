import { createNotices } from '@portcullis/core';
import type { SessionStrategy, StrategySetup } from '../strategy.ts';
import { createRandomPool } from '../token/random.ts';
import type { StoreAccess } from './access.ts';
import { adaptStore } from './adapt-store.ts';
import { whenAnswered } from './awaitable.ts';
import { commitTo } from './commit.ts';
import type { ExpressStore } from './express-store.ts';
import { foreignStore } from './foreign-store.ts';
import { createGuard, guardDefaults } from './guard.ts';
import { guardedStore } from './guarded-store.ts';
import { keyOf } from './held.ts';
import type { ResolvedStoreOptions } from './options.ts';
import { readFrom } from './read.ts';
import { idBytes, signedIds } from './signed-id.ts';
import { storeKeys } from './store-keys.ts';
import { isSessionStore, type SessionStore } from './store.ts';
import { updateIn } from './update.ts';
import { userSessions } from './user-sessions.ts';

/** Tells anything that sessions can be stored in: one of our stores, or one written for express-session. */
export function isStore(value: unknown): value is SessionStore | ExpressStore {
  if (typeof value !== 'object' || value === null) return false;
  const store = value as Partial<Record<string, unknown>>;
  return (
    ['get', 'set', 'destroy'].every((name) => typeof store[name] === 'function') ||
    isSessionStore(value)
  );
}

/**
 * Keeps sessions in a store, and a signed id in the cookie.
 *
 * @param store - With our interface, or written for express-session.
 */
export function storeStrategy(
  store: SessionStore | ExpressStore,
  setup: StrategySetup,
  options: ResolvedStoreOptions,
): SessionStrategy {
  const guard = createGuard({ ...guardDefaults, deadline: options.deadline * 1_000 });
  const ours = isSessionStore(store);
  const access: StoreAccess = {
    store: ours ? guardedStore(store, guard) : adaptStore(foreignStore(store, guard)),
    keys: storeKeys(setup, options.hashIds),
    setup,
    options,
  };
  const ids = signedIds(setup);
  const random = createRandomPool();
  const notices = createNotices();
  const update = updateIn(access);
  return {
    name: 'store',
    eager: access.store.immediate !== true,
    late: true,
    chunks: false,
    ...readFrom(access, ids),
    newId: () => random.text(idBytes),
    commit: commitTo(access, ids),
    destroy: (ctx, record) =>
      record === undefined
        ? { kind: 'clear' }
        : whenAnswered(access.store.destroy(keyOf(access.keys, ctx, record)), () => ({
            kind: 'clear',
          })),
    update(ctx, record, apply) {
      if (!ours) {
        notices.once(
          'ERR_PORTCULLIS_SESSION_UPDATE_INEXACT',
          'session.update() is exact within this process only: a store written for express-session cannot tell ' +
            'that another process wrote in between. Use @portcullis/session-redis for exact counters.',
        );
      }
      return update(ctx, record, apply);
    },
    ...userSessions(access),
  };
}
