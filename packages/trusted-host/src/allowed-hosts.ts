import { findBacktracking, parseHostPattern, type HostPattern } from '@portcullis/core/http';
import { o, quote, type Fail, type Spec } from '@portcullis/core/options';
import type { AllowedHost, HostPredicate } from './options.ts';

/** An entry of `allowedHosts`, checked. */
export type Entry = HostPattern | RegExp | HostPredicate;

const expected = "a host such as 'example.com' or '*.example.com', a RegExp or a predicate";

/** A text is a list of its own: environment variables cannot hold another. */
const textSpec: Spec<readonly Entry[], string> = o.custom(expected, (value, fail) => {
  if (typeof value !== 'string') return undefined;
  const words = value.split(/[,;\s]+/).filter((word) => word !== '');
  const entries = words.length === 0 ? [''] : words;
  const checked = entries.map((entry) => checkPattern(entry, fail));
  const patterns = checked.filter((pattern) => pattern !== undefined);
  return patterns.length === checked.length ? Object.freeze(patterns) : undefined;
});

const entrySpec: Spec<Entry, AllowedHost> = o.custom(expected, (value, fail) => {
  if (typeof value === 'string') return checkPattern(value, fail);
  if (value instanceof RegExp) return checkExpression(value, fail);
  // What a function takes and returns cannot be seen from outside.
  return typeof value === 'function' ? (value as HostPredicate) : undefined;
});

export const allowedHostsSpec: Spec<readonly Entry[], AllowedHost | readonly AllowedHost[]> =
  o.either(textSpec, o.list(entrySpec, { min: 1, single: true }));

function checkPattern(entry: string, fail: Fail): HostPattern | undefined {
  const pattern = parseHostPattern(entry);
  if (!('fault' in pattern)) return pattern;
  const { fault, hint } = pattern;
  return fail({ code: 'BAD_PATTERN', message: `${quote(entry)} ${fault}`, hint });
}

function checkExpression(expression: RegExp, fail: Fail): RegExp | undefined {
  const part = findBacktracking(expression);
  if (part === undefined) return expression;
  return fail({
    code: 'SLOW_REGEXP',
    message: `${String(expression)} can take a client's time out of all proportion, because of ${part}`,
    hint: 'let every repetition begin where only one can, or write a predicate',
  });
}
