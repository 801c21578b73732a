import type { IncomingMessage } from 'node:http';

/**
 * Why a cookie that came with the request did not become a session. Programs may switch on it; clients never see it.
 *
 * `not-found`, `gone` and `corrupt` come from stores: an id we signed whose record does not exist (any more) or cannot be read.
 */
export type RejectionReason =
  | 'malformed'
  | 'oversize'
  | 'unknown-key'
  | 'bad-signature'
  | 'expired-idle'
  | 'expired-absolute'
  | 'future'
  | 'revoked'
  | 'not-found'
  | 'corrupt';

/** What a session holds, and what we know about it. Times are whole seconds since 1970. */
export interface SessionRecord {
  /** Unique, never shown in errors or events. In store mode it is the secret part of the cookie; in cookie mode a mere name. */
  readonly id: string;
  /**
   * The application's data: own enumerable keys only, values that JSON can hold. In a change this is the live object, which the
   * application may go on changing: keep `text` instead.
   */
  readonly data: Readonly<Record<string, unknown>>;
  /**
   * The JSON text of `data`. A strategy that has the text already hands it over, which spares a `JSON.stringify`
   * per request; later changes are found by comparing with it.
   */
  readonly text: string;
  /** When the session began; `absoluteMaxAge` counts from here. Survives a mere change of id, starts anew at `login`. */
  readonly createdAt: number;
  /** When it was last issued or touched; `maxAge` counts from here. */
  readonly issuedAt: number;
  /** When its id was last replaced; `renewAfter` counts from here. Absent means `createdAt`. */
  readonly renewedAt?: number | undefined;
  /** Bound by `login(userId)`; what list and revoke by user go by. */
  readonly userId?: string | undefined;
  /** When `login` was called. */
  readonly authenticatedAt?: number | undefined;
  /** The user's generation at login, when a revocation hook is configured. */
  readonly generation?: string | undefined;
  /** `login` was told not to remember the visitor: the cookie ends when the browser closes. */
  readonly transient?: boolean | undefined;
  /** Messages of `flash()` that nobody has read yet, by kind. */
  readonly flash?: Readonly<Record<string, readonly unknown[]>> | undefined;
}

/** The cookies of one request that carry our name. Values are as sent: not decoded, quotes kept. */
export interface CookieValues {
  /**
   * Every cookie with exactly our name, in header order: a sibling sub-domain may have put its own one first. In `read`, values
   * that came in chunks follow, put together.
   */
  readonly values: readonly string[];
  /** `chunks[i]` holds the values of `<name>.<i>`; empty when none came. */
  readonly chunks: readonly (readonly string[])[];
}

/** One per request and session middleware; lives as long as the request. */
export interface StrategyContext {
  readonly req: IncomingMessage;
  /** The cookie's full name, prefix included. */
  readonly cookieName: string;
  /** Whole seconds since 1970, from the middleware's clock. Never use `Date.now()`. */
  now(): number;
  /** The strategy's own: a version, a raw record, a lock. The engine never looks at it. */
  held: unknown;
}

/** What `read` found. A store that cannot be reached is not an outcome: throw (or reject with) an error carrying `status`. */
export type Loaded =
  /** No cookie of ours came, so there was nothing to refuse. */
  | { readonly kind: 'none' }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason }
  | {
      readonly kind: 'session';
      readonly record: SessionRecord;
      /** The cookie is good but of an old key or format: issue a new one with this response if the session is used. */
      readonly reissue?: boolean | undefined;
    }
  /** Go on without a session: it reads as empty, nothing is written, the browser's cookie stays as it is. */
  | { readonly kind: 'degraded' };

/** What changed at the top level; values are JSON texts. */
export interface SessionPatch {
  readonly set: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

/**
 * One thing to store.
 *
 * - `create`: nothing is stored under `next.id` yet.
 * - `update`: data, flash or user changed. A strategy must not bring a record back that was destroyed meanwhile.
 * - `renew`: nothing changed, only `issuedAt` moves on. Cheap and best effort.
 * - `rotate`: the session moves from `previous.id` to `next.id`; data may have changed too.
 */
export interface SessionChange {
  readonly kind: 'create' | 'update' | 'renew' | 'rotate';
  /** What was loaded or last stored in this request; absent when there was nothing. */
  readonly previous: SessionRecord | undefined;
  readonly next: SessionRecord;
  /** `rotate` only: seconds for which the old id still leads to the new one. `0` means it dies at once. */
  readonly grace: number;
  /** Difference between `previous.data` and `next.data`. Computed when called: strategies that write everything do not pay for it. */
  patch(): SessionPatch;
}

/** What should happen to the browser's cookie. The engine renders it, splits it, and replaces an earlier one of ours. */
export type CookieAction =
  | { readonly kind: 'keep' }
  | {
      readonly kind: 'set';
      /** Cookie octets only (RFC 6265, 4.1.1); percent-encode before, if you must. */
      readonly value: string;
    }
  | { readonly kind: 'clear' };

/** What `update()` does to the data: changes it in place. May run more than once. */
export type ApplyUpdate = (data: Record<string, unknown>) => void;

/** One live session of a user, for listing. `handle` names it in `revoke` without giving the id away. */
export interface UserSession {
  readonly handle: string;
  readonly createdAt: number;
  readonly issuedAt: number;
}

/**
 * Where sessions live. The engine decides when to read and what to write; a strategy only knows how.
 * Each method may answer at once or with a promise; an answer at once costs the request no tick.
 */
export interface SessionStrategy {
  readonly name: string;
  /**
   * `true`: the engine reads before `next()`, because reading may take time.
   * `false`: `read` answers at once, and is called when `req.session` is first touched.
   */
  readonly eager: boolean;
  /** `true`: data lives on our side, so changes made after the head went out can still be stored. */
  readonly late: boolean;
  /** `true`: a value too long for one cookie may be split over several. */
  readonly chunks: boolean;
  /** A fresh id. */
  newId(ctx: StrategyContext): string;
  /** Bad cookies never throw: they are a reason. */
  read(ctx: StrategyContext, cookies: CookieValues): Loaded | Promise<Loaded>;
  /** A rejection is a failed request: 503 unless the error says otherwise. */
  commit(ctx: StrategyContext, change: SessionChange): CookieAction | Promise<CookieAction>;
  /** Ends the session for good. `record` is absent when a cookie came that was not usable. */
  destroy(
    ctx: StrategyContext,
    record: SessionRecord | undefined,
  ): CookieAction | Promise<CookieAction>;
  /** Reads the record again. Absent: the engine goes back to what was read first. */
  reload?(ctx: StrategyContext, record: SessionRecord): Loaded | Promise<Loaded>;
  /**
   * Reads the session of an id that a migration codec found in another library's cookie. Absent: such cookies count for nothing.
   * The engine has the session begin now, under an id of ours.
   */
  readId?(ctx: StrategyContext, id: string): Loaded | Promise<Loaded>;
  /** Read, apply, write without losing anybody's update. Absent: the engine applies it to what it holds and commits. */
  update?(ctx: StrategyContext, record: SessionRecord, apply: ApplyUpdate): Promise<SessionRecord>;
  /** Called by `login`: what to remember in `record.generation`. */
  generation?(userId: string): string | undefined | Promise<string | undefined>;
  list?(userId: string): Promise<readonly UserSession[]>;
  /** Ends all sessions of a user, or all but one, or one. Answers how many. */
  revoke?(
    userId: string,
    which?: { readonly except?: string | undefined; readonly only?: string | undefined },
  ): Promise<number>;
}

/** Lifetimes in seconds; `undefined` means unlimited (the browser's 400 days still hold). */
export interface SessionLifetimes {
  /** Since the last issue. */
  readonly idle: number | undefined;
  /** Since the session began. */
  readonly absolute: number | undefined;
  /** Since the id was last replaced; after that the engine asks for a `rotate`. */
  readonly renewAfter: number | undefined;
  /** The least time between two issues of an unchanged session. */
  readonly reissueAfter: number;
}

/** What the factory hands to a built-in strategy when the middleware is made. */
export interface StrategySetup {
  readonly cookieName: string;
  /** Newest first, at least one. The raw secrets: derive keys from them, never use one for two purposes. */
  readonly secrets: readonly Uint8Array[];
  readonly lifetimes: SessionLifetimes;
  /** Whole seconds since 1970. */
  readonly now: () => number;
}

/** Tells a strategy by its methods. */
export function isStrategy(value: unknown): value is SessionStrategy {
  if (typeof value !== 'object' || value === null) return false;
  const methods = value as Readonly<Record<string, unknown>>; // only looked at
  return ['newId', 'read', 'commit', 'destroy'].every(
    (name) => typeof methods[name] === 'function',
  );
}
