import type { Guard } from './guard.ts';
import type { SessionStore } from './store.ts';

/** Puts a {@link Guard} before every call of a store. */
export function guardedStore(store: SessionStore, guard: Guard): SessionStore {
  return {
    immediate: store.immediate,
    get: (id) => guard.call('get', () => store.get(id)),
    create: (id, session) => guard.call('create', () => store.create(id, session)),
    update: (id, update) => guard.call('update', () => store.update(id, update)),
    touch: (id, expires, notes) => guard.call('touch', () => store.touch(id, expires, notes)),
    destroy: (id) => guard.call('destroy', () => store.destroy(id)),
    rename: (id, newId, rename) => guard.call('rename', () => store.rename(id, newId, rename)),
    listByUser: (userId) => guard.call('listByUser', () => store.listByUser(userId)),
    destroyByUser: (userId, exceptId) =>
      guard.call('destroyByUser', () => store.destroyByUser(userId, exceptId)),
  };
}
