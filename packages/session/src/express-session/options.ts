import type { KeyObject } from 'node:crypto';
import { createNotices, type Notices } from '@portcullis/core';
import type { ExpressStore } from '../store/express-store.ts';
import { foreignStore } from '../store/foreign-store.ts';
import { createGuard, guardDefaults } from '../store/guard.ts';
import { guardedStore } from '../store/guarded-store.ts';
import { isSessionStore, type SessionStore } from '../store/store.ts';
import { createRandomPool } from '../token/random.ts';
import { bareErrors } from './bare-errors.ts';
import type { CookieOptions } from './cookie.ts';
import { memoryRecords } from './memory-records.ts';
import { MemoryStore, recordsInMemory } from './memory-store.ts';
import { fieldRecords, foreignRecords, type Records } from './records.ts';
import type { SessionRequest } from './session-request.ts';
import { type SessionSecret, toKey } from './signed-cookie.ts';

/** Options of `session()`, named and defaulted as in express-session 1.19; times are milliseconds. */
export interface SessionOptions {
  /** Signs the id. Of a list the first signs and all verify. */
  secret?: SessionSecret | readonly SessionSecret[] | undefined;
  /** Any store written for express-session, or one of ours. Defaults to a bounded store in memory. */
  store?: ExpressStore | SessionStore | undefined;
  /** @defaultValue `'connect.sid'` */
  name?: string | undefined;
  /** Old name of `name`. */
  key?: string | undefined;
  cookie?: CookieOptions | ((req: SessionRequest) => CookieOptions) | undefined;
  /** Makes an id. Whoever can guess it has the session. */
  genid?: ((req: SessionRequest) => string) | undefined;
  /** `true` believes `X-Forwarded-Proto` of anybody, `false` of nobody, absent leaves it to Express' `trust proxy`. */
  proxy?: boolean | undefined;
  /** Writes sessions that did not change. Defaults to `true`; set it. */
  resave?: boolean | undefined;
  /** Sets the cookie with every response. */
  rolling?: boolean | undefined;
  /** Stores sessions that hold nothing. Defaults to `true`; set it. */
  saveUninitialized?: boolean | undefined;
  /** What `req.session = null` does to the stored session. */
  unset?: 'keep' | 'destroy' | undefined;
  /**
   * What becomes of a response whose session cannot be stored. `'fail'`: a 503 takes its place. `'express'`: it leaves as it is,
   * with the cookie of a session that may not exist, and when it has ended the error goes to `next`, as in express-session; so
   * does a cookie that cannot be written. All errors of the store are then its own. express-session itself has no such option.
   *
   * @defaultValue `'fail'`
   */
  onStoreError?: 'fail' | 'express' | undefined;
}

/** {@link SessionOptions} once checked. */
export interface Settings {
  readonly keys: readonly KeyObject[];
  readonly store: ExpressStore;
  readonly records: Records;
  readonly name: string;
  readonly cookie: CookieOptions | ((req: SessionRequest) => CookieOptions);
  readonly genid: (req: SessionRequest) => string;
  readonly proxy: boolean | undefined;
  readonly resave: boolean;
  readonly rolling: boolean;
  readonly saveUninitialized: boolean;
  readonly unsetDestroys: boolean;
  /** `onStoreError: 'express'` */
  readonly answersRegardless: boolean;
  readonly notices: Notices;
}

/** 24 bytes in 32 characters, as uid-safe makes them: some stores size a column for it. */
const idBytes = 24;
const weakSecretBytes = 32;

/** @throws TypeError, with the words of express-session. */
export function resolveSettings(options: SessionOptions): Settings {
  const { unset, proxy, resave = true, saveUninitialized = true } = options;
  const answersRegardless = options.onStoreError === 'express';
  // Whatever is falsy was not given: express-session asks with `||`.
  const genid = options.genid || idMaker();
  checkOptions(options, genid);
  const notices = createNotices();
  const keys = secretKeys(options.secret, notices);
  noticeDefaults(options, notices);
  const store = options.store || defaultStore(notices);
  return {
    keys,
    store: store as ExpressStore, // ours is exposed as req.sessionStore all the same
    records: answersRegardless ? bareErrors(recordsIn(store)) : recordsIn(store),
    name: options.name || options.key || 'connect.sid',
    cookie: options.cookie || {},
    genid,
    proxy,
    resave,
    rolling: Boolean(options.rolling),
    saveUninitialized,
    unsetDestroys: unset === 'destroy',
    answersRegardless,
    notices,
  };
}

function checkOptions(
  { unset, store, onStoreError = 'fail' }: SessionOptions,
  genid: unknown,
): void {
  if (typeof genid !== 'function') throw new TypeError('genid option must be a function');
  if (unset && unset !== 'destroy' && unset !== 'keep') {
    throw new TypeError('unset option must be "destroy" or "keep"');
  }
  if (onStoreError !== 'fail' && onStoreError !== 'express') {
    throw new TypeError('onStoreError option must be "fail" or "express"');
  }
  // Not quoted: where a URL was given for the store, there is a password in it.
  if (store && typeof store !== 'object') throw new TypeError('store option must be a store');
}

function idMaker(): () => string {
  const random = createRandomPool();
  return () => random.text(idBytes);
}

function secretKeys(secret: SessionOptions['secret'], notices: Notices): readonly KeyObject[] {
  if (!secret) return [];
  const secrets = Array.isArray(secret)
    ? (secret as readonly SessionSecret[])
    : [secret as SessionSecret];
  if (secrets.length === 0) {
    throw new TypeError('secret option array must contain one or more strings');
  }
  const keys = secrets.map(toKey);
  if (keys.some((key) => Number(key.symmetricKeySize) < weakSecretBytes)) {
    notices.once(
      'ERR_PORTCULLIS_SESSION_WEAK_SECRET',
      `A session secret is shorter than ${weakSecretBytes} bytes: who guesses it can sign ids. ` +
        'Put a random one first in the list, and keep the old one behind it until its cookies have expired.',
    );
  }
  return keys;
}

function noticeDefaults(options: SessionOptions, notices: Notices): void {
  const missing = (['resave', 'saveUninitialized'] as const).filter(
    (name) => options[name] === undefined,
  );
  if (missing.length === 0) return;
  notices.once(
    'ERR_PORTCULLIS_SESSION_EXPRESS_DEFAULTS',
    `session(): ${missing.join(' and ')} not set; true is assumed as in express-session, and false is what you want.`,
  );
}

function defaultStore(notices: Notices): MemoryStore {
  notices.once(
    'ERR_PORTCULLIS_SESSION_MEMORY_STORE',
    'Sessions are held in the memory of this process: they end with it, and no other process sees them. Pass a store.',
  );
  return new MemoryStore();
}

function recordsIn(store: ExpressStore | SessionStore): Records {
  const guard = createGuard(guardDefaults);
  if (isSessionStore(store)) return fieldRecords(guardedStore(store, guard));
  const called = foreignRecords(foreignStore(store, guard));
  const held = recordsInMemory(store);
  return held === undefined ? called : memoryRecords(store, held, called);
}
