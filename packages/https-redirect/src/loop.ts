import type { IncomingMessage } from 'node:http';
import type { Notices } from '@portcullis/core';
import { parseForwarded } from '@portcullis/core/http';

/**
 * Notices the endless redirect: a proxy took the request over https and says so, but is not believed, so every
 * answer sends the browser back to where it came from.
 */
export function warnOfLoop(req: IncomingMessage, notices: Notices): void {
  const header = claimOfHttps(req);
  if (header === undefined) return;
  const peer = req.socket?.remoteAddress;
  // Without the interface of a link-local address, which `trustProxy` has no form for.
  const value = peer === undefined ? 'unix' : peer.replace(/%.*$/s, '');
  notices.once(
    'ERR_PORTCULLIS_HTTPS_REDIRECT_LOOP',
    `A request came over http from ${peer ?? 'a Unix socket'} with ${header} saying https, which is not believed, ` +
      'so it is redirected; behind a proxy that ends in a redirect loop. If that is your proxy, give ' +
      `httpsRedirect() the option trustProxy: '${value}', or set the app's 'trust proxy'.`,
  );
}

function claimOfHttps(req: IncomingMessage): string | undefined {
  const { 'x-forwarded-proto': proto, forwarded } = req.headers;
  if (typeof proto === 'string' && /(?:^|,)\s*(?:https|wss)\s*(?:,|$)/i.test(proto))
    return 'X-Forwarded-Proto';
  const elements = forwarded === undefined ? undefined : parseForwarded(forwarded);
  return elements?.some(({ proto: word }) => word === 'https' || word === 'wss') === true
    ? 'Forwarded'
    : undefined;
}
