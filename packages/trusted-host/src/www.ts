import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  appendVary,
  explainScheme,
  formatHost,
  isWebSocketHandshake,
  targetPath,
  type CheckedHost,
  type RequestTrust,
} from '@portcullis/core/http';

/** Answers 307 to the same place under `www.`, as Starlette does: same scheme, port, path, query and method. */
export function redirectToWww(
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  host: CheckedHost,
  trust: RequestTrust,
): void {
  const { scheme, headers } = explainScheme(req, trust);
  for (const header of headers) appendVary(res, header);
  if (host.source === 'x-forwarded-host') appendVary(res, 'X-Forwarded-Host');
  const name = formatHost({ ...host, hostname: `www.${host.hostname}` });
  res.statusCode = 307;
  res.setHeader('Location', `${schemeFor(req, scheme)}://${name}${targetPath(req)}`);
  res.setHeader('Content-Length', 0);
  res.end();
}

function schemeFor(req: IncomingMessage, scheme: 'http' | 'https'): string {
  if (!isWebSocketHandshake(req)) return scheme;
  return scheme === 'https' ? 'wss' : 'ws';
}
