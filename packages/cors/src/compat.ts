import type { IncomingMessage } from 'node:http';
import { types } from 'node:util';
import { createNotices } from '@portcullis/core';
import type { Notices } from '@portcullis/core';
import { cors as portcullisCors } from './cors.ts';
import type { CorsMiddleware } from './instance.ts';
import type { CorsOptions as PortcullisOptions } from './options.ts';
import type { AllowOrigin, OriginPredicate } from './origin-rule.ts';

/** The options of the `cors` package, answered by the middleware of this one; the README lists what differs. */
function cors(options?: cors.CorsOptions | cors.CorsOptionsDelegate): CorsMiddleware {
  const notices = createNotices();
  if (typeof options !== 'function') {
    // Refused there, in our words.
    if (typeof (options ?? {}) !== 'object') return portcullisCors(options as PortcullisOptions);
    const fixed = toPortcullis(options ?? {}, notices);
    return fixed === false ? portcullisCors(() => false) : portcullisCors(fixed);
  }
  const translated = new WeakMap<cors.CorsOptions, PortcullisOptions | false>();
  return portcullisCors(async (req) => {
    const given = (await fromCallback<cors.CorsOptions>((done) => options(req, done))) ?? everybody;
    const known = translated.get(given) ?? toPortcullis(given, notices);
    translated.set(given, known);
    return known;
  });
}

const everybody: cors.CorsOptions = Object.freeze({});

declare namespace cors {
  type StaticOrigin = boolean | string | RegExp | readonly (boolean | string | RegExp)[];
  type CustomOrigin = (
    requestOrigin: string | undefined,
    callback: (error: Error | null, origin?: StaticOrigin) => void,
  ) => void;
  interface CorsOptions {
    origin?: StaticOrigin | CustomOrigin | undefined;
    methods?: string | readonly string[] | undefined;
    allowedHeaders?: string | readonly string[] | undefined;
    headers?: string | readonly string[] | undefined;
    exposedHeaders?: string | readonly string[] | undefined;
    credentials?: boolean | undefined;
    maxAge?: number | undefined;
    preflightContinue?: boolean | undefined;
    optionsSuccessStatus?: number | undefined;
  }
  type CorsOptionsDelegate = (
    req: IncomingMessage,
    callback: (error: Error | null, options?: CorsOptions) => void,
  ) => void;
}

const defaultMethods = 'GET,HEAD,PUT,PATCH,POST,DELETE';

/** @returns `false` when `origin` switches CORS off. */
function toPortcullis(given: cors.CorsOptions, notices: Notices): PortcullisOptions | false {
  const {
    origin,
    methods,
    allowedHeaders,
    headers,
    exposedHeaders,
    credentials,
    maxAge,
    optionsSuccessStatus,
    // Unknown names get a message, and options of this package may be mixed in while moving.
    ...rest
  } = given;
  if ('origin' in given && !origin) return false;
  const allowOrigins = toOrigins(origin ?? '*');
  return {
    ...rest,
    allowOrigins,
    allowMethods: toList(methods ?? defaultMethods),
    allowHeaders: toList(allowedHeaders ?? headers ?? '*'),
    exposeHeaders: toList(exposedHeaders ?? []),
    allowCredentials: credentials === true && !isDead(allowOrigins, origin, notices),
    // Beyond a day no browser looks, and the other package takes any number.
    maxAge: maxAge === undefined ? undefined : Math.min(Number(maxAge), 86_400),
    successStatus: optionsSuccessStatus ?? 204,
  };
}

/**
 * The other package answers a literal `*` with credentials, which browsers refuse. Naming the origin instead, as this
 * one does for `'*'`, would open to everybody what was closed by accident.
 */
function isDead(allowOrigins: readonly AllowOrigin[], origin: unknown, notices: Notices): boolean {
  const dead = allowOrigins.includes('*') && origin !== true;
  if (dead) {
    notices.once(
      'ERR_PORTCULLIS_CORS_DEAD_CREDENTIALS',
      'credentials: true has no effect while every origin is allowed, because browsers refuse that combination: ' +
        'name the origins that may send credentials',
    );
  }
  return dead;
}

function toOrigins(origin: cors.StaticOrigin | cors.CustomOrigin): readonly AllowOrigin[] {
  if (typeof origin === 'function') return [toPredicate(origin)];
  // `isArray` does not narrow a readonly list.
  const entries = (Array.isArray(origin) ? origin : [origin]) as readonly (
    boolean | RegExp | string
  )[];
  return entries.flatMap((entry): AllowOrigin[] => {
    if (entry === true) return ['*'];
    if (types.isRegExp(entry)) return [unanchored(entry)];
    // What is neither text nor nothing is refused where the other options are checked.
    return entry ? [entry] : [];
  });
}

/**
 * Expressions match anywhere there and as a whole here. A lookahead, because `.*` around an expression with a `.*` of
 * its own would rightly be refused as slow. The audit for look-alikes then sees what is really allowed.
 */
function unanchored(expression: RegExp): RegExp {
  return new RegExp(`(?=.*(?:${expression.source})).*`, expression.flags.replace(/[gy]/g, ''));
}

function toPredicate(custom: cors.CustomOrigin): OriginPredicate {
  return async (asked) => {
    const answer = await fromCallback<cors.StaticOrigin | undefined>((done) => custom(asked, done));
    return allows(answer, asked);
  };
}

function allows(answer: cors.StaticOrigin | undefined, asked: string): boolean {
  if (typeof answer === 'string') return answer === '*' || answer === asked;
  if (typeof answer !== 'object') return answer === true;
  if (types.isRegExp(answer)) return asked.search(answer) >= 0;
  return answer.some((entry) => allows(entry, asked));
}

function toList(value: string | readonly string[]): readonly string[] {
  if (typeof value !== 'string') return value;
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function fromCallback<T>(
  run: (done: (error: Error | null, value?: T) => void) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    run((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}

export = cors;
