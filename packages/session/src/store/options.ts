import { o, type Spec } from '@portcullis/core/options';

/** How sessions deal with their store. */
export interface StoreOptions {
  /**
   * How long one call may take, in seconds or as text such as `'500ms'`. A store that has not answered by then has failed.
   *
   * @defaultValue `2`
   */
  deadline?: number | string | undefined;
  /**
   * What a request gets whose session cannot be read: `'error'` is a 503 through `next(err)`; `'anonymous'` goes on with an
   * empty session that is not stored, and leaves the browser's cookie alone.
   *
   * @defaultValue `'error'`
   */
  onUnavailable?: 'error' | 'anonymous' | undefined;
  /**
   * What a request gets whose session cannot be written: `'fail'` is a 503 in place of the response; `'ignore'` sends the
   * response without the cookie, and what it says was stored is lost.
   *
   * @defaultValue `'fail'`
   */
  onError?: 'fail' | 'ignore' | undefined;
  /**
   * Stores sessions under a keyed hash of their id, so that who reads the store cannot use what it holds as cookies.
   * Switching it on or off ends every session.
   *
   * @defaultValue `false`
   */
  hashIds?: boolean | undefined;
  /**
   * When the session of a request is read: `'eager'` before `next()`, so that `req.session` can be used at once; `'lazy'` when
   * `await loadSession(req)` asks for it, so that requests which never do cost the store nothing. Using `req.session` before
   * that throws `ERR_PORTCULLIS_SESSION_NOT_LOADED`, with a store in memory too.
   *
   * @defaultValue `'eager'`
   */
  load?: 'eager' | 'lazy' | undefined;
}

/** {@link StoreOptions} once checked. */
export interface ResolvedStoreOptions {
  /** Seconds. */
  readonly deadline: number;
  readonly onUnavailable: 'error' | 'anonymous';
  readonly onError: 'fail' | 'ignore';
  readonly hashIds: boolean;
  readonly load: 'eager' | 'lazy';
}

export const storeOptionsSpec: Spec<ResolvedStoreOptions, StoreOptions> = o.object({
  deadline: o.withDefault(o.duration({ min: 0.001 }), 2),
  onUnavailable: o.withDefault(o.oneOf(['error', 'anonymous']), 'error'),
  onError: o.withDefault(o.oneOf(['fail', 'ignore']), 'fail'),
  hashIds: o.withDefault(o.boolean(), false),
  load: o.withDefault(o.oneOf(['eager', 'lazy']), 'eager'),
});
