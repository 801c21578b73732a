import { environmentName } from '../options/environment-name.ts';
import type { Form } from './text.ts';

/** A flat key, as objects and classes spell it: `CORS_MAX_AGE`. */
export interface Key {
  readonly name: string;
  /** What it sets: `cors.maxAge`; `ALLOWED_HOSTS` sets two. */
  readonly paths: readonly string[];
  readonly form: Form;
  /** The name in the environment; undefined when text cannot say it. */
  readonly variable: string | undefined;
  /** Why it can only be true. */
  readonly onlyTrue?: string | undefined;
}

/** The options of one middleware, as far as configuration must know them. */
export interface Section {
  readonly name: string;
  /** `CORS`: `maxAge` is `CORS_MAX_AGE`. */
  readonly area: string;
  readonly forms: Readonly<Record<string, Form>>;
}

const FORWARDING = { trustProxy: 'trust', forwarded: 'text' } as const;

// Written here and not read from the packages, because core cannot import them. The packages check
// the values; this says only what the names are and how their text is read.
const SECTIONS: readonly Section[] = [
  {
    name: 'cors',
    area: 'CORS',
    forms: {
      allowOrigins: 'list',
      allowOriginRegex: 'text',
      allowMethods: 'list',
      allowHeaders: 'list',
      allowCredentials: 'boolean',
      exposeHeaders: 'list',
      maxAge: 'number',
      preflightContinue: 'boolean',
      successStatus: 'number',
      allowPrivateNetwork: 'boolean',
      requireOrigin: 'boolean',
      enforce: 'boolean',
      strict: 'boolean',
      debug: 'boolean',
      ...FORWARDING,
      dangerouslyAllowAnyOriginWithCredentials: 'boolean',
      dangerouslyAllowNullOrigin: 'boolean',
      dangerouslyAllowPublicSuffix: 'boolean',
    },
  },
  {
    name: 'trustedHost',
    area: 'TRUSTED_HOST',
    forms: {
      allowedHosts: 'hosts',
      wwwRedirect: 'boolean',
      status: 'number',
      exempt: 'list',
      allowMissing: 'boolean',
      ...FORWARDING,
      onReject: 'code',
    },
  },
  {
    name: 'httpsRedirect',
    area: 'HTTPS_REDIRECT',
    forms: {
      status: 'number',
      insecure: 'text',
      host: 'text',
      allowedHosts: 'hosts',
      port: 'number',
      exempt: 'list',
      ...FORWARDING,
      protoHeaders: 'list',
      hsts: 'flag',
      enabled: 'boolean',
    },
  },
  {
    name: 'gzip',
    area: 'GZIP',
    forms: {
      minimumSize: 'number',
      compressLevel: 'number',
      encodings: 'list',
      filter: 'code',
      excludeContentTypes: 'list',
      etag: 'text',
      cache: 'flag',
      breach: 'flag',
      syncBudget: 'number',
      onUnacceptable: 'number',
    },
  },
  {
    name: 'session',
    area: 'SESSION',
    forms: {
      secretKey: 'secret',
      cookieName: 'text',
      maxAge: 'lifetime',
      absoluteMaxAge: 'lifetime',
      renewAfter: 'number',
      touch: 'text',
      path: 'text',
      domain: 'text',
      sameSite: 'text',
      httpsOnly: 'flag',
      encrypt: 'boolean',
      partitioned: 'boolean',
      priority: 'text',
      property: 'text',
      store: 'text',
      storeOptions: 'code',
      userGeneration: 'code',
      migrate: 'code',
      ...FORWARDING,
    },
  },
];

/** The names that do not follow from a section and an option: path(s), form. */
const SPECIAL: readonly Key[] = [
  // `DEBUG` in the environment belongs to the `debug` package, where it is a list of names.
  { name: 'DEBUG', paths: ['debug'], form: 'boolean', variable: 'PORTCULLIS_DEBUG' },
  { name: 'MIDDLEWARE', paths: ['middleware'], form: 'code', variable: undefined },
  special('ALLOWED_HOSTS', 'hosts', 'trustedHost.allowedHosts', 'httpsRedirect.allowedHosts'),
  special('REDIRECT_HOST', 'boolean', 'trustedHost.wwwRedirect'),
  special('SECRET_KEY', 'secret', 'session.secretKey'),
  special('SESSION_COOKIE_DOMAIN', 'text', 'session.domain'),
  special('SESSION_COOKIE_PATH', 'text', 'session.path'),
  special('SESSION_COOKIE_SECURE', 'flag', 'session.httpsOnly'),
  special('SESSION_COOKIE_SAME_SITE', 'text', 'session.sameSite'),
  special('SESSION_COOKIE_MAX_AGE', 'lifetime', 'session.maxAge'),
  {
    ...special('SESSION_COOKIE_HTTPONLY', 'boolean'),
    onlyTrue: 'cannot be false: the session cookie is always HttpOnly',
  },
];

/** Top-level names in the manner of JavaScript, for the flat keys that are not about one section. */
const TOP_LEVEL = {
  debug: 'DEBUG',
  middleware: 'MIDDLEWARE',
  allowedHosts: 'ALLOWED_HOSTS',
  redirectHost: 'REDIRECT_HOST',
  secretKey: 'SECRET_KEY',
} as const;

function special(name: string, form: Form, ...paths: readonly string[]): Key {
  return { name, paths, form, variable: name };
}

/** Every name that a configuration may contain. */
export interface KeyTable {
  readonly sections: ReadonlyMap<string, Section>;
  /** By every spelling: `CORS_MAX_AGE`, `ALLOWED_HOSTS`, `allowedHosts`. */
  readonly keys: ReadonlyMap<string, Key>;
}

/** The table of our own middleware and of those that the user defines. */
export function createKeyTable(own: readonly Section[]): KeyTable {
  const sections = new Map([...own, ...SECTIONS].map((section) => [section.name, section]));
  const keys = new Map([...sections.values()].flatMap(sectionKeys).map((key) => [key.name, key]));
  for (const key of SPECIAL) keys.set(key.name, key);
  for (const key of SPECIAL) {
    const [topLevel] = Object.entries(TOP_LEVEL).find(([, name]) => name === key.name) ?? [];
    if (topLevel !== undefined) keys.set(topLevel, key);
  }
  return { sections, keys };
}

function sectionKeys({ name: section, area, forms }: Section): readonly Key[] {
  return Object.entries(forms).map(([option, form]) => {
    const name = environmentName(area, option);
    const variable = form === 'code' ? undefined : name;
    return { name, paths: [`${section}.${option}`], form, variable };
  });
}
