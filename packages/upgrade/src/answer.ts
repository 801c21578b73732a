import { ServerResponse } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { answerTo } from './error-answer.ts';

/** A response and the connection it answers on. */
export interface Answer {
  readonly res: ServerResponse;
  /** Takes the response off the connection, and nothing of it stays there. */
  detach(): void;
}

/**
 * Makes a real response on an upgraded connection. Node makes none for these requests, and has
 * taken its own listeners off the socket, so what they did is done here.
 *
 * @throws `ERR_HTTP_SOCKET_ASSIGNED` while the response to an earlier, pipelined request is pending.
 */
export function createAnswer(req: IncomingMessage, socket: Socket): Answer {
  const res = new ServerResponse(req);
  // The parser is gone: nothing could read a second request.
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  // Node's own flag goes down only in the listener that Node removed; pipe() would wait for ever.
  Object.defineProperty(res, 'writableNeedDrain', {
    configurable: true,
    get: () => !res.writableEnded && res.socket?.writableNeedDrain === true,
  });
  const relayDrain = (): boolean => res.emit('drain');
  socket.on('drain', relayDrain);
  return {
    res,
    detach() {
      socket.off('drain', relayDrain);
      res.detachSocket(socket);
      // end() corks the socket before it writes the head.
      while (socket.writableCorked > 0) socket.uncork();
    },
  };
}

/** Closes the connection once the answer is out, so that the client can read all of it. */
export function closeAfter(res: ServerResponse, socket: Socket, linger: number): void {
  // Bytes that nobody reads would turn the close into a reset, and a reset discards the answer.
  socket.resume();
  res.once('finish', () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), linger * 1000).unref();
    socket.once('close', () => clearTimeout(timer));
  });
}

/** Answers with what an error says about itself; nothing that was set on the response before stays. */
export function sendError(res: ServerResponse, error: unknown): void {
  const { status, text, headers } = answerTo(error);
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  for (const [name, value] of Object.entries(headers)) setIfPossible(res, name, value);
  res.statusCode = status;
  res.statusMessage = '';
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  // By name, because Node leaves out what it would add by itself once somebody has removed it.
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.setHeader('Connection', 'close');
  res.end(text);
}

function setIfPossible(
  res: ServerResponse,
  name: string,
  value: OutgoingHttpHeaders[string],
): void {
  try {
    if (value !== undefined) res.setHeader(name, value);
  } catch {
    // An error with a header that cannot be sent is an error all the same.
  }
}
