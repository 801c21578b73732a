/** A store in memory answers at once, so that a request costs no tick; any other returns a promise. */
export type Awaitable<T> = T | Promise<T>;

/**
 * What a session holds, by top-level key, each value as JSON text.
 *
 * Texts instead of values, because the text that was loaded is also what a change is compared with.
 * Keys that begin with a single `~` are our own notes; a store treats them like any other.
 */
export type SessionFields = Readonly<Record<string, string>>;

/** What a store keeps for one session. */
export interface StoredSession {
  readonly fields: SessionFields;
  /** Milliseconds since 1970. From then on the session does not exist, whatever the store's own clock says. */
  readonly expires: number;
  /** The user who is logged in, by which sessions are listed and revoked. */
  readonly userId?: string | undefined;
}

/** A session as it was read. */
export interface LoadedSession extends StoredSession {
  /** The id under which it lives now: another one than was asked for when it was renamed a moment ago. */
  readonly id: string;
  /** Grows with every `update`; `touch` leaves it alone. Stores that cannot count answer `0` always. */
  readonly version: number;
}

/** What one request changed. Keys that it did not name keep whatever another request wrote. */
export interface StorePatch {
  readonly set: SessionFields;
  readonly deleted: readonly string[];
  /** Milliseconds since 1970; absent leaves it alone. */
  readonly expires?: number | undefined;
  /** `null` logs the user out, absent leaves the binding alone. */
  readonly userId?: string | null | undefined;
}

/** A patch with what it was computed from. */
export interface StoreUpdate extends StorePatch {
  /** What was read. A store may tell from it that another request wrote the same key. */
  readonly base?: LoadedSession | undefined;
  /** `true`: answer `'conflict'` and write nothing unless the session is still what `base` says. */
  readonly exact?: boolean | undefined;
}

/** How a session moves to a new id. */
export interface StoreRename extends StorePatch {
  /** Milliseconds for which the old id still leads to the new one, for requests on their way; `0` ends it at once. */
  readonly grace: number;
}

/**
 * Where sessions live.
 *
 * A write never creates a session that was there before and is gone now: that keeps a logout final while slower requests
 * finish. Ids reach a store only after their signature was checked.
 */
export interface SessionStore {
  /** `true`: every answer is there at once, so a session need not be read before somebody looks at it. */
  readonly immediate?: boolean | undefined;
  /** Answers `undefined` for an unknown, expired or destroyed id. */
  get(id: string): Awaitable<LoadedSession | undefined>;
  /** Writes a new session; `'gone'` when the id is in use or was destroyed a moment ago. */
  create(id: string, session: StoredSession): Awaitable<'ok' | 'gone'>;
  /** Changes a session that exists. */
  update(id: string, update: StoreUpdate): Awaitable<'ok' | 'gone' | 'conflict'>;
  /** Prolongs a session that exists, and sets our own notes about it; not a change that anybody conflicts with. */
  touch(id: string, expires: number, notes: SessionFields): Awaitable<'ok' | 'gone'>;
  /** Ends a session for good, and the one that it was renamed to. An unknown id is no error. */
  destroy(id: string): Awaitable<void>;
  /** Gives a session that exists a new id. */
  rename(id: string, newId: string, rename: StoreRename): Awaitable<'ok' | 'gone'>;
  /** Lists the living sessions of a user. */
  listByUser(userId: string): Awaitable<readonly LoadedSession[]>;
  /** Ends every session of a user but `exceptId`, and answers how many it ended. */
  destroyByUser(userId: string, exceptId?: string): Awaitable<number>;
}

const methods = [
  'get',
  'create',
  'update',
  'touch',
  'destroy',
  'rename',
  'listByUser',
  'destroyByUser',
] as const satisfies readonly (keyof SessionStore)[];

/** Tells a store with our interface from one written for express-session. */
export function isSessionStore(value: object): value is SessionStore {
  return methods.every((name) => name in value);
}
