import type { RejectionReason } from './strategy.ts';

export type SessionCallback = (error?: unknown) => void;

export interface RegenerateOptions {
  /** `true` keeps the data, the user and the absolute lifetime; a list keeps those keys only. Default `false`: a new, empty session. */
  readonly keep?: boolean | readonly string[] | undefined;
  /** Seconds for which the old id still leads to the new session, for requests already on their way. Stores only. Default 0. */
  readonly grace?: number | undefined;
}

export interface LoginOptions {
  /** What survives of the data from before the login. Default: nothing but flash messages, because somebody else may have put it there. */
  readonly keep?: boolean | readonly string[] | undefined;
  /**
   * `false`: the cookie ends when the browser closes, whatever `maxAge` says; for visitors who did not ask to be remembered. The server's
   * limits stay as they are.
   *
   * @defaultValue `true`
   */
  readonly remember?: boolean | undefined;
}

/**
 * What a session can do. These names cannot be data: assigning one throws `ERR_PORTCULLIS_SESSION_RESERVED_KEY`.
 * Each method gives a promise, or takes a callback and returns the session.
 */
export interface SessionMethods<T extends object> {
  /** In store mode the secret of the cookie: never log it. In cookie mode a mere name. */
  readonly id: string;
  /** `true` when no usable session came with the request. */
  readonly isNew: boolean;
  /** Why the cookie that came was refused; `undefined` when it was good, or none came. */
  readonly rejected: RejectionReason | undefined;
  /** Stores what changed now instead of before the first byte of the response. Seldom needed. */
  save(): Promise<void>;
  save(callback: SessionCallback): this;
  /** Reads the session again and forgets changes made since. */
  reload(): Promise<void>;
  reload(callback: SessionCallback): this;
  /** Asks for a renewed cookie with this response, even if it is not due. */
  touch(): this;
  /** Gives the session a new id; call it whenever the user's rights change. `req.session` is a new object afterwards. */
  regenerate(options?: RegenerateOptions): Promise<Session<T>>;
  regenerate(callback: SessionCallback): this;
  regenerate(options: RegenerateOptions, callback: SessionCallback): this;
  /** Ends the session and removes the cookie. `req.session` is `null` afterwards. */
  destroy(): Promise<void>;
  destroy(callback: SessionCallback): this;
  /**
   * Changes the data and stores it at once. With a store that can, nobody's parallel change is lost: `apply` then works on the newest
   * data and may run more than once.
   */
  update(apply: (data: Partial<T>) => void): Promise<void>;
  /** Binds the session to a user under a new id, and starts its lifetime anew. */
  login(userId: string | number, options?: LoginOptions): Promise<Session<T>>;
  /** Ends the session and begins an empty one. */
  logout(): Promise<Session<T>>;
  /** Keeps a message until it is read, by the next request as a rule. */
  flash(kind: string, message: unknown): void;
  /** Takes the messages of a kind. */
  flash(kind: string): unknown[];
}

/** `req.session`: your data, all optional because a session begins empty, and the methods. */
export type Session<T extends object = Record<string, unknown>> = Partial<T> & SessionMethods<T>;
