import { hasOwnMethods } from './memory-store.ts';
import type { Records } from './records.ts';
import type { ExpressStore } from '../store/express-store.ts';

/**
 * {@link Records} of a memory store: what it holds is used at once, unless somebody has replaced one of its methods, which are
 * called then.
 *
 * @param held - What the store holds.
 * @param called - The same through its methods.
 */
export function memoryRecords(store: ExpressStore, held: Records, called: Records): Records {
  // Asked each time: tests replace methods of a store that a middleware has already.
  const records = (): Records => (hasOwnMethods(store) ? held : called);
  return {
    canTouch: called.canTouch,
    get: (id) => records().get(id),
    create: (id, session, texts) => records().create(id, session, texts),
    update: (id, change) => records().update(id, change),
    touch: (id, session) => records().touch(id, session),
    destroy: (id) => records().destroy(id),
  };
}
