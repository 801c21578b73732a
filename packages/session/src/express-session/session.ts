import type { ExpressRecord } from '../store/express-store.ts';
import { callStore } from '../store/call-store.ts';
import { Cookie, type CookieOptions } from './cookie.ts';
import { exchangeOf, type SessionRequest } from './session-request.ts';

type Callback = (error?: unknown) => void;

/**
 * `req.session`: your data, the cookie, and methods that do not show among the data.
 *
 * Each method takes a callback, or returns a promise when it gets none.
 */
export interface Session {
  readonly id: string;
  readonly req: SessionRequest;
  cookie: Cookie;
  /** Stores the session now; at the end of the request that happens by itself. */
  save(): Promise<void>;
  save(callback: Callback): this;
  /** Replaces `req.session` by what the store holds now. */
  reload(): Promise<void>;
  reload(callback: Callback): this;
  /** Ends the session: removes it from the request, the store and the browser. */
  destroy(): Promise<void>;
  destroy(callback: Callback): this;
  /** Ends the session and gives the request a new, empty one, under a new id. This object stays as it is. */
  regenerate(): Promise<void>;
  regenerate(callback: Callback): this;
  touch(): this;
  /** Starts the cookie's lifetime again. */
  resetMaxAge(): this;
  [key: string]: unknown;
}

interface SessionConstructor {
  new (req: SessionRequest, data?: ExpressRecord): Session;
  (this: object, req: SessionRequest, data?: ExpressRecord): void;
  readonly prototype: Session;
}

/** Makes the session of a request. Keys of the data that are names of methods, or `__proto__`, are skipped. */
// A function, and callable without `new`, as in express-session.
export const Session: SessionConstructor = function Session(
  this: Record<string, unknown>,
  req: SessionRequest,
  data?: ExpressRecord,
): void {
  Object.defineProperty(this, 'req', { value: req });
  Object.defineProperty(this, 'id', { value: req.sessionID });
  if (typeof data !== 'object' || data === null) return;
  for (const key of Object.keys(data)) {
    if (!(key in this)) this[key] = data[key];
  }
} as unknown as SessionConstructor;

const methods: Readonly<Record<string, (this: Session, callback?: Callback) => unknown>> = {
  touch() {
    return this.resetMaxAge();
  },
  resetMaxAge() {
    this.cookie.maxAge = this.cookie.originalMaxAge;
    return this;
  },
  save(callback) {
    return settle(this, saveSession(this), callback);
  },
  reload(callback) {
    return settle(this, reloadSession(this), callback);
  },
  destroy(callback) {
    this.req.session = undefined;
    delete this.req.session;
    return settle(this, destroySession(this), callback);
  },
  regenerate(callback) {
    return settle(this, regenerateSession(this), callback);
  },
};

for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(Session.prototype, name, { value, configurable: true, writable: true });
}

/** Makes data of a stored record: its `cookie` becomes a {@link Cookie}; a record without one gets one. */
export function reviveRecord(record: ExpressRecord): ExpressRecord {
  const stored = (record['cookie'] ?? {}) as CookieOptions & { expires?: unknown };
  const cookie = new Cookie(stored);
  // JSON made text of it.
  if (typeof stored.expires === 'string') cookie.expires = new Date(stored.expires);
  // Assigning `expires` changed it, but it is what later responses start again from.
  if (stored.originalMaxAge !== undefined) cookie.originalMaxAge = stored.originalMaxAge;
  return { ...record, cookie };
}

/** With a callback the session is returned, because calls are chained; without one the promise. */
function settle(session: Session, done: Promise<void>, callback: Callback | undefined): unknown {
  if (callback === undefined) {
    // `req.session.save()` without a look at the outcome must not end the process when the store is down.
    done.catch(() => undefined);
    return done;
  }
  // Called from a timer phase of its own: an exception in there is not a failed save.
  done.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error),
  );
  return session;
}

async function saveSession(session: Session): Promise<void> {
  const exchange = exchangeOf(session.req);
  if (exchange !== undefined) return exchange.save(session);
  await callStore(storeOf(session), 'set', [session.id, session]);
}

async function reloadSession(session: Session): Promise<void> {
  const exchange = exchangeOf(session.req);
  if (exchange !== undefined) return exchange.reload(session);
  const record = await callStore(storeOf(session), 'get', [session.id]);
  if (typeof record !== 'object' || record === null) throw new Error('failed to load session');
  session.req.session = new Session(session.req, reviveRecord(record as ExpressRecord));
}

async function destroySession(session: Session): Promise<void> {
  const exchange = exchangeOf(session.req);
  if (exchange !== undefined) return exchange.destroy(session);
  await callStore(storeOf(session), 'destroy', [session.id]);
}

async function regenerateSession(session: Session): Promise<void> {
  const exchange = exchangeOf(session.req);
  if (exchange === undefined) throw new Error('regenerate() needs a request of the middleware');
  return exchange.regenerate();
}

function storeOf(session: Session): NonNullable<SessionRequest['sessionStore']> {
  const { sessionStore } = session.req;
  if (sessionStore === undefined)
    throw new Error('The request of this session has no sessionStore');
  return sessionStore;
}
