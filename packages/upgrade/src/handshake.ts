import type { IncomingHttpHeaders } from 'node:http';

/** What the rules of a handshake are about. */
export interface RequestHead {
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
}

/** What the client is told about its request; has the shape of an error for `sendError`. */
export interface RequestFault {
  readonly status: 400 | 426;
  readonly expose: true;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** 16 bytes in base64 (RFC 6455 section 4.1, item 7). */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Says whether a request lacks its Host (RFC 9112 section 3.2). Node checks this too, but not on a
 * request that it hands over as an upgrade.
 */
export function findHostFault({ httpVersion, headers }: RequestHead): RequestFault | undefined {
  if (httpVersion === '1.0' || headers.host !== undefined) return undefined;
  return badRequest('Host is missing');
}

/** Says whether a body follows the head. Node has put its parser away and cannot read one. */
export function findBodyFault({ headers }: RequestHead): RequestFault | undefined {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  if (coding === undefined && Number(length) === 0) return undefined;
  return badRequest('An upgrade request cannot have a body');
}

/**
 * Says what is wrong with an opening handshake (RFC 6455 section 4.2.1), if anything.
 * Every WebSocket server refuses these too, but only after the stack has committed to a 101: the
 * session saved, the log line written.
 */
export function findHandshakeFault(head: RequestHead): RequestFault | undefined {
  if (head.httpVersion === '1.0') return badRequest('A WebSocket handshake needs HTTP/1.1');
  const fault = findBodyFault(head);
  if (fault !== undefined) return fault;
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version } = head.headers;
  if (!KEY.test(key)) return badRequest('Sec-WebSocket-Key is missing or malformed');
  // 8 is the last draft, the same on the wire; ws accepts it too.
  if (version === '13' || version === '8') return undefined;
  return {
    status: 426,
    expose: true,
    message: 'Sec-WebSocket-Version must be 13',
    // RFC 6455 section 4.4: name the versions that we do speak.
    headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13, 8' },
  };
}

function badRequest(message: string): RequestFault {
  return { status: 400, expose: true, message };
}
