import type { IncomingMessage } from 'node:http';
import { types } from 'node:util';
import { compileFullMatch, findBacktracking } from '@portcullis/core/http';
import { quote } from '@portcullis/core/options';
import type { Fault } from '@portcullis/core/options';
import { formatOriginPattern, parseOriginPattern } from './origin-pattern.ts';
import type { OriginPattern } from './origin-pattern.ts';

/** What a predicate may answer: yes or no, or also the request headers that its answer depends on. */
export type OriginAnswer =
  boolean | { readonly allow: boolean; readonly vary?: string | readonly string[] | undefined };

/**
 * Decides about an origin that nothing else in `allowOrigins` allows. It is asked only about well-formed origins:
 * never about a missing one, and never about `null`. It has five seconds.
 */
export type OriginPredicate = (
  origin: string,
  req: IncomingMessage,
) => OriginAnswer | PromiseLike<OriginAnswer>;

/** One entry of `allowOrigins` as given. */
export type AllowOrigin = string | URL | RegExp | OriginPredicate;

export interface PatternRule {
  readonly kind: 'pattern';
  readonly pattern: OriginPattern;
  /** The canonical form. */
  readonly text: string;
  /** What was written, when that can never match as it stands. */
  readonly written?: string | undefined;
}

export interface RegExpRule {
  readonly kind: 'regexp';
  readonly expression: RegExp;
  readonly test: (origin: string) => boolean;
}

/** One entry of `allowOrigins`, checked. */
export type OriginRule =
  | { readonly kind: 'any' }
  | { readonly kind: 'null' }
  | PatternRule
  | RegExpRule
  | { readonly kind: 'predicate'; readonly ask: OriginPredicate };

export const originExpected: string =
  'an origin ("https://app.example"), a pattern ("https://*.app.example"), "*", a URL, ' +
  'a regular expression or a function (origin, req) => boolean';

type Fail = (fault: Fault) => undefined;

/** Reads one entry of `allowOrigins`. */
export function parseOriginRule(value: unknown, fail: Fail): OriginRule | undefined {
  if (typeof value === 'string') return parseText(value, fail);
  if (typeof value === 'function') {
    // What a function takes and answers cannot be seen from outside.
    return { kind: 'predicate', ask: value as OriginPredicate };
  }
  if (types.isRegExp(value)) return parseExpression(value, fail);
  const origin = originOfUrl(value);
  return origin === undefined ? undefined : parsePattern(origin, fail, { silent: true });
}

/** Reads `allowOriginRegex`: an expression, or the text of one. */
export function parseRegExpRule(value: unknown, fail: Fail): RegExpRule | undefined {
  if (types.isRegExp(value)) return parseExpression(value, fail);
  if (typeof value !== 'string') return undefined;
  if (value.length > maxExpressionLength) return tooLong(value, fail);
  try {
    return parseExpression(new RegExp(value), fail);
  } catch (error) {
    const foreign = /\(\?(?:P|[a-z]+\))/.test(value);
    return fail({
      code: 'CORS_REGEX_SYNTAX',
      message: `is not a regular expression: ${String(error)}`,
      hint: foreign
        ? 'this is the syntax of Python; write (?<name>...) for a named group, and pass flags as new RegExp(text, "i")'
        : undefined,
    });
  }
}

function parseText(text: string, fail: Fail): OriginRule | undefined {
  if (text === '*') return { kind: 'any' };
  if (text === 'null') return { kind: 'null' };
  return parsePattern(text, fail, { silent: false });
}

function parsePattern(
  written: string,
  fail: Fail,
  { silent }: { silent: boolean },
): OriginRule | undefined {
  const pattern = parseOriginPattern(written);
  if ('fault' in pattern) {
    const { code, fault, hint } = pattern;
    return fail({
      code,
      message: `${quote(written)} cannot match: ${fault}`,
      hint,
    });
  }
  const text = formatOriginPattern(pattern);
  if (silent || text === written) return { kind: 'pattern', pattern, text };
  return { kind: 'pattern', pattern, text, written };
}

/** Core judges no longer ones, and probing a megabyte would hold up the start. */
const maxExpressionLength = 2048;

function tooLong({ length }: string, fail: Fail): undefined {
  return fail({
    code: 'CORS_REGEX_TOO_LONG',
    message: `an expression of ${String(length)} characters is more than ${String(maxExpressionLength)}, too much to be judged`,
    hint: 'list the origins, or use patterns such as "https://*.example.com": any number of them costs the same',
  });
}

function parseExpression(given: RegExp, fail: Fail): RegExpRule | undefined {
  // A copy: `compile()` changes an expression in place, and a subclass may say what it likes of its source.
  const expression = new RegExp(given);
  if (expression.source.length > maxExpressionLength) return tooLong(expression.source, fail);
  const dangerous = findBacktracking(expression);
  if (dangerous !== undefined) {
    return fail({
      code: 'CORS_REGEX_UNSAFE',
      message: `${String(expression)} can take exponential time on a hostile origin, because of ${dangerous}`,
      hint: 'use a pattern such as "https://*.example.com"; or wrap it in a function if you have proved it harmless',
    });
  }
  return { kind: 'regexp', expression, test: compileFullMatch(expression) };
}

/** By its tag and its fields, because a URL may come from another realm. */
function originOfUrl(value: unknown): string | undefined {
  if (Object.prototype.toString.call(value) !== '[object URL]') return undefined;
  const { origin, protocol, host } = value as Readonly<Record<string, unknown>>;
  if (typeof origin !== 'string') return undefined;
  // A URL of a scheme that is not special says "null" of itself.
  return origin === 'null' ? `${String(protocol)}//${String(host)}` : origin;
}
