import { isWebSocketHandshake } from '@portcullis/core/http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Attempt } from './attempt.ts';
import { ignore } from './failure.ts';
import { upgradeOptions } from './options.ts';
import type { ResolvedUpgradeOptions, UpgradeOptions } from './options.ts';
import { passOn } from './others.ts';
import { flattenStack } from './stack.ts';
import type { Layer } from './stack.ts';
import type { UpgradeMiddleware, UpgradeOutcome, UpgradeStack } from './types.ts';

/* oxlint-disable max-params -- the three of Node's 'upgrade' event, the stack and its options */

/**
 * Runs a `(req, res, next)` stack on one upgrade request, before any WebSocket library sees it.
 *
 * A function of the stack that answers refuses the handshake, with a whole HTTP response. When the
 * stack runs out, its headers are ready for the 101 and the socket is yours. Never rejects for what
 * a client or the stack does.
 *
 * @param head - Bytes that came with the handshake; give the same buffer to the WebSocket library.
 * @throws `ERR_PORTCULLIS_OPTIONS` (as a rejection) when an option or the stack cannot be used.
 * @example
 * server.on('upgrade', async (req, socket, head) => {
 *   const outcome = await runUpgrade(req, socket, head, stack);
 *   if (outcome.accepted && outcome.release()) handshake(req, socket, head, outcome.headers);
 * });
 */
export function runUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  stack: UpgradeMiddleware | readonly UpgradeMiddleware[],
  options?: UpgradeOptions,
): Promise<UpgradeOutcome>;
/** The same with error handlers and lists within lists. */
export function runUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  stack: UpgradeStack,
  options?: UpgradeOptions,
): Promise<UpgradeOutcome>;
export async function runUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  _head: Buffer,
  stack: UpgradeStack,
  options?: UpgradeOptions,
): Promise<UpgradeOutcome> {
  const layers = flattenStack(stack);
  const resolved = upgradeOptions.resolve(options).options;
  return decide({ req, socket, layers, options: resolved });
}

/* oxlint-enable max-params */

/** One request and everything that decides about it. */
export interface UpgradeRequest {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  readonly layers: readonly Layer[];
  readonly options: ResolvedUpgradeOptions;
  /** Whether the WebSocket server wants this handshake. */
  readonly isWanted?: ((req: IncomingMessage) => boolean) | undefined;
}

const CLAIMED = Symbol.for('portcullis.upgrade.claimed');

/** Settles with the outcome; never rejects. */
export async function decide(request: UpgradeRequest): Promise<UpgradeOutcome> {
  const { req, layers, options, isWanted } = request;
  // Node says Duplex, because users emit the event themselves; what it hands over is a Socket.
  const socket = request.socket as Socket;
  // Two listeners on one server: the first that wants a handshake has it.
  if (CLAIMED in req) return { accepted: false, reason: 'other', status: undefined };
  if (!isWebSocketHandshake(req) || isWanted?.(req) === false) {
    passOn(req, socket, options);
    return { accepted: false, reason: 'other', status: undefined };
  }
  Object.defineProperty(req, CLAIMED, { value: true });
  return new Promise((resolve) => {
    try {
      if (!socket.readable || !socket.writable) throw new Error('The client has left');
      new Attempt(req, socket, options, resolve).start(layers);
    } catch {
      // Gone already, or the response to an earlier, pipelined request is pending on the socket.
      socket.on('error', ignore);
      socket.destroy();
      resolve({ accepted: false, reason: 'gone', status: undefined });
    }
  });
}
