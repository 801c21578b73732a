import type { TLSSocket } from 'node:tls';
import type { SessionRequest } from './session-request.ts';

/** Tells whether a request came over HTTPS, by the option `proxy` of express-session. */
export function isSecure(req: SessionRequest, proxy: boolean | undefined): boolean {
  if ((req.socket as TLSSocket | undefined)?.encrypted) return true;
  if (proxy === false) return false;
  // Express answers by its own `trust proxy`.
  if (proxy !== true) return req.secure === true;
  // The first of a list is what the browser spoke.
  return /^\s*https\s*(?:,|$)/i.test(String(req.headers?.['x-forwarded-proto']));
}
