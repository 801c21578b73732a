import type { Awaitable } from '../store/store.ts';
import type { Records } from './records.ts';

/** Lets the errors of a store through as it made them: handlers written for express-session look at their codes and words. */
export function bareErrors(records: Records): Records {
  return {
    canTouch: records.canTouch,
    get: (id) => bare(() => records.get(id)),
    create: (id, session, texts) => bare(() => records.create(id, session, texts)),
    update: (id, change) => bare(() => records.update(id, change)),
    touch(id, session) {
      const touched = records.touch(id, session);
      return touched && bare(() => touched);
    },
    destroy: (id) => bare(() => records.destroy(id)),
  };
}

async function bare<T>(ask: () => Awaitable<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
    throw code === 'ERR_PORTCULLIS_SESSION_STORE' ? cause : error;
  }
}
