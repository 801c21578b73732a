import { httpError } from '@portcullis/core';
import type { HttpError } from '@portcullis/core';
import type { IncomingHttpHeaders } from 'node:http';

/** What the rules of a handshake are about. */
export interface HandshakeHead {
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
}

const CODE = 'ERR_PORTCULLIS_UPGRADE_HANDSHAKE';

/** 16 bytes in base64 (RFC 6455 section 4.1, item 7). */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Says whether a request lacks its Host (RFC 9112 section 3.2). Node checks this too, but not on a
 * request that it hands over as an upgrade.
 */
export function findHostFault({ httpVersion, headers }: HandshakeHead): HttpError | undefined {
  if (httpVersion === '1.0' || headers.host !== undefined) return undefined;
  return badRequest('Host is missing');
}

/**
 * Says what is wrong with an opening handshake (RFC 6455 section 4.2.1), if anything.
 * Every WebSocket server refuses these too, but only after the stack has committed to a 101: the
 * session saved, the log line written.
 */
export function findHandshakeFault({ httpVersion, headers }: HandshakeHead): HttpError | undefined {
  if (httpVersion === '1.0') return badRequest('A WebSocket handshake needs HTTP/1.1');
  if (announcesBody(headers)) {
    return badRequest('A WebSocket handshake has no body');
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    return badRequest('Sec-WebSocket-Key is missing or malformed');
  }
  const version = headers['sec-websocket-version'];
  // 8 is the last draft, the same on the wire; ws accepts it too.
  if (version === '13' || version === '8') return undefined;
  // RFC 6455 section 4.4: name the versions that we do speak.
  return Object.assign(httpError(426, CODE, 'Sec-WebSocket-Version must be 13'), {
    headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13, 8' },
  });
}

/** Whether bytes of a body follow; Node hands them over as if they were the first frames. */
export function announcesBody(headers: IncomingHttpHeaders): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) !== 0;
}

function badRequest(message: string): HttpError {
  return httpError(400, CODE, message);
}
