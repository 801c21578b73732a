import type { Middleware } from '@portcullis/core';
import {
  Cookie as CookieConstructor,
  type CookieOptions as ExpressCookieOptions,
} from './express-session/cookie.ts';
import { MemoryStore as MemoryStoreConstructor } from './express-session/memory-store.ts';
import { expressSession } from './express-session/middleware.ts';
import type { SessionOptions as ExpressSessionOptions } from './express-session/options.ts';
import { Session as SessionConstructor } from './express-session/session.ts';
import { Store as StoreConstructor } from './express-session/store.ts';

/**
 * Server-side sessions with the options, the methods, the cookies and the records of express-session 1.19.
 *
 * Callable, with the constructors beside it, because the stores of npm read `session.Store`.
 *
 * @param options - As express-session documents them.
 * @throws TypeError for options that cannot be used.
 */
function session(options?: ExpressSessionOptions): Middleware {
  return expressSession(options);
}

declare namespace session {
  type SessionOptions = ExpressSessionOptions;
  type CookieOptions = ExpressCookieOptions;
  type Store = InstanceType<typeof StoreConstructor>;
  type Session = InstanceType<typeof SessionConstructor>;
  type Cookie = InstanceType<typeof CookieConstructor>;
  type MemoryStore = InstanceType<typeof MemoryStoreConstructor>;
  const Store: typeof StoreConstructor;
  const Session: typeof SessionConstructor;
  const Cookie: typeof CookieConstructor;
  const MemoryStore: typeof MemoryStoreConstructor;
}

Object.assign(session, {
  Store: StoreConstructor,
  Cookie: CookieConstructor,
  Session: SessionConstructor,
  MemoryStore: MemoryStoreConstructor,
});

export = session;
