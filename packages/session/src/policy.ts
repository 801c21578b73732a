import { createNotices } from '@portcullis/core';
import type { Notices } from '@portcullis/core';
import type { RequestTrust } from '@portcullis/core/http';
import { cookieStrategy } from './cookie-strategy.ts';
import { chooseCookieName } from './cookie/lint.ts';
import { cookieFormat } from './cookie/set-cookie.ts';
import type { CookieFormat } from './cookie/set-cookie.ts';
import { createFates } from './fates.ts';
import type { Fates } from './fates.ts';
import type { MigrationCodec } from './migrate/codec.ts';
import type { ResolvedSessionOptions } from './options.ts';
import { memoryStore } from './store/memory.ts';
import type { ResolvedStoreOptions } from './store/options.ts';
import { storeStrategy } from './store/strategy.ts';
import { isStrategy } from './strategy.ts';
import type { SessionLifetimes, SessionStrategy, StrategySetup } from './strategy.ts';

/** Everything that is the same for all requests of one session middleware. */
export interface SessionPolicy {
  readonly property: string;
  readonly cookieName: string;
  readonly strategy: SessionStrategy;
  readonly lifetimes: SessionLifetimes;
  readonly format: CookieFormat;
  /**
   * With a domain: the cookie as it was before the application had one. Browsers keep both, and the old one would come back after a
   * logout.
   */
  readonly hostOnly: CookieFormat | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly httpsOnly: boolean | 'auto';
  readonly trust: RequestTrust;
  readonly touch: 'access' | 'always';
  /** The session is read when `loadSession` asks for it, and not before. */
  readonly lazy: boolean;
  readonly codecs: readonly MigrationCodec[];
  readonly notices: Notices;
  readonly fates: Fates;
  /** Whole seconds since 1970. */
  readonly now: () => number;
}

export function resolvePolicy(options: ResolvedSessionOptions, now: () => number): SessionPolicy {
  const cookieName = chooseCookieName(options);
  const lifetimes = resolveLifetimes(options);
  const setup: StrategySetup = {
    cookieName,
    secrets: options.secretKey.map((secret) => secret.bytes()),
    lifetimes,
    now,
  };
  return {
    property: options.property,
    cookieName,
    strategy: resolveStrategy(options, setup),
    lifetimes,
    format: cookieFormat({ ...options, name: cookieName }),
    hostOnly:
      options.domain === undefined
        ? undefined
        : cookieFormat({ ...options, name: cookieName, domain: undefined }),
    sameSite: options.sameSite,
    httpsOnly: options.httpsOnly,
    trust: { trust: options.trustProxy, forwarded: options.forwarded },
    touch: options.touch,
    lazy: options.storeOptions?.load === 'lazy',
    codecs: options.migrate,
    notices: createNotices(),
    fates: createFates(),
    now,
  };
}

/** An unchanged session is issued anew at most this often: often enough for no idle timeout to be noticed. */
const mostReissueAfter = 60;

function resolveLifetimes(options: ResolvedSessionOptions): SessionLifetimes {
  const seconds = (value: number | null | undefined): number | undefined =>
    value === null || value === undefined ? undefined : Math.floor(value);
  const idle = seconds(options.maxAge);
  return {
    idle,
    absolute: seconds(options.absoluteMaxAge),
    renewAfter: seconds(options.renewAfter),
    reissueAfter: Math.min((idle ?? Infinity) / 10, mostReissueAfter),
  };
}

const storeDefaults: ResolvedStoreOptions = {
  deadline: 2,
  onUnavailable: 'error',
  onError: 'fail',
  hashIds: false,
  load: 'eager',
};

function resolveStrategy(options: ResolvedSessionOptions, setup: StrategySetup): SessionStrategy {
  const { store, encrypt, userGeneration } = options;
  if (store === 'cookie') return cookieStrategy(setup, { encrypt, generation: userGeneration });
  if (isStrategy(store)) return store;
  return storeStrategy(
    store === 'memory' ? memoryStore() : store,
    setup,
    options.storeOptions ?? storeDefaults,
  );
}
