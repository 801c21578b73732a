import type { TLSSocket } from 'node:tls';
import type { SessionRequest } from './session-request.ts';

/** Tells whether a request came over HTTPS, by the option `proxy` of express-session. */
export function isSecure(req: SessionRequest, proxy: boolean | undefined): boolean {
  if ((req.socket as TLSSocket | undefined)?.encrypted) return true;
  if (proxy === false) return false;
  // Express answers by its own `trust proxy`.
  if (proxy !== true) return req.secure === true;
  const header = req.headers?.['x-forwarded-proto'] ?? '';
  const [first = ''] = String(header).split(',', 1);
  return first.trim().toLowerCase() === 'https';
}
