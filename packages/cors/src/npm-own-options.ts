import { types } from 'node:util';
import type { Notices } from '@portcullis/core';
import { quote } from '@portcullis/core/options';
import { askOnce } from './npm-ask.ts';
import type { CustomOrigin, NpmCorsOptions, StaticOrigin } from './npm-options.ts';
import { allowanceFor, entriesOf } from './npm-origin.ts';
import type { CorsOptions } from './options.ts';
import { isExact, parseOriginPattern } from './origin-pattern.ts';
import type { AllowOrigin, OriginPredicate } from './origin-rule.ts';

/** Options of the `cors` package with its defaults filled in. */
export interface FilledOptions {
  readonly origin: StaticOrigin | CustomOrigin;
  readonly methods: string | readonly string[];
  readonly allowedHeaders: string | readonly string[] | undefined;
  readonly exposedHeaders: string | readonly string[];
  readonly credentials: boolean;
  readonly maxAge: number | undefined;
  readonly preflightContinue: boolean | undefined;
  readonly optionsSuccessStatus: number;
}

export function fillIn(given: NpmCorsOptions): FilledOptions {
  const { methods, allowedHeaders, headers, exposedHeaders, optionsSuccessStatus } = given;
  return {
    // An explicit `undefined` takes the default away there, and switches CORS off.
    origin: 'origin' in given ? given.origin || false : '*',
    methods: methods ?? 'GET,HEAD,PUT,PATCH,POST,DELETE',
    allowedHeaders: allowedHeaders || headers || undefined,
    exposedHeaders: exposedHeaders ?? [],
    credentials: given.credentials === true,
    maxAge: given.maxAge,
    preflightContinue: given.preflightContinue,
    optionsSuccessStatus: optionsSuccessStatus ?? 204,
  };
}

/** The nearest options of this package: what they are checked by, and what judges handshakes. */
export function toOwnOptions(filled: FilledOptions, notices: Notices): CorsOptions {
  const { origin, credentials, maxAge } = filled;
  const dead = origin === '*' && credentials;
  if (dead) warnOfDeadCredentials(notices);
  return {
    allowOrigins: toAllowOrigins(origin, notices),
    allowMethods: toList(filled.methods),
    allowHeaders: toList(filled.allowedHeaders ?? '*'),
    exposeHeaders: toList(filled.exposedHeaders),
    allowCredentials: credentials && !dead,
    // The other package takes any number; browsers look neither below zero nor beyond a day.
    maxAge: maxAge === undefined ? undefined : Math.max(0, Math.min(Number(maxAge), 86_400)),
    preflightContinue: filled.preflightContinue,
    successStatus: filled.optionsSuccessStatus,
  };
}

function warnOfDeadCredentials(notices: Notices): void {
  notices.once(
    'ERR_PORTCULLIS_CORS_DEAD_CREDENTIALS',
    'credentials: true has no effect while every origin is allowed, because browsers refuse that combination: ' +
      'name the origins that may send credentials',
  );
}

/** Without the warning that an empty list gets. */
const nobody: OriginPredicate = () => false;

function toAllowOrigins(
  origin: StaticOrigin | CustomOrigin,
  notices: Notices,
): readonly AllowOrigin[] {
  if (typeof origin === 'function') return [toPredicate(origin)];
  if (origin === false) return [nobody];
  if (origin === '*') return ['*'];
  return entriesOf(origin).flatMap((entry): AllowOrigin[] => {
    if (entry === true) return ['*'];
    if (types.isRegExp(entry)) return [unanchored(entry)];
    if (typeof entry === 'string' && isNeverSent(entry, notices)) return [nobody];
    // What is neither text nor nothing is refused where the options are checked.
    return entry ? [entry] : [];
  });
}

/** The other package takes any text; refusing one at start would stop applications that have lived with it. */
function isNeverSent(text: string, notices: Notices): boolean {
  const pattern = parseOriginPattern(text);
  if (text === 'null' || text === '' || (!('fault' in pattern) && isExact(pattern))) return false;
  const reason =
    'fault' in pattern ? pattern.fault : 'patterns are an option of @portcullis/cors itself';
  const { hint = 'name the origins one by one' } = 'fault' in pattern ? pattern : {};
  notices.once(
    'ERR_PORTCULLIS_CORS_ORIGIN_NEVER_SENT',
    `origin: no browser sends ${quote(text)}, so it allows no page: ${reason}; ${hint}`,
  );
  return true;
}

/**
 * Expressions match anywhere there and as a whole here. A lookahead, because `.*` around an expression with a `.*` of
 * its own would rightly be refused as slow. The audit for look-alikes then sees what is really allowed.
 */
function unanchored(expression: RegExp): RegExp {
  return new RegExp(`(?=.*(?:${expression.source})).*`, expression.flags.replace(/[gy]/g, ''));
}

/** For handshakes. */
function toPredicate(custom: CustomOrigin): OriginPredicate {
  return (asked) =>
    new Promise((resolve, reject) => {
      askOnce<StaticOrigin>(
        (done) => custom(asked, done),
        (error, rule) => {
          // Made into an Error where it is handed on.
          if (error) reject(error as Error);
          else resolve(isAllowed(rule || false, asked));
        },
      );
    });
}

function isAllowed(rule: StaticOrigin, asked: string): boolean {
  const { value } = allowanceFor(rule, asked);
  return value === '*' || value === asked;
}

function toList(value: string | readonly string[]): readonly string[] {
  if (typeof value !== 'string') return value;
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
