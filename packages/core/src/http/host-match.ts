import type { Host } from './host.ts';
import type { HostPattern } from './host-pattern.ts';
import { inRange, parseAddress, type AddressRange } from './ip-address.ts';

type MatchedHost = Pick<Host, 'hostname' | 'port' | 'kind'>;

/** Patterns prepared for matching: cost does not grow with the number of names listed. */
export interface HostMatcher {
  /** The most specific pattern that covers the host, or `undefined`. */
  match(host: MatchedHost): HostPattern | undefined;
}

type Index = ReadonlyMap<string, readonly HostPattern[]>;

/** Networks are tried one after the other; names and wildcards are looked up. */
export function compileHostPatterns(list: readonly HostPattern[]): HostMatcher {
  const exact = indexOf(list, ['exact', 'tree']);
  const suffixes = indexOf(list, ['subdomains', 'tree']);
  const ranges = list.flatMap((pattern) =>
    pattern.range === undefined ? [] : [{ range: pattern.range, pattern }],
  );
  const any = list.filter((pattern) => pattern.kind === 'any');
  // Hashing a long name that no list holds would cost more than all the rest.
  const longest = Math.max(0, ...[...exact.keys()].map((name) => name.length));
  const lengths = [...new Set([...suffixes.keys()].map((name) => name.length))].sort(
    (a, b) => a - b,
  );
  return {
    match: (host) =>
      (host.hostname.length > longest
        ? undefined
        : withPort(exact.get(host.hostname), host.port)) ??
      (host.kind === 'name' ? matchSuffix(suffixes, lengths, host) : matchRange(ranges, host)) ??
      withPort(any, host.port),
  };
}

function indexOf(list: readonly HostPattern[], kinds: readonly HostPattern['kind'][]): Index {
  const index = new Map<string, HostPattern[]>();
  for (const pattern of list) {
    if (!kinds.includes(pattern.kind)) continue;
    const same = index.get(pattern.hostname);
    if (same === undefined) index.set(pattern.hostname, [pattern]);
    else same.push(pattern);
  }
  return index;
}

function withPort(
  patterns: readonly HostPattern[] | undefined,
  port: number | undefined,
): HostPattern | undefined {
  if (patterns === undefined) return undefined;
  for (const pattern of patterns) if (coversPort(pattern.port, port)) return pattern;
  return undefined;
}

/** Clients leave the standard port out: `example.com` is what they send for `https://example.com:443`. */
function coversPort(listed: HostPattern['port'], port: number | undefined): boolean {
  if (typeof listed !== 'number' || listed === port) return true;
  return port === undefined && (listed === 443 || listed === 80);
}

/** Only endings as long as a listed one are taken out and looked up: of 127 labels no more than of five. */
function matchSuffix(
  suffixes: Index,
  lengths: readonly number[],
  { hostname, port }: MatchedHost,
): HostPattern | undefined {
  let best: HostPattern | undefined;
  for (const length of lengths) {
    const dot = hostname.length - length - 1;
    if (dot < 1) break;
    if (hostname.charCodeAt(dot) !== 46 /* . */) continue;
    best = withPort(suffixes.get(hostname.slice(dot + 1)), port) ?? best;
  }
  return best;
}

interface RangePattern {
  readonly range: AddressRange;
  readonly pattern: HostPattern;
}

function matchRange(ranges: readonly RangePattern[], host: MatchedHost): HostPattern | undefined {
  if (ranges.length === 0) return undefined;
  // An IPv4-mapped IPv6 literal is another host than its IPv4 address: no unmapping here.
  const address = parseAddress(host.hostname);
  return ranges.find(({ range }) => inRange(address, range))?.pattern;
}
