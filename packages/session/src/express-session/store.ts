import { EventEmitter } from 'node:events';
import type { ExpressRecord } from '../store/express-store.ts';
import { exchangeOf, type SessionRequest } from './session-request.ts';
import { reviveRecord, Session } from './session.ts';

/** Base of stores, as express-session documents it. Stores add `get`, `set`, `destroy`, and may add `touch`, `all`, `length`, `clear`. */
export interface Store extends EventEmitter {
  get(id: string, callback: (error: unknown, record?: ExpressRecord | null) => void): unknown;
  set(id: string, record: ExpressRecord, callback?: (error?: unknown) => void): unknown;
  destroy(id: string, callback?: (error?: unknown) => void): unknown;
  touch?(id: string, record: ExpressRecord, callback?: (error?: unknown) => void): unknown;
  /** Ends the session of a request and gives it a new, empty one. */
  regenerate(req: object, callback: (error?: unknown) => void): void;
  /** Reads a session without a request, for sockets. */
  load(id: string, callback: (error: unknown, session?: Session) => void): void;
  /** Makes a record the session of a request. */
  createSession(req: object, record: ExpressRecord): Session;
  /** Gives a request a new, empty session; set by the middleware. */
  generate?(req: object): void;
}

interface StoreConstructor {
  new (options?: unknown): Store;
  (this: object, options?: unknown): void;
  readonly prototype: Store;
}

/**
 * Makes a store, or makes one of `this`.
 *
 * A function and not a class, because session-file-store and others call it on objects of their own.
 */
// A function declaration has no construct signature; `new Store()` works because it sets up `this`.
export const Store: StoreConstructor = function Store(this: EventEmitter): void {
  EventEmitter.call(this);
} as unknown as StoreConstructor;

Object.setPrototypeOf(Store.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Store, EventEmitter);

Object.assign(Store.prototype, {
  regenerate(this: Store, req: SessionRequest, callback: (error?: unknown) => void): void {
    const exchange = exchangeOf(req);
    if (exchange !== undefined) {
      exchange.regenerate().then(
        () => process.nextTick(callback),
        (error: unknown) => process.nextTick(callback, error),
      );
      return;
    }
    this.destroy(String(req.sessionID), (error) => {
      this.generate?.(req);
      callback(error);
    });
  },
  load(this: Store, id: string, callback: (error: unknown, session?: Session) => void): void {
    this.get(id, (error, record) => {
      if (error) callback(error);
      else if (!record) callback(undefined);
      else callback(null, this.createSession({ sessionID: id, sessionStore: this }, record));
    });
  },
  createSession(this: Store, req: SessionRequest, record: ExpressRecord): Session {
    const session = new Session(req, reviveRecord(record));
    req.session = session;
    return session;
  },
} satisfies Partial<Store>);
