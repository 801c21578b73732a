import { types } from 'node:util';
import type { CustomOrigin, StaticOrigin } from './npm-options.ts';
import { maxOriginLength } from './origin.ts';
import { formatOriginPattern, isExact, parseOriginPattern } from './origin-pattern.ts';

/** What `Access-Control-Allow-Origin` says, and whether another origin would get another answer. */
export interface Allowance {
  readonly value: string | undefined;
  readonly varies: boolean;
}

const everybody: Allowance = Object.freeze({ value: '*', varies: false });

/** What the `cors` package answers: a text as it stands, and the asking origin for everything that has to match. */
export function allowanceFor(rule: StaticOrigin, asked: string | undefined): Allowance {
  if (rule === '*') return everybody;
  if (typeof rule === 'string') return { value: rule, varies: true };
  return { value: asked !== undefined && allows(rule, asked) ? asked : undefined, varies: true };
}

function allows(rule: StaticOrigin, asked: string): boolean {
  if (typeof rule === 'string') return rule === asked;
  if (types.isRegExp(rule)) {
    // Bounded, because one that a function gives is not checked; `search`, because `test` remembers where a `g` left off.
    return asked.length <= maxOriginLength && asked.search(rule) >= 0;
  }
  return typeof rule === 'object' ? rule.some((entry) => allows(entry, asked)) : rule === true;
}

/** The same rule with its texts as browsers send them: without a lone slash at the end, say. */
export function canonicalOrigin(origin: StaticOrigin | CustomOrigin): StaticOrigin | CustomOrigin {
  if (typeof origin === 'string') return canonical(origin);
  if (!Array.isArray(origin)) return origin;
  return entriesOf(origin).map((entry) => (typeof entry === 'string' ? canonical(entry) : entry));
}

export function entriesOf(origin: StaticOrigin): readonly (boolean | RegExp | string)[] {
  // `isArray` does not narrow a readonly list.
  return (Array.isArray(origin) ? origin : [origin]) as readonly (boolean | RegExp | string)[];
}

function canonical(text: string): string {
  const pattern = parseOriginPattern(text);
  return 'fault' in pattern || !isExact(pattern) ? text : formatOriginPattern(pattern);
}
