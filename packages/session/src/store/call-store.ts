import type { ExpressStore } from './express-store.ts';

/**
 * Calls a method of a store written for express-session, whatever its manners.
 *
 * Such stores call back at once, later, twice, never, or as well as rejecting; they return promises instead of
 * calling back, or throw. Here each becomes one promise that settles once: a late or second answer changes nothing,
 * and no rejection is left unhandled. A caller that awaits it stays in its own async context, whichever pooled
 * connection answered. Nothing here limits the time; that is the guard's business.
 *
 * @param args - What goes before the callback.
 */
export function callStore(
  store: ExpressStore,
  method: 'get' | 'set' | 'touch' | 'destroy',
  args: readonly unknown[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(asError(error));
    const callback = (error: unknown, value: unknown): void => {
      if (isFailure(error)) fail(error);
      else resolve(value);
    };
    // The methods differ in what they take, and every store declares them in its own way.
    const call = store[method] as (...all: unknown[]) => unknown;
    // A throw in here rejects.
    const returned = call.call(store, ...args, callback);
    if (!isThenable(returned)) return;
    returned.then((value) => {
      if (isAnswer(value, call.length, args.length)) resolve(value);
    }, fail);
  });
}

/** session-file-store reports a missing file as an error, and express-session takes that for a miss. */
function isFailure(error: unknown): boolean {
  if (error === undefined || error === null || error === false) return false;
  return (error as { code?: unknown }).code !== 'ENOENT';
}

function asError(error: unknown): unknown {
  return error ?? new Error('The store rejected without a reason');
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * An async method that hands its callback on is fulfilled with nothing before the callback is called. To take that for
 * "no such session" would log the user out, so nothing is an answer only from a method that takes no callback.
 */
function isAnswer(value: unknown, parameters: number, given: number): boolean {
  return value !== undefined || parameters <= given;
}
