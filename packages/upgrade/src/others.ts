import { httpError } from '@portcullis/core';
import type { HttpError } from '@portcullis/core';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeAfter, createAnswer, sendError } from './answer.ts';
import { ignore, reportTo } from './failure.ts';
import { announcesBody, findHostFault } from './handshake.ts';
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
  socket.once('end', () => socket.destroy());
  const fault = findServiceFault(req, server);
  if (server === undefined || fault !== undefined) return sendError(res, fault);
  try {
    server.emit('request', req, res);
  } catch (error) {
    reportTo(options, error, req);
    socket.destroy();
  }
}

/** Says why an upgrade request cannot be served as an ordinary one, if anything. */
function findServiceFault(req: IncomingMessage, server: Server | undefined): HttpError | undefined {
  const fault = findHostFault(req);
  if (fault !== undefined) return fault;
  if (announcesBody(req.headers)) {
    // Node has put its parser away: the body cannot be read.
    return httpError(400, 'ERR_PORTCULLIS_UPGRADE_BODY', 'An upgrade request cannot have a body');
  }
  if (server !== undefined && server.listenerCount('request') > 0) return undefined;
  const required = httpError(426, 'ERR_PORTCULLIS_UPGRADE_REQUIRED', 'Upgrade Required');
  return Object.assign(required, { headers: { Upgrade: 'websocket' } });
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
