import type { IncomingMessage } from 'node:http';
import { sameOriginAs } from '@portcullis/core/http';
import type { RequestTrust } from '@portcullis/core/http';

/** What the origin rules say about the sender. */
export interface Sender {
  readonly origin: string | undefined;
  /** The rule that allows the origin. */
  readonly rule: string | undefined;
}

/**
 * Whether an unsafe request comes from a page of another origin that is not allowed. Browsers say so in
 * `Sec-Fetch-Site`, older ones and plain http only in `Origin`; a request with neither comes from no page.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isForgeable(req: IncomingMessage, sender: Sender, trust: RequestTrust): boolean {
  const { method } = req;
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false;
  const site = req.headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none' || sender.rule !== undefined) return false;
  if (site !== undefined) return true;
  return sender.origin !== undefined && !sameOriginAs(req, sender.origin, trust);
}

/** Whether a handshake (or anything else that is guarded by its Origin alone) may go on. */
export function mayConnect(
  req: IncomingMessage,
  { origin, rule }: Sender,
  { requireOrigin, trust }: { readonly requireOrigin: boolean; readonly trust: RequestTrust },
): boolean {
  if (origin === undefined) return !requireOrigin;
  return rule !== undefined || sameOriginAs(req, origin, trust);
}
