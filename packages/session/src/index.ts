/**
 * Sessions in an encrypted cookie or in a store, committed before the first byte.
 *
 * @packageDocumentation
 */
export { session, type SessionMiddleware } from './session.ts';
export { loadSession, sessionOf } from './accessor.ts';
export type { SessionOptions, StoreChoice } from './options.ts';
export type {
  LoginOptions,
  RegenerateOptions,
  Session,
  SessionCallback,
  SessionMethods,
} from './session-type.ts';
export type { Generation } from './cookie-strategy.ts';
export type { RejectedEvent, StoredEvent } from './events.ts';
export { fromCookieSession } from './migrate/cookie-session.ts';
export { fromExpressSession } from './migrate/express-session.ts';
export { fromStarlette, type StarletteOptions } from './migrate/starlette.ts';
export type { MigrationCodec } from './migrate/codec.ts';
export type { MigrationOptions } from './migrate/options.ts';
export { memoryStore, type MemoryStore, type MemoryStoreOptions } from './store/memory.ts';
export type { StoreOptions } from './store/options.ts';
export type {
  Awaitable,
  LoadedSession,
  SessionFields,
  SessionStore,
  StoredSession,
  StorePatch,
  StoreRename,
  StoreUpdate,
} from './store/store.ts';
export type {
  ApplyUpdate,
  CookieAction,
  CookieValues,
  Loaded,
  RejectionReason,
  SessionChange,
  SessionPatch,
  SessionRecord,
  SessionStrategy,
  StrategyContext,
  UserSession,
} from './strategy.ts';
