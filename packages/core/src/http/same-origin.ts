import type { IncomingMessage } from 'node:http';
import { parseHost } from './host.ts';
import { requestHost } from './request-host.ts';
import type { RequestTrust } from './request-trust.ts';
import { requestScheme } from './scheme.ts';

/** Whether a serialised origin (`https://example.com`) has the request's own scheme, host and port. */
export function sameOriginAs(req: IncomingMessage, origin: string, given?: RequestTrust): boolean {
  const match = /^(https?):\/\/([^/]*)$/.exec(origin);
  const scheme = requestScheme(req, given);
  if (match === null || match[1] !== scheme) return false;
  const named = parseHost(match[2] ?? '');
  const own = requestHost(req, given);
  if (named === undefined || !own.ok) return false;
  const standard = scheme === 'https' ? 443 : 80;
  return (
    named.hostname === own.host.hostname && (named.port ?? standard) === (own.host.port ?? standard)
  );
}
