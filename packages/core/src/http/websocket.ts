import type { IncomingMessage } from 'node:http';

/** Whether this is a WebSocket opening handshake (RFC 6455 section 4.1) on a connection that may be upgraded. */
export function isWebSocketHandshake(req: IncomingMessage): boolean {
  // Node sets `upgrade` to false when nobody listens for upgrades: the request is then an ordinary one.
  if ((req as { upgrade?: unknown }).upgrade === false || req.method !== 'GET') return false;
  const { upgrade, connection } = req.headers;
  return listHas(upgrade, 'websocket') && listHas(connection, 'upgrade');
}

function listHas(value: string | undefined, word: string): boolean {
  if (value === undefined) return false;
  if (value.length > 1024) return false;
  return value
    .toLowerCase()
    .split(',')
    .some((member) => member.trim() === word);
}
