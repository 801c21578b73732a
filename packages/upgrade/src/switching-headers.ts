import type { ServerResponse } from 'node:http';
import type { UpgradeHeader } from './types.ts';

// The connection's own headers and the handshake's are the WebSocket server's; the rest describe a
// body, and a 101 has none.
const DROPPED = new Set([
  'connection',
  'upgrade',
  'keep-alive',
  'transfer-encoding',
  'trailer',
  'etag',
  'last-modified',
]);

/** The headers of a response that make sense on a 101, one entry per line. */
export function switchingHeaders(res: ServerResponse): readonly UpgradeHeader[] {
  // The types of Node 20 know this method on requests only.
  const raw = res as ServerResponse & { getRawHeaderNames(): string[] };
  return raw.getRawHeaderNames().flatMap((name) => {
    if (isDropped(name.toLowerCase())) return [];
    const lines = [res.getHeader(name)].flat();
    return lines.map((line): UpgradeHeader => [name, String(line)]);
  });
}

function isDropped(name: string): boolean {
  return DROPPED.has(name) || name.startsWith('content-') || name.startsWith('sec-websocket-');
}
