import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Next, Notices } from '@portcullis/core';
import { isWebSocketHandshake } from '@portcullis/core/http';
import { forOptions, nothingGranted } from './access-control.ts';
import type { AccessControl } from './access-control.ts';
import { remember } from './grant.ts';
import { askOnce } from './npm-ask.ts';
import { allowanceFor } from './npm-origin.ts';
import type { Allowance } from './npm-origin.ts';
import type { CustomOrigin, StaticOrigin } from './npm-options.ts';
import type { Terms } from './npm-terms.ts';

export interface NpmExchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly next: Next;
  readonly notices: Notices;
}

/** Answers a request as the `cors` package does. */
export function respondAsNpm(terms: Terms, exchange: NpmExchange): void {
  const { req, res, next } = exchange;
  const { origin } = terms;
  if (origin === false || res.headersSent) {
    next();
  } else if (terms.mixed || isWebSocketHandshake(req)) {
    terms.middleware(req, res, next);
  } else if (typeof origin === 'function') {
    askThenProceed(terms, exchange, origin);
  } else {
    proceed(terms, exchange, allowanceFor(origin, req.headers.origin));
  }
}

function askThenProceed(terms: Terms, exchange: NpmExchange, custom: CustomOrigin): void {
  const { req, res, next } = exchange;
  const { origin: asked } = req.headers;
  askOnce<StaticOrigin>(
    (done) => custom(asked, done),
    (error, rule) => {
      // Somebody may have answered in the meantime.
      if (error || res.headersSent) next(error);
      else if (rule) proceed(terms, exchange, allowanceFor(rule, asked));
      else deny(exchange);
    },
  );
}

/** A function said no: the `cors` package then leaves the response alone, preflights included. */
function deny({ res, next, notices }: NpmExchange): void {
  mark(res, { values: nothingGranted, vary: ['Origin'], notices });
  next();
}

function proceed(terms: Terms, exchange: NpmExchange, allowance: Allowance): void {
  const { req, res, next, notices } = exchange;
  const vary = allowance.varies ? ['Origin'] : [];
  if (req.method?.toUpperCase() !== 'OPTIONS') {
    mark(res, { values: valuesOf(terms, allowance), vary, notices });
    next();
    return;
  }
  if (terms.allowedHeaders === undefined) vary.push('Access-Control-Request-Headers');
  mark(res, { values: valuesForOptions(terms, allowance, req), vary, notices });
  if (terms.preflightContinue) next();
  else answerOptions(res, terms.optionsSuccessStatus);
}

function answerOptions(res: ServerResponse, status: number): void {
  res.statusCode = status;
  // RFC 9110 section 8.6: no Content-Length with 204.
  if (status !== 204) res.setHeader('Content-Length', '0');
  res.end();
}

function valuesOf(terms: Terms, { value }: Allowance): AccessControl {
  return value === undefined ? nothingGranted : [value, terms.credentials, terms.exposedHeaders];
}

function valuesForOptions(terms: Terms, allowance: Allowance, req: IncomingMessage): AccessControl {
  const values = valuesOf(terms, allowance);
  if (allowance.value === undefined) return forOptions(values);
  const headers = terms.allowedHeaders ?? req.headers['access-control-request-headers'];
  return [...values, terms.methods, headers || undefined, terms.maxAge, undefined];
}

/** As that package spells them: unit tests of applications look them up in plain objects. */
const names = [
  'Access-Control-Allow-Origin',
  'Access-Control-Allow-Credentials',
  'Access-Control-Expose-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Allow-Headers',
  'Access-Control-Max-Age',
] as const;

interface Mark {
  readonly values: AccessControl;
  readonly vary: readonly string[];
  readonly notices: Notices;
}

function mark(res: ServerResponse, { values, vary, notices }: Mark): void {
  remember(res, { values, vary: vary.join(', '), asked: true, yields: true, notices });
  for (const [index, name] of names.entries()) {
    const value = values[index];
    if (value !== undefined) res.setHeader(name, value);
  }
  const current = res.getHeader('Vary');
  const listed = current === undefined ? [] : String(current).split(/\s*,\s*/);
  const known = listed.map((field) => field.toLowerCase());
  const missing = vary.filter((field) => !known.includes(field.toLowerCase()));
  if (missing.length > 0 && !known.includes('*')) {
    res.setHeader('Vary', [...listed, ...missing].join(', '));
  }
}
