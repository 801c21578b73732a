import {
  compileFullMatch,
  compileHostPatterns,
  type Host,
  type HostPattern,
} from '@portcullis/core/http';
import type { Entry } from './allowed-hosts.ts';
import type { HostPredicate } from './options.ts';
import { createPredicateCheck } from './predicate.ts';

/** The compiled `allowedHosts`. */
export interface AllowList {
  /** By patterns and RegExps: the answer for a host is always the same. */
  listed(host: Host): boolean;
  /** By predicates; `undefined` without any. May throw or reject with what a predicate threw. */
  readonly asked: ((host: Host) => boolean | Promise<boolean>) | undefined;
  /** Whether `www.` before the host is listed by name. */
  listedWithWww(host: Host): boolean;
}

export function compileAllowList(allowedHosts: readonly Entry[]): AllowList {
  const patterns = allowedHosts.filter(isPattern);
  const expressions = allowedHosts
    .filter((entry) => entry instanceof RegExp)
    .map(compileExpression);
  const predicates = allowedHosts.filter(
    (entry): entry is HostPredicate => typeof entry === 'function',
  );
  const matcher = compileHostPatterns(patterns);
  const wwwPatterns = patterns.filter(isWww);
  const www = compileHostPatterns(wwwPatterns);
  return {
    listed: (host) =>
      matcher.match(host) !== undefined || expressions.some((matches) => matches(host.hostname)),
    asked: predicates.length === 0 ? undefined : createPredicateCheck(predicates),
    listedWithWww: (host) =>
      wwwPatterns.length > 0 &&
      host.kind === 'name' &&
      www.match({ ...host, hostname: `www.${host.hostname}` }) !== undefined,
  };
}

function isPattern(entry: Entry): entry is HostPattern {
  return typeof entry === 'object' && 'kind' in entry;
}

function isWww({ kind, hostname }: HostPattern): boolean {
  return kind === 'exact' && hostname.startsWith('www.');
}

/** Host names arrive in lower case, whatever the expression was written in. */
function compileExpression(expression: RegExp): (text: string) => boolean {
  const flags = expression.flags.includes('i') ? expression.flags : `${expression.flags}i`;
  return compileFullMatch(new RegExp(expression.source, flags));
}
