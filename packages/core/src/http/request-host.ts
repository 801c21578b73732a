import type { IncomingMessage } from 'node:http';
import { explainHost, maxHostLength, type Host, type HostFault } from './host.ts';
import { forwardedElements, headerList, hopIndex, peerAddress } from './hops.ts';
import {
  isTrusted,
  resolveAppTrust,
  resolveFamily,
  resolveTrust,
  type RequestTrust,
} from './request-trust.ts';
import { explainTarget } from './target.ts';
import type { Trust } from './trust.ts';

export type HostSource = 'host' | 'authority' | 'x-forwarded-host' | 'forwarded';

/** The host of a request, or why there is none. */
export type RequestHost =
  | { readonly ok: true; readonly host: Host; readonly source: HostSource }
  | { readonly ok: false; readonly reason: HostFault };

/** Computes the host that the client addressed. Not an allow-list: for that see `getHost`. */
export function requestHost(req: IncomingMessage, given?: RequestTrust): RequestHost {
  const own = ownHost(req);
  if (!own.ok) return own;
  const forwarded = forwardedHosts(req, given);
  if (forwarded === undefined) return own;
  if (typeof forwarded === 'string') return { ok: false, reason: forwarded };
  return forwarded.chosen ?? own;
}

/** The Host header or `:authority`, checked against the request target; proxies are not asked. */
export function ownHost(req: IncomingMessage): RequestHost {
  const raw = rawHost(req);
  if (typeof raw !== 'string') return { ok: false, reason: raw.fault };
  const host = explainHost(raw);
  if (typeof host === 'string') return { ok: false, reason: host };
  const fault = explainTarget(req, host);
  if (fault !== undefined) return { ok: false, reason: fault };
  return { ok: true, host, source: authorityOf(req) === undefined ? 'host' : 'authority' };
}

/**
 * The one Host value of the request as sent.
 *
 * Read from `rawHeaders`: Node keeps the first of two Host lines and hides the second (RFC 9112 section 3.2
 * demands 400), and parsing all headers for this one is the dearest way to read it.
 */
export function rawHost(req: IncomingMessage): string | { readonly fault: HostFault } {
  const raw = req.rawHeaders;
  let host: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i];
    if (name === undefined || name.length !== 4 || !isHostName(name)) continue;
    if (host !== undefined) return { fault: 'duplicate' };
    host = raw[i + 1];
  }
  const authority = authorityOf(req);
  if (authority !== undefined) return agreed(authority, host);
  // Requests that were not read from a socket (serverless adapters) have no raw headers.
  return host ?? req.headers.host ?? { fault: 'missing' };
}

function isHostName(name: string): boolean {
  return name === 'Host' || name === 'host' || name.toLowerCase() === 'host';
}

function authorityOf(req: IncomingMessage): string | undefined {
  if (req.httpVersionMajor < 2) return undefined;
  const authority = req.headers[':authority'];
  return typeof authority === 'string' ? authority : undefined;
}

/** RFC 9113 section 8.3.1: a Host that differs from `:authority` makes the request malformed. */
function agreed(
  authority: string,
  host: string | undefined,
): string | { readonly fault: HostFault } {
  if (host === undefined || host === authority) return authority;
  const one = explainHost(authority);
  const other = explainHost(host);
  if (typeof one === 'string') return { fault: one };
  if (typeof other === 'string') return { fault: other };
  const same = one.hostname === other.hostname && one.port === other.port;
  return same ? authority : { fault: 'authority-mismatch' };
}

/** Every forwarded host that the application could read, and the one that the trusted hops vouch for. */
export interface ForwardedHosts {
  readonly all: readonly Host[];
  readonly chosen: RequestHost | undefined;
}

/**
 * Hosts that trusted proxies forwarded; `undefined` when there are none to believe.
 *
 * Where the application itself trusts the peer (`trust proxy` of Express), `X-Forwarded-Host` is among `all`
 * whatever this middleware was told, because `req.hostname` will return it.
 */
export function forwardedHosts(
  req: IncomingMessage,
  given?: RequestTrust,
): ForwardedHosts | HostFault | undefined {
  const trust = resolveTrust(req, given);
  const appTrust = resolveAppTrust(req);
  if (trust === undefined && appTrust === undefined) return undefined;
  const peer = peerAddress(req);
  const believed = trust !== undefined && isTrusted(trust, peer, 0);
  const family = resolveFamily(req, given);
  const readByApp = appTrust !== undefined && appTrust !== trust && isTrusted(appTrust, peer, 0);
  const chosen = believed ? chooseHost(req, trust, family, given) : undefined;
  if (typeof chosen === 'string') return chosen;
  if (!readByApp || (believed && family === 'x-forwarded')) return chosen;
  const seen = parseHosts(headerList(req, 'x-forwarded-host'));
  if (seen === undefined || typeof seen === 'string') return seen ?? chosen;
  return { all: [...(chosen?.all ?? []), ...seen], chosen: chosen?.chosen };
}

function chooseHost(
  req: IncomingMessage,
  trust: Trust,
  family: 'x-forwarded' | 'forwarded',
  given: RequestTrust | undefined,
): ForwardedHosts | HostFault | undefined {
  const texts = family === 'forwarded' ? forwardedTexts(req) : headerList(req, 'x-forwarded-host');
  if (texts === undefined || typeof texts === 'string') return texts;
  const hosts = parseHosts(texts.filter((text) => text !== undefined));
  if (hosts === undefined || typeof hosts === 'string') return hosts;
  const text = texts[hopIndex(req, trust, texts.length, given)];
  const host = text === undefined ? undefined : explainHost(text);
  if (host === undefined || typeof host === 'string') return { all: hosts, chosen: undefined };
  const source = family === 'forwarded' ? 'forwarded' : 'x-forwarded-host';
  return { all: hosts, chosen: { ok: true, host, source } };
}

function forwardedTexts(
  req: IncomingMessage,
): readonly (string | undefined)[] | HostFault | undefined {
  const elements = forwardedElements(req);
  if (elements === 'malformed') return 'bad-forwarded';
  return elements?.map((element) => element.host);
}

function parseHosts(texts: readonly string[] | undefined): readonly Host[] | HostFault | undefined {
  if (texts === undefined || texts.length === 0) return undefined;
  if (texts.length > 16 || texts.some((text) => text.length > maxHostLength)) return 'too-long';
  const hosts: Host[] = [];
  for (const text of texts) {
    const host = explainHost(text);
    if (typeof host === 'string') return host;
    hosts.push(host);
  }
  return hosts;
}
