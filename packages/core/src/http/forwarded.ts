import { parseAddress } from './ip-address.ts';

/** One hop of an RFC 7239 `Forwarded` header. */
export interface ForwardedElement {
  /** An IP address without port; `undefined` when absent, `unknown` or an obfuscated name; `null` when none of these. */
  readonly for: string | undefined | null;
  readonly by: string | undefined | null;
  /** As sent; check it with the Host grammar before use. */
  readonly host: string | undefined;
  /** Lower case. */
  readonly proto: string | undefined;
}

const maxLength = 4096;
const tokenPattern = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const quotedPattern = /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y;

/**
 * Parses the value of `Forwarded` (RFC 7239 section 4), several lines joined with commas.
 *
 * Empty list members and empty pairs are legal. A repeated name in one element is an error, because two
 * readers could pick different ones; so is an unquoted `for=[::1]` or `for=192.0.2.1:80`.
 */
export function parseForwarded(value: string): readonly ForwardedElement[] | undefined {
  if (value.length > maxLength) return undefined;
  const elements: ForwardedElement[] = [];
  let pairs = new Map<string, string>();
  let at = 0;
  for (;;) {
    at = skipSpace(value, at);
    const end = readPair(value, at, pairs);
    if (end < 0) return undefined;
    at = skipSpace(value, end);
    const mark = value.charCodeAt(at++);
    if (mark === 59 /* ; */) continue;
    if (mark !== 44 /* , */ && at <= value.length) return undefined;
    if (pairs.size > 0) {
      elements.push(elementOf(pairs));
      pairs = new Map();
    }
    if (at > value.length) return elements;
  }
}

function skipSpace(text: string, at: number): number {
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  return at;
}

/** Where the pair ends (`at` when there is none), or -1 when it is malformed. */
function readPair(text: string, at: number, pairs: Map<string, string>): number {
  const name = sticky(tokenPattern, text, at);
  if (name === undefined) return at;
  const equals = at + name.length;
  if (text.charCodeAt(equals) !== 61 /* = */) return -1;
  const raw = sticky(tokenPattern, text, equals + 1) ?? sticky(quotedPattern, text, equals + 1);
  const key = name.toLowerCase();
  if (raw === undefined || pairs.has(key)) return -1;
  pairs.set(key, raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw);
  return equals + 1 + raw.length;
}

function sticky(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function elementOf(pairs: ReadonlyMap<string, string>): ForwardedElement {
  return {
    for: parseNode(pairs.get('for')),
    by: parseNode(pairs.get('by')),
    host: pairs.get('host'),
    proto: pairs.get('proto')?.toLowerCase(),
  };
}

/** A node (section 6): IPv4, bracketed IPv6, `unknown` or `_name`, each with an optional port. */
function parseNode(text: string | undefined): string | undefined | null {
  if (text === undefined) return undefined;
  const name = /^(\[[^\]]*\]|[^:[\]]+)(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?$/.exec(text)?.[1];
  if (name === undefined) return null;
  if (/^(?:unknown|_[A-Za-z0-9._-]+)$/i.test(name)) return undefined;
  const address = name.startsWith('[') ? name.slice(1, -1) : name;
  return parseAddress(address) === undefined ? null : address;
}
