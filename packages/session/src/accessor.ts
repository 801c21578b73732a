import type { IncomingMessage } from 'node:http';
import type { RequestSession } from './request-session.ts';
import { misuse } from './session-error.ts';
import type { SessionObject } from './session-object.ts';
import type { Session } from './session-type.ts';

/** Where a request keeps the session of one property. */
export type Slot = symbol;

type Slotted = IncomingMessage & { [slot: Slot]: RequestSession | undefined };

/** Shared by all copies of this package, because one may read what another has mounted. */
export function slotFor(property: string): Slot {
  return Symbol.for(`portcullis.session.${property}`);
}

export function slotOf(req: IncomingMessage, slot: Slot): RequestSession | undefined {
  return (req as Slotted)[slot]; // only this package writes there
}

export function fillSlot(req: IncomingMessage, slot: Slot, session: RequestSession): void {
  (req as Slotted)[slot] = session; // as above
}

/**
 * The property of all requests of one middleware. One pair of functions for all of them, which find their session through `this`,
 * because closures per request cost ten times as much. Not enumerable: copying or printing a request must not count as using its session.
 */
export function sessionAccessor(slot: Slot): PropertyDescriptor & ThisType<IncomingMessage> {
  return {
    configurable: true,
    enumerable: false,
    get(): SessionObject | null | undefined {
      return slotOf(this, slot)?.open().view;
    },
    set(value: unknown) {
      slotOf(this, slot)?.assign(value);
    },
  };
}

/**
 * Gives a request's session, typed: `sessionOf<{ views: number }>(req).views`.
 *
 * @param property - Of a session that is mounted under another name.
 * @throws `ERR_PORTCULLIS_SESSION_MISSING` when no session middleware ran before, `ERR_PORTCULLIS_SESSION_ENDED` after `destroy()`
 * or `req.session = null`, `ERR_PORTCULLIS_SESSION_NOT_LOADED` when it is loaded lazily and was not yet.
 */
export function sessionOf<T extends object = Record<string, unknown>>(
  req: IncomingMessage,
  property = 'session',
): Session<T> {
  const session = (req as IncomingMessage & Record<string, unknown>)[property]; // looked at before use
  if (typeof session === 'object' && session !== null) return session as Session<T>; // the caller says what it holds
  if (session === null) {
    throw misuse(
      'ERR_PORTCULLIS_SESSION_ENDED',
      `req.${property} was destroyed by this request; assign {} to begin a new one`,
    );
  }
  throw misuse(
    'ERR_PORTCULLIS_SESSION_MISSING',
    `req.${property} is no session of ours; mount session() before what uses it`,
  );
}

/**
 * Reads a request's session from its store, if nobody has yet, and gives it, typed. With `storeOptions: { load: 'lazy' }` this must come
 * before `req.session` is used; otherwise it gives what `sessionOf` gives. However often it is called, the store is asked once.
 *
 * @param property - Of a session that is mounted under another name.
 * @throws As {@link sessionOf}, and `ERR_PORTCULLIS_SESSION_LOAD` or the store's error, with `status`, when the session cannot be read.
 * @example
 * app.get('/account', async (req, res) => {
 *   const { user } = await loadSession<{ user: string }>(req);
 *   res.json({ user });
 * });
 */
export async function loadSession<T extends object = Record<string, unknown>>(
  req: IncomingMessage,
  property = 'session',
): Promise<Session<T>> {
  await slotOf(req, slotFor(property))?.load();
  return sessionOf<T>(req, property);
}
