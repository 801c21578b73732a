import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeAfter, createAnswer, sendText } from './answer.ts';
import { ignore, reportTo } from './failure.ts';
import { announcesBody } from './handshake.ts';
import type { ResolvedUpgradeOptions } from './options.ts';

/** Disposes of an upgrade request that is not for the WebSocket server. */
export function passOn(
  req: IncomingMessage,
  socket: Socket,
  options: ResolvedUpgradeOptions,
): void {
  socket.on('error', ignore);
  const server = serverOf(socket);
  const alone = (server?.listenerCount('upgrade') ?? 0) < 2;
  if ((options.others ?? (alone ? 'serve' : 'ignore')) === 'serve') {
    serve(req, socket, { server, options });
  } else {
    leave(socket, options.timeout);
  }
}

/** Node has no public way from a connection to its server; this field is as old as `net`. */
function serverOf(socket: Socket & { readonly server?: Server | null }): Server | undefined {
  return socket.server ?? undefined;
}

interface Service {
  readonly server: Server | undefined;
  readonly options: ResolvedUpgradeOptions;
}

/** Ignores the Upgrade header, as RFC 9110 section 7.8 allows, and answers the request. */
function serve(req: IncomingMessage, socket: Socket, { server, options }: Service): void {
  let res: ServerResponse;
  try {
    ({ res } = createAnswer(req, socket));
  } catch {
    // The response to an earlier, pipelined request is pending.
    socket.destroy();
    return;
  }
  closeAfter(res, socket, options.linger);
  socket.once('end', () => {
    if (!res.writableFinished) socket.destroy();
  });
  if (announcesBody(req.headers)) {
    // Node has put its parser away: the body cannot be read.
    sendText(res, 400, 'Upgrade is not possible on a request with a body');
    return;
  }
  if (server === undefined || server.listenerCount('request') === 0) {
    res.setHeader('Upgrade', 'websocket');
    sendText(res, 426, 'Upgrade Required');
    return;
  }
  try {
    server.emit('request', req, res);
  } catch (error) {
    reportTo(options, error, req);
    socket.destroy();
  }
}

/** Leaves the request to other listeners, but not for ever to nobody. */
function leave(socket: Socket, timeout: number): void {
  const written = socket.bytesWritten;
  // An inactivity timer, because whoever takes an upgraded socket switches it off (ws and
  // http-proxy do).
  socket.setTimeout(timeout * 1000);
  socket.once('timeout', () => {
    if (socket.bytesWritten === written) socket.destroy();
  });
}
