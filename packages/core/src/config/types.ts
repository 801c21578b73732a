import type { MiddlewareDefinition } from '../middleware/define.ts';
import type { OptionsDefinition } from '../options/define.ts';
import type { SecretValue } from '../options/secret.ts';
import type { Middleware } from '../types.ts';

/**
 * A value that was read and not yet checked: the factory that it is given to does that. It is
 * typed so that every factory takes it.
 */
export type Unchecked = never;

/** Options of one middleware, as far as they were configured; frozen. */
export type ConfiguredOptions = Readonly<Record<string, unknown>>;

/** A loaded configuration; immutable. */
export interface Config {
  /** The environment that it was loaded for. Default `'production'`. */
  readonly environment: string;
  readonly debug: boolean;
  /** The user's own middleware, in the order given. */
  readonly middleware: readonly Middleware[];
  readonly cors: ConfiguredOptions;
  readonly trustedHost: ConfiguredOptions & { readonly allowedHosts: Unchecked };
  readonly httpsRedirect: ConfiguredOptions;
  readonly gzip: ConfiguredOptions;
  readonly session: ConfiguredOptions & { readonly secretKey: Unchecked };
  /**
   * The options for a middleware, typed: `audit(config.get(audit))`.
   *
   * @throws TypeError when `loadConfig` was not told of it in `definitions`.
   */
  get<Options extends object>(definition: Configurable<Options>): Options;
  /**
   * Says what a key is and where its value comes from; without a key, all that are set. Secrets
   * stay hidden.
   *
   * @throws TypeError for a key that does not exist.
   */
  explain(key?: string): string;
  /** A copy with other values on top, for tests. This one stays as it is. */
  with(values: ConfigValues): Config;
}

/** A factory made with `defineMiddleware`, or options made with `defineOptions`. */
export type Configurable<Options extends object> =
  { readonly definition: MiddlewareDefinition<Options> } | OptionsDefinition<Options, object>;

/** What a configuration may hold. Every option has a flat name too: `cors.maxAge`, `CORS_MAX_AGE`. */
export interface ConfigValues {
  /** Default false; an error in production. In the environment `PORTCULLIS_DEBUG`. */
  readonly debug?: boolean | undefined;
  /** Your own middleware, added to ours. */
  readonly middleware?: readonly Middleware[] | undefined;
  /** For `trustedHost` and for `httpsRedirect`. */
  readonly allowedHosts?: readonly unknown[] | undefined;
  /** `trustedHost.wwwRedirect` */
  readonly redirectHost?: boolean | undefined;
  /** `session.secretKey`; in the environment also `SECRET_KEY_FILE`, which names a file. */
  readonly secretKey?: SecretValue | readonly SecretValue[] | undefined;
  readonly cors?: object | undefined;
  readonly trustedHost?: object | undefined;
  readonly httpsRedirect?: object | undefined;
  readonly gzip?: object | undefined;
  readonly session?: object | undefined;
  /** Flat names, and the sections of your own middleware. */
  readonly [key: string]: unknown;
}

/** Values that all environments share, and what each of them changes. */
export interface ConfigSections {
  readonly base?: ConfigValues | ConfigClass | undefined;
  readonly [environment: string]: ConfigValues | ConfigClass | undefined;
}

/** A class whose fields are values; subclasses override field by field. */
export type ConfigClass = new () => object;
