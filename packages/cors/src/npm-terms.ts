import type { Middleware, Notices } from '@portcullis/core';
import { createCors } from './instance.ts';
import type { CustomOrigin, NpmCorsOptions, StaticOrigin } from './npm-options.ts';
import { canonicalOrigin } from './npm-origin.ts';
import { fillIn, toOwnOptions } from './npm-own-options.ts';
import { compileLater } from './policy-lookup.ts';

/** The options of the `cors` package, checked, in the form in which requests are answered. */
export interface Terms {
  /** `false` switches CORS off. */
  readonly origin: StaticOrigin | CustomOrigin;
  readonly methods: string | undefined;
  /** Undefined mirrors what the browser asks for. */
  readonly allowedHeaders: string | undefined;
  readonly exposedHeaders: string | undefined;
  readonly credentials: string | undefined;
  readonly maxAge: string | undefined;
  readonly preflightContinue: boolean;
  readonly optionsSuccessStatus: number;
  /** This package's own answers for the same options: to handshakes, and to everything where options are mixed. */
  readonly middleware: Middleware;
  /** Options of this package stand among those of the other one. */
  readonly mixed: boolean;
}

const known: ReadonlySet<string> = new Set([
  'origin',
  'methods',
  'allowedHeaders',
  'headers',
  'exposedHeaders',
  'credentials',
  'maxAge',
  'preflightContinue',
  'optionsSuccessStatus',
]);

/** @throws `ERR_PORTCULLIS_OPTIONS` */
export function compileTerms(given: NpmCorsOptions, notices: Notices): Terms {
  const filled = fillIn(given);
  // Those of this package are taken, and unknown ones get a message.
  const others = Object.entries(given).filter(([name]) => !known.has(name));
  const own = { ...toOwnOptions(filled, notices), ...Object.fromEntries(others) };
  return Object.freeze({
    origin: canonicalOrigin(filled.origin),
    methods: toText(filled.methods),
    allowedHeaders: filled.allowedHeaders?.toString(),
    exposedHeaders: toText(filled.exposedHeaders),
    credentials: filled.credentials ? 'true' : undefined,
    maxAge: toText(filled.maxAge),
    preflightContinue: filled.preflightContinue === true,
    optionsSuccessStatus: filled.optionsSuccessStatus,
    middleware: createCors(notices, compileLater(own, notices)),
    mixed: others.length > 0,
  });
}

/** A list with commas; an empty one is no header. */
function toText(value: number | string | readonly string[] | undefined): string | undefined {
  return value?.toString() || undefined;
}
