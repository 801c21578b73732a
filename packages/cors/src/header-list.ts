import { isToken } from './token.ts';

/** Longest `Access-Control-Request-Headers` that is read; a browser's list is under 1 KB. */
export const maxHeaderListLength = 4096;
/** Longest header name of a mirrored list. */
const maxMirroredName = 128;
/** Empty members are legal (RFC 9110 section 5.6.1.2) and some proxies add them; more than these are a flood. */
const maxEmpty = 64;
/** How many names a list may repeat. */
const maxRepeats = 64;

/** The header names that a policy allows: a Set of lower-case names, or any name at all. */
export interface AllowedHeaders {
  readonly names: ReadonlySet<string>;
  readonly any: boolean;
  /** Length of the longest allowed name. */
  readonly longest: number;
  /** The most members that a list may have. */
  readonly most: number;
}

export function compileAllowedHeaders(names: readonly string[], any: boolean): AllowedHeaders {
  const lower = new Set(names.map((name) => name.toLowerCase()));
  const longest = any ? maxMirroredName : Math.max(0, ...[...lower].map((name) => name.length));
  return { names: lower, any, longest, most: lower.size + maxRepeats };
}

/**
 * Whether every name of a comma-separated list is allowed.
 *
 * Browsers send the names sorted, in lower case, once and without spaces; hand-written clients and proxies do not,
 * so any order, case and repetition is read. `split` would cost a millisecond on 15 KB of commas, hence the scanner.
 */
export function allowsHeaders(list: string, allowed: AllowedHeaders): boolean {
  if (list.length > maxHeaderListLength) return false;
  let empty = 0;
  let members = 0;
  for (let start = 0; start <= list.length;) {
    const comma = list.indexOf(',', start);
    const end = comma < 0 ? list.length : comma;
    const from = skipSpace(list, start, end);
    const to = skipSpaceBack(list, from, end);
    if (from === to) empty++;
    else if (!isAllowed(list, from, to, allowed)) return false;
    else members++;
    if (empty > maxEmpty || members > allowed.most) return false;
    start = end + 1;
  }
  return true;
}

function isAllowed(list: string, from: number, to: number, allowed: AllowedHeaders): boolean {
  if (to - from > allowed.longest) return false;
  const name = list.slice(from, to);
  if (allowed.any) return isToken(name);
  return allowed.names.has(name) || allowed.names.has(name.toLowerCase());
}

function skipSpace(list: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(list.charCodeAt(at))) at++;
  return at;
}

function skipSpaceBack(list: string, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(list.charCodeAt(at - 1))) at--;
  return at;
}

/** Optional white space (RFC 9110 section 5.6.3): space and tab, nothing else. */
function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}
