import type { Host } from './host.ts';
import type { HostPattern } from './host-pattern.ts';
import { inRange, parseIpv4, parseIpv6 } from './ip-address.ts';

/** Patterns prepared for matching: cost grows with the labels of the host, not with the number of names listed. */
export interface HostMatcher {
  /** The most specific pattern that covers the host, or `undefined`. */
  match(host: Pick<Host, 'hostname' | 'port' | 'kind'>): HostPattern | undefined;
}

type Index = ReadonlyMap<string, readonly HostPattern[]>;

/** Networks are tried one after the other; names and wildcards are looked up. */
export function compileHostPatterns(list: readonly HostPattern[]): HostMatcher {
  const exact = indexOf(list, ['exact', 'tree']);
  const suffixes = indexOf(list, ['subdomains', 'tree']);
  const ranges = list.filter((pattern) => pattern.kind === 'range');
  const any = list.filter((pattern) => pattern.kind === 'any');
  const depth = Math.max(0, ...[...suffixes.keys()].map((name) => name.split('.').length));
  return {
    match: (host) =>
      withPort(exact.get(host.hostname), host.port) ??
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
  return patterns?.find((pattern) => typeof pattern.port !== 'number' || pattern.port === port);
}

/** From the right, and no further than the longest listed suffix: 127 labels cost no more than five. */
function matchSuffix(
  suffixes: Index,
  depth: number,
  host: Pick<Host, 'hostname' | 'port'>,
): HostPattern | undefined {
  let best: HostPattern | undefined;
  let at = host.hostname.length;
  for (let labels = 0; labels < depth; labels++) {
    at = host.hostname.lastIndexOf('.', at - 1);
    if (at < 1) break;
    best = withPort(suffixes.get(host.hostname.slice(at + 1)), host.port) ?? best;
  }
  return best;
}

function matchRange(
  ranges: readonly HostPattern[],
  host: Pick<Host, 'hostname' | 'kind' | 'port'>,
): HostPattern | undefined {
  if (ranges.length === 0) return undefined;
  const address = host.kind === 'ipv4' ? parseIpv4(host.hostname) : parseIpv6(host.hostname);
  if (address === undefined) return undefined;
  return ranges.find(({ range }) => range !== undefined && inRange(address, range));
}
