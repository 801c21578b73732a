import type { IncomingMessage } from 'node:http';
import { explainHost, type Host, type HostFault } from './host.ts';
import { forwardedElements, headerList, hopIndex, peerAddress } from './hops.ts';
import {
  isTrusted,
  resolveAppTrust,
  resolveFamily,
  toldTrust,
  type ForwardedFamily,
  type RequestTrust,
} from './request-trust.ts';
import type { Trust } from './trust.ts';

/** Hosts found in forwarded headers. */
export interface ForwardedHosts {
  /** Every host that the application could read. A check that skips one of these is void. */
  readonly all: readonly Host[];
  /** The one that the trusted hops vouch for. */
  readonly chosen: Host | undefined;
  readonly source: 'x-forwarded-host' | 'forwarded';
}

const maxHosts = 16;

/** Hosts that trusted proxies forwarded; `undefined` when there are none to believe. */
export function forwardedHosts(
  req: IncomingMessage,
  given?: RequestTrust,
): ForwardedHosts | HostFault | undefined {
  const appTrust = resolveAppTrust(req);
  const trust = toldTrust(req, given) ?? appTrust;
  if (trust === undefined) return undefined;
  const peer = peerAddress(req);
  const believed = isTrusted(trust, peer, 0);
  const family = resolveFamily(req, given);
  const vouched = believed ? vouchedHosts(req, trust, family, given) : undefined;
  if (typeof vouched === 'string' || (believed && family === 'x-forwarded')) return vouched;
  if (appTrust === undefined || (appTrust === trust && !believed)) return vouched;
  return isTrusted(appTrust, peer, 0) ? withSeenByApp(req, vouched) : vouched;
}

/**
 * Where the application itself trusts the peer (`trust proxy` of Express), `req.hostname` returns a value of
 * `X-Forwarded-Host` whatever this middleware was told.
 */
function withSeenByApp(
  req: IncomingMessage,
  vouched: ForwardedHosts | undefined,
): ForwardedHosts | HostFault | undefined {
  const texts = headerList(req, 'x-forwarded-host');
  if (texts === undefined) return vouched;
  const seen = parseHosts(texts);
  if (typeof seen === 'string') return seen;
  const all = [...(vouched?.all ?? []), ...seen.filter((host) => host !== undefined)];
  return { all, chosen: vouched?.chosen, source: 'forwarded' };
}

function vouchedHosts(
  req: IncomingMessage,
  trust: Trust,
  family: ForwardedFamily,
  given: RequestTrust | undefined,
): ForwardedHosts | HostFault | undefined {
  const rfc7239 = family === 'forwarded';
  const texts = rfc7239 ? forwardedTexts(req) : headerList(req, 'x-forwarded-host');
  if (texts === undefined || typeof texts === 'string') return texts;
  const hosts = parseHosts(texts);
  if (typeof hosts === 'string') return hosts;
  const all = hosts.filter((host) => host !== undefined);
  if (all.length === 0) return undefined;
  return {
    all,
    chosen: hosts[hopIndex(req, trust, hosts.length, given)],
    source: rfc7239 ? 'forwarded' : 'x-forwarded-host',
  };
}

function forwardedTexts(
  req: IncomingMessage,
): readonly (string | undefined)[] | HostFault | undefined {
  const elements = forwardedElements(req);
  return elements === 'malformed' ? 'bad-forwarded' : elements?.map((element) => element.host);
}

/** One for each text, in order; or the first fault. */
function parseHosts(texts: readonly (string | undefined)[]): (Host | undefined)[] | HostFault {
  if (texts.length > maxHosts) return 'too-long';
  const hosts: (Host | undefined)[] = [];
  for (const text of texts) {
    const host = text === undefined ? undefined : explainHost(text);
    if (typeof host === 'string') return host;
    hosts.push(host);
  }
  return hosts;
}
