import type { IncomingMessage } from 'node:http';
import {
  compileHostPatterns,
  formatHost,
  getHost,
  isWebSocketHandshake,
  requestHost,
  targetPath,
  type CheckedHost,
  type Host,
  type HostFault,
  type HostSource,
  type RequestHost,
  type RequestTrust,
} from '@portcullis/core/http';
import type { ResolvedHttpsRedirectOptions } from './options.ts';
import { securePort } from './port.ts';

/** Where to send an insecure request, or why nowhere. */
export type Destination =
  | {
      readonly ok: true;
      readonly location: string;
      /** The header to name in `Vary`, when one chose the host. */
      readonly header: string | undefined;
      /** Whether somebody listed this host. */
      readonly listed: boolean;
    }
  | {
      readonly ok: false;
      readonly reason: HostFault | 'not-allowed';
      readonly host: Host | undefined;
    };

const headers: Readonly<Record<HostSource, string | undefined>> = {
  host: undefined,
  authority: undefined,
  'x-forwarded-host': 'X-Forwarded-Host',
  forwarded: 'Forwarded',
};

/** Compiles the choice of the target host: a fixed one, else the one `trustedHost()` checked, else the request's own. */
export function compileDestination(
  { host: fixed, allowedHosts, port: rule }: ResolvedHttpsRedirectOptions,
  trust: RequestTrust,
): (req: IncomingMessage) => Destination {
  const allowed = allowedHosts === undefined ? undefined : compileHostPatterns(allowedHosts);
  return (req) => {
    if (fixed !== undefined) {
      return { ok: true, location: locate(req, fixed), header: undefined, listed: true };
    }
    const checked = getHost(req);
    const found = checked === undefined ? requestHost(req, trust) : known(checked);
    if (!found.ok) return { ok: false, reason: found.reason, host: undefined };
    const { host, source } = found;
    if (allowed !== undefined && allowed.match(host) === undefined) {
      return { ok: false, reason: 'not-allowed', host };
    }
    const location = locate(req, { ...host, port: securePort(host, rule) });
    const listed = checked !== undefined || allowed !== undefined;
    return { ok: true, location, header: headers[source], listed };
  };
}

function known(host: CheckedHost): RequestHost {
  return { ok: true, host, source: host.source };
}

function locate(req: IncomingMessage, host: Host): string {
  const scheme = isWebSocketHandshake(req) ? 'wss' : 'https';
  return `${scheme}://${formatHost(host)}${targetPath(req)}`;
}
