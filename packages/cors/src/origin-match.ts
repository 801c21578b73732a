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

  function match(text: string): string | undefined {
    // Before the Set, which would hash all of it.
    if (text.length > maxOriginLength) return undefined;
    if (exact.has(text)) return text;
    if (text === 'null') return nullRule;
    if (!mayParse) return undefined;
    const origin = parseOrigin(text);
    if (origin === undefined) return undefined;
    return (any ? '*' : undefined) ?? index?.(origin) ?? matchExpression(expressions, text);
  }

  return { match };
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

/**
 * Indexes the patterns that stand for more than one origin by scheme and host.
 * The host patterns of `@portcullis/core/http` do not serve here: without a port they mean any port.
 */
function indexPatterns(
  patterns: readonly PatternRule[],
): ((origin: Origin) => string | undefined) | undefined {
  if (patterns.length === 0) return undefined;
  const entries = new Map<string, Ports>();
  let deepest = 0;
  for (const { pattern, text } of patterns) {
    const key = keyOf(pattern.scheme, pattern.host, pattern.subdomains);
    const ports: Ports = entries.get(key) ?? new Map();
    entries.set(key, ports.set(pattern.port, text));
    if (pattern.subdomains) deepest = Math.max(deepest, pattern.host.split('.').length);
  }
  const find = (key: string, port: string): string | undefined => {
    const ports = entries.get(key);
    return ports?.get(port) ?? ports?.get('*');
  };

  return ({ scheme, host, port }) => {
    let found = find(keyOf(scheme, host, false), port);
    // The proper suffixes of the name, shortest first and no deeper than the deepest pattern.
    let dot = host.lastIndexOf('.');
    for (let depth = 1; found === undefined && dot > 0 && depth <= deepest; depth++) {
      found = find(keyOf(scheme, host.slice(dot + 1), true), port);
      dot = host.lastIndexOf('.', dot - 1);
    }
    return found;
  };
}

function keyOf(scheme: string, host: string, subdomains: boolean): string {
  return `${scheme}://${subdomains ? '*.' : ''}${host}`;
}
