import type { IncomingMessage } from 'node:http';
import { parseHost } from './host.ts';
import { requestHost } from './request-host.ts';
import type { RequestTrust } from './request-trust.ts';
import { requestScheme } from './scheme.ts';

/** Whether a serialised origin (`https://example.com`) has the request's own scheme, host and port. */
export function sameOriginAs(req: IncomingMessage, origin: string, given?: RequestTrust): boolean {
  const scheme = requestScheme(req, given);
  const prefix = `${scheme}://`;
  if (!origin.startsWith(prefix)) return false;
  const named = parseHost(origin.slice(prefix.length));
  const own = requestHost(req, given);
  if (named === undefined || !own.ok) return false;
  const standard = scheme === 'https' ? 443 : 80;
  return (
    named.hostname === own.host.hostname && (named.port ?? standard) === (own.host.port ?? standard)
  );
}
