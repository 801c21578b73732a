import type { IncomingMessage } from 'node:http';
import { forwardedHosts } from './forwarded-host.ts';
import { explainHost, type Host, type HostFault } from './host.ts';
import type { RequestTrust } from './request-trust.ts';
import { explainTarget } from './target.ts';

/** Where a host was read. */
export type HostSource = 'host' | 'authority' | 'x-forwarded-host' | 'forwarded';

/** The host of a request, or why there is none. */
export type RequestHost =
  | { readonly ok: true; readonly host: Host; readonly source: HostSource }
  | { readonly ok: false; readonly reason: HostFault };

/** The one Host value of a request as sent, or why there is not exactly one. */
export type RawHost = string | { readonly fault: HostFault };

/** Computes the host that the client addressed. Not an allow-list: for that see `getHost`. */
export function requestHost(req: IncomingMessage, given?: RequestTrust): RequestHost {
  const own = ownHost(req);
  if (!own.ok) return own;
  const forwarded = forwardedHosts(req, given);
  if (forwarded === undefined) return own;
  if (typeof forwarded === 'string') return { ok: false, reason: forwarded };
  const { chosen } = forwarded;
  return chosen === undefined ? own : { ok: true, host: chosen, source: forwarded.source };
}

/** The Host header or `:authority`, checked against the request target; proxies are not asked. */
export function ownHost(req: IncomingMessage, raw: RawHost = rawHost(req)): RequestHost {
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
export function rawHost(req: IncomingMessage): RawHost {
  const raw = req.rawHeaders;
  let host: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i];
    if (name?.length !== 4 || !isHostName(name)) continue;
    if (host !== undefined) return { fault: 'duplicate' };
    host = raw[i + 1];
  }
  if (req.httpVersionMajor > 1) {
    const authority = authorityOf(req);
    if (authority !== undefined) return agreed(authority, host);
  }
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
function agreed(authority: string, host: string | undefined): RawHost {
  if (host === undefined || host === authority) return authority;
  const one = explainHost(authority);
  const other = explainHost(host);
  if (typeof one === 'string') return { fault: one };
  if (typeof other === 'string') return { fault: other };
  const same = one.hostname === other.hostname && one.port === other.port;
  return same ? authority : { fault: 'authority-mismatch' };
}
