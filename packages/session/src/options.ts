import { defineOptions, o } from '@portcullis/core/options';
import type { OptionsDefinition, Report, Secret, SecretValue } from '@portcullis/core/options';
import type { ForwardedFamily, Trust, TrustProxy } from '@portcullis/core/http';
import { isCookieDomain, isCookieName, isCookiePath, lintCookie } from './cookie/lint.ts';
import type { Generation } from './cookie-strategy.ts';
import { defaultMaxAge } from './lifetime.ts';
import { isCodec } from './migrate/codec.ts';
import type { MigrationCodec } from './migrate/codec.ts';
import type { ExpressStore } from './store/express-store.ts';
import { storeOptionsSpec } from './store/options.ts';
import type { ResolvedStoreOptions, StoreOptions } from './store/options.ts';
import type { SessionStore } from './store/store.ts';
import { isStore } from './store/strategy.ts';
import { isStrategy } from './strategy.ts';
import type { SessionStrategy } from './strategy.ts';

/** Where sessions live; see {@link SessionOptions.store}. */
export type StoreChoice = 'cookie' | 'memory' | SessionStore | ExpressStore | SessionStrategy;

/** Options of {@link session}. */
export interface SessionOptions {
  /**
   * The secret that cookies are encrypted or signed with: at least 32 characters or bytes, made at random, the same on every
   * server. A list changes it without logging anybody out: the first makes new cookies, all of them open old ones.
   */
  secretKey: SecretValue | readonly SecretValue[];
  /**
   * The cookie's name. Two sessions in one app need two.
   *
   * @defaultValue `'session'`, or `'__Host-session'` with `httpsOnly: true`, path `/` and no domain.
   */
  cookieName?: string | undefined;
  /**
   * How long a session may lie idle, in seconds or as text such as `'14d'`. Counted from the last renewal and enforced by the
   * server. `null`: the cookie ends when the browser closes, and only `absoluteMaxAge` limits it here.
   *
   * @defaultValue `'14d'`
   */
  maxAge?: number | string | null | undefined;
  /**
   * How long a session may last however busy it is, counted from its beginning or login. `null`: for ever.
   *
   * @defaultValue `'30d'`
   */
  absoluteMaxAge?: number | string | null | undefined;
  /** Gives a session a new id after this long. In a store the old id then works for another 30 seconds. Default: never. */
  renewAfter?: number | string | undefined;
  /** @defaultValue `'/'` */
  path?: string | undefined;
  /** Shares the cookie with all sub-domains of this name, hostile ones included. Default: this host only. */
  domain?: string | undefined;
  /**
   * Whether other sites' requests carry the cookie: `'lax'` only when the user follows a link, `'strict'` never, `'none'` always,
   * which opens every state-changing request to forgery.
   *
   * @defaultValue `'lax'`
   */
  sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /**
   * Whether the cookie is `Secure`: `'auto'` on https requests, `true` always. Use `true` in production.
   *
   * @defaultValue `'auto'`
   */
  httpsOnly?: boolean | 'auto' | undefined;
  /** A cookie of its own under each top-level site that embeds yours (CHIPS). Needs `httpsOnly: true`. */
  partitioned?: boolean | undefined;
  /** Which cookies Chromium evicts first when a site has too many. */
  priority?: 'low' | 'medium' | 'high' | undefined;
  /**
   * With `false` the session can be read by whoever holds the cookie, and still not be changed. Cookie sessions only.
   *
   * @defaultValue `true`
   */
  encrypt?: boolean | undefined;
  /**
   * Where sessions live: `'cookie'` in the cookie itself; `'memory'` in this process; or a store, of ours or written for
   * `express-session`; or a strategy of your own.
   *
   * @defaultValue `'cookie'`
   */
  store?: StoreChoice | undefined;
  /** How to deal with the store: deadlines, failures, hashed ids, and whether it is read for every request. */
  storeOptions?: StoreOptions | undefined;
  /**
   * Cookie sessions only: gives a user's current generation, a number or word of your own. Change it, and all sessions that the user
   * began before (with `login`) are refused. Asked for every request of a logged-in user, so keep it in memory.
   */
  userGeneration?: Generation | undefined;
  /**
   * Which requests renew a session: those that look at it, or `'always'` all of them. At most once in a tenth of `maxAge` or a
   * minute, whichever is less.
   *
   * @defaultValue `'access'`
   */
  touch?: 'access' | 'always' | undefined;
  /**
   * The name of the property on requests.
   *
   * @defaultValue `'session'`
   */
  property?: string | undefined;
  /** Readers of other libraries' cookies, each until a date: `fromCookieSession`, `fromStarlette`, `fromExpressSession`. */
  migrate?: readonly MigrationCodec[] | undefined;
  /**
   * Which proxies' forwarded headers tell whether a request is https. Default: what an earlier Portcullis middleware settled on,
   * else the app's own `trust proxy`, else nobody.
   */
  trustProxy?: TrustProxy | undefined;
  /**
   * Which headers the proxy manages.
   *
   * @defaultValue `'x-forwarded'`
   */
  forwarded?: ForwardedFamily | undefined;
}

/** {@link SessionOptions} once checked. Durations in seconds. */
export interface ResolvedSessionOptions {
  readonly secretKey: readonly Secret[];
  readonly cookieName: string | undefined;
  readonly maxAge: number | null;
  readonly absoluteMaxAge: number | null;
  readonly renewAfter: number | undefined;
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly httpsOnly: boolean | 'auto';
  readonly partitioned: boolean;
  readonly priority: 'low' | 'medium' | 'high' | undefined;
  readonly encrypt: boolean;
  readonly store: StoreChoice;
  readonly storeOptions: ResolvedStoreOptions | undefined;
  readonly userGeneration: Generation | undefined;
  readonly touch: 'access' | 'always';
  readonly property: string;
  readonly migrate: readonly MigrationCodec[];
  readonly trustProxy: Trust | undefined;
  readonly forwarded: ForwardedFamily | undefined;
}

const thirtyDays = 30 * 86_400;

/** What `secretKey` must have; old keys of migrations may have less. */
const leastSecret = 32;

export const sessionOptions: OptionsDefinition<SessionOptions, ResolvedSessionOptions> =
  defineOptions<SessionOptions, ResolvedSessionOptions>({
    package: '@portcullis/session',
    area: 'SESSION',
    suggestions: {
      secret: 'secretKey',
      keys: 'secretKey',
      password: 'secretKey',
      name: 'cookieName',
      sessionCookie: 'cookieName',
      session_cookie: 'cookieName',
      ttl: 'maxAge',
      proxy: 'trustProxy',
      secure: 'httpsOnly',
      rolling: 'touch',
    },
    advice: {
      cookie: 'its fields are options of their own: maxAge, path, domain, sameSite, httpsOnly',
      cookieOptions:
        'its fields are options of their own: maxAge, path, domain, sameSite, httpsOnly',
      httpOnly: 'leave it out: scripts never see the cookie of a session',
      signed: 'leave it out: every cookie is authenticated; encrypt: false only signs',
      resave: 'leave it out: a session is stored when it has changed',
      saveUninitialized: 'leave it out: a session is stored once it holds something',
      unset: 'leave it out: req.session = null ends the session',
      genid: 'leave it out: ids have 256 random bits',
    },
    fields: {
      secretKey: o.list(o.secret({ minLength: leastSecret }), { min: 1, single: true }),
      cookieName: o.optional(o.string({ expected: 'a cookie name', check: isCookieName })),
      maxAge: o.withDefault(o.either(o.duration({ min: 1 }), o.literal(null)), defaultMaxAge),
      absoluteMaxAge: o.withDefault(o.either(o.duration({ min: 1 }), o.literal(null)), thirtyDays),
      renewAfter: o.optional(o.duration({ min: 1 })),
      path: o.withDefault(
        o.string({ expected: "a path that begins with / and holds no ';'", check: isCookiePath }),
        '/',
      ),
      domain: o.optional(
        o.string({ expected: "a domain such as 'example.com'", check: isCookieDomain }),
      ),
      sameSite: o.withDefault(o.oneOf(['lax', 'strict', 'none']), 'lax'),
      httpsOnly: o.withDefault(o.oneOf([true, false, 'auto']), 'auto'),
      partitioned: o.withDefault(o.boolean(), false),
      priority: o.optional(o.oneOf(['low', 'medium', 'high'])),
      encrypt: o.withDefault(o.boolean(), true),
      store: o.withDefault(
        o.custom<StoreChoice>("'cookie', 'memory', a store or a session strategy", parseStore),
        'cookie',
      ),
      storeOptions: o.optional(storeOptionsSpec),
      userGeneration: o.optional(o.fn<Generation>('(userId) => generation')),
      touch: o.withDefault(o.oneOf(['access', 'always']), 'access'),
      property: o.withDefault(
        o.string({
          expected: 'a property name',
          check: (name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== '__proto__',
        }),
        'session',
      ),
      migrate: o.withDefault(
        o.list(o.instance('fromCookieSession(…) or another codec', isCodec)),
        [],
      ),
      trustProxy: o.optional(o.trustProxy()),
      forwarded: o.optional(o.forwarded()),
    },
    rules: [checkCookie, checkStore, checkMigration],
  });

function parseStore(value: unknown): StoreChoice | undefined {
  if (value === 'cookie' || value === 'memory') return value;
  return isStrategy(value) || isStore(value) ? value : undefined;
}

function checkCookie(options: ResolvedSessionOptions, report: Report): void {
  for (const { severity, ...issue } of lintCookie(options)) report[severity](issue);
}

function checkStore(options: ResolvedSessionOptions, report: Report): void {
  const inCookie = options.store === 'cookie';
  if (options.storeOptions !== undefined && (inCookie || isStrategy(options.store))) {
    report.error({
      code: 'CONFLICT',
      path: 'storeOptions',
      message: 'means nothing without a store',
      hint: 'give a store, or remove storeOptions',
    });
  }
  if (options.storeOptions?.load === 'lazy' && options.touch === 'always') {
    report.error({
      code: 'CONFLICT',
      path: 'touch',
      message:
        "has every session read and renewed, and storeOptions.load: 'lazy' has none read unasked",
      hint: "remove one of them; touch: 'access' renews the sessions that were loaded",
    });
  }
  if (options.userGeneration !== undefined && !inCookie) {
    report.error({
      code: 'CONFLICT',
      path: 'userGeneration',
      message: 'is for cookie sessions; a store can end sessions itself',
      hint: 'remove userGeneration and call revoke(userId) of the middleware',
    });
  }
}

function checkMigration(options: ResolvedSessionOptions, report: Report): void {
  for (const [index, codec] of options.migrate.entries()) {
    const path = `migrate[${String(index)}]`;
    if (codec.name === 'express-session' && options.store === 'cookie') {
      report.error({
        code: 'CONFLICT',
        path,
        message:
          'the cookies of express-session hold ids only, and there is no store to look them up in',
        hint: 'give the store that holds the sessions',
      });
    }
    if (codec.until * 1000 < Date.now()) {
      report.warning({
        code: 'MIGRATION_OVER',
        path,
        message: `the date of ${codec.name} is past, so its cookies are ignored`,
        hint: 'remove the codec',
      });
    }
    if (codec.weakness !== undefined) {
      report.warning({
        code: 'WEAK_LEGACY_KEY',
        path,
        message: `a key of ${codec.name} is ${codec.weakness}: until its date, whoever guesses it can make sessions`,
        hint: 'keep the date near',
      });
    }
  }
}
