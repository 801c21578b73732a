import { maxOriginLength, parseOrigin } from './origin.ts';
import type { Origin } from './origin.ts';
import { isExact } from './origin-pattern.ts';
import type { OriginRule, PatternRule, RegExpRule } from './origin-rule.ts';

/** Which of a policy's fixed rules allows an origin. Its cost does not depend on how many rules there are. */
export interface OriginMatcher {
  /** The rule as text, or undefined. Anything that is not a serialised origin matches nothing. */
  match(origin: string): string | undefined;
}

/** What decides whether `null` is allowed: it is never matched by a pattern, an expression or a predicate. */
export interface OriginMatchOptions {
  readonly allowNull: boolean;
  /** Whether `*` also speaks for `null`: it may as long as the answer is a literal `*`. */
  readonly anyIncludesNull: boolean;
}

export function compileOrigins(
  rules: readonly OriginRule[],
  { allowNull, anyIncludesNull }: OriginMatchOptions,
): OriginMatcher {
  const any = rules.some(({ kind }) => kind === 'any');
  const nullRule = nullMatch(allowNull, any && anyIncludesNull);
  const patterns = rules.filter((rule) => rule.kind === 'pattern');
  const expressions = rules.filter((rule) => rule.kind === 'regexp');
  const exact = new Set(patterns.filter(({ pattern }) => isExact(pattern)).map(({ text }) => text));
  const index = indexPatterns(patterns.filter(({ pattern }) => !isExact(pattern)));
  const mayParse = any || index !== undefined || expressions.length > 0;
  // Reading and searching cost as much as setting five headers, and the same few origins come all day.
  const recent = new Map<string, string>();

  function search(text: string): string | undefined {
    const origin = parseOrigin(text);
    if (origin === undefined) return undefined;
    return (any ? '*' : undefined) ?? index?.(origin) ?? matchExpression(expressions, text);
  }

  function match(text: string): string | undefined {
    // Before the Set, which would hash all of it.
    if (text.length > maxOriginLength) return undefined;
    if (exact.has(text)) return text;
    if (text === 'null') return nullRule;
    if (!mayParse) return undefined;
    const known = recent.get(text);
    if (known !== undefined) return known;
    const found = search(text);
    if (found !== undefined) remember(recent, text, found);
    return found;
  }

  return { match };
}

/** Only what was allowed is kept, and not much of it, because clients choose what they send. */
const mostRemembered = 256;

function remember(recent: Map<string, string>, text: string, rule: string): void {
  if (recent.size >= mostRemembered) recent.clear();
  recent.set(text, rule);
}

function nullMatch(allowNull: boolean, any: boolean): string | undefined {
  if (allowNull) return 'dangerouslyAllowNullOrigin';
  return any ? '*' : undefined;
}

function matchExpression(expressions: readonly RegExpRule[], text: string): string | undefined {
  const found = expressions.find(({ test }) => test(text));
  return found === undefined ? undefined : String(found.expression);
}

/** The ports of one host, `''` for the default one and `*` for any, each with the pattern that allows it. */
type Ports = Map<string, string>;

interface SchemeIndex {
  readonly hosts: Map<string, Ports>;
  /** Hosts whose subdomains are allowed. */
  readonly parents: Map<string, Ports>;
  /** The most labels that such a host has. */
  deepest: number;
}

/**
 * Indexes the patterns that stand for more than one origin by scheme and host.
 * The host patterns of `@portcullis/core/http` do not serve here: without a port they mean any port.
 */
function indexPatterns(
  patterns: readonly PatternRule[],
): ((origin: Origin) => string | undefined) | undefined {
  if (patterns.length === 0) return undefined;
  const schemes = new Map<string, SchemeIndex>();
  for (const { pattern, text } of patterns) {
    const { scheme, host, port, subdomains } = pattern;
    const index = schemes.get(scheme) ?? { hosts: new Map(), parents: new Map(), deepest: 0 };
    schemes.set(scheme, index);
    const entries = subdomains ? index.parents : index.hosts;
    entries.set(host, (entries.get(host) ?? new Map<string, string>()).set(port, text));
    if (subdomains) index.deepest = Math.max(index.deepest, host.split('.').length);
  }
  return (origin) => {
    const index = schemes.get(origin.scheme);
    return index === undefined ? undefined : findPattern(index, origin);
  };
}

function findPattern(index: SchemeIndex, { host, port }: Origin): string | undefined {
  let found = matchPort(index.hosts.get(host), port);
  // The proper suffixes of the name, shortest first.
  let dot = host.lastIndexOf('.');
  for (let depth = 1; found === undefined && dot > 0 && depth <= index.deepest; depth++) {
    found = matchPort(index.parents.get(host.slice(dot + 1)), port);
    dot = host.lastIndexOf('.', dot - 1);
  }
  return found;
}

function matchPort(ports: Ports | undefined, port: string): string | undefined {
  return ports?.get(port) ?? ports?.get('*');
}
