import type { Host } from './host.ts';
import type { HostPattern } from './host-pattern.ts';
import { inRange, parseAddress, type AddressRange } from './ip-address.ts';

type MatchedHost = Pick<Host, 'hostname' | 'port' | 'kind'>;

/** Patterns prepared for matching: cost grows with the labels of the host, not with the number of names listed. */
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
  const depth = Math.max(0, ...[...suffixes.keys()].map((name) => name.split('.').length));
  return {
    match: (host) =>
      (host.hostname.length > longest
        ? undefined
        : withPort(exact.get(host.hostname), host.port)) ??
      (host.kind === 'name' ? matchSuffix(suffixes, depth, host) : matchRange(ranges, host)) ??
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
  return patterns?.find((pattern) => coversPort(pattern.port, port));
}

/** Clients leave the standard port out: `example.com` is what they send for `https://example.com:443`. */
function coversPort(listed: HostPattern['port'], port: number | undefined): boolean {
  if (typeof listed !== 'number' || listed === port) return true;
  return port === undefined && (listed === 443 || listed === 80);
}

/** From the right, and no further than the longest listed suffix: 127 labels cost no more than five. */
function matchSuffix(suffixes: Index, depth: number, host: MatchedHost): HostPattern | undefined {
  let best: HostPattern | undefined;
  let at = host.hostname.length;
  for (let labels = 0; labels < depth; labels++) {
    at = host.hostname.lastIndexOf('.', at - 1);
    if (at < 1) break;
    best = withPort(suffixes.get(host.hostname.slice(at + 1)), host.port) ?? best;
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
