import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeAfter, createAnswer, sendError } from './answer.ts';
import { ignore, reportTo } from './failure.ts';
import { findBodyFault, findHostFault } from './handshake.ts';
import type { RequestFault } from './handshake.ts';
import type { ResolvedUpgradeOptions } from './options.ts';

const UPGRADE_REQUIRED: RequestFault = {
  status: 426,
  expose: true,
  message: 'Upgrade Required',
  headers: { Upgrade: 'websocket' },
};

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
  socket.once('end', () => socket.destroy());
  const fault = findHostFault(req) ?? findBodyFault(req);
  if (fault !== undefined) return sendError(res, fault);
  if (server === undefined || server.listenerCount('request') === 0) {
    return sendError(res, UPGRADE_REQUIRED);
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
