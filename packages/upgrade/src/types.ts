import type { Next } from '@portcullis/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * A middleware of any `(req, res, next)` framework, or a whole Express or Connect app.
 * Declared as a method because parameters are then compared loosely: the request classes of
 * Express and its middleware extend Node's, and they receive just such a request here.
 */
export type UpgradeMiddleware = {
  middleware(req: IncomingMessage, res: ServerResponse, next: Next): unknown;
}['middleware'];

/** An error handler; it is known by its four parameters. */
export type UpgradeErrorHandler = {
  handler(error: unknown, req: IncomingMessage, res: ServerResponse, next: Next): unknown;
}['handler'];

/** What runs before the handshake is answered: one function, or a list, nested as deep as you like. */
export type UpgradeStack = UpgradeMiddleware | UpgradeErrorHandler | readonly UpgradeStack[];

/** A header that rides on the 101: one entry per line, so two cookies are two entries. */
export type UpgradeHeader = readonly [name: string, value: string];

/**
 * Why a handshake was not accepted:
 * `refused` the stack answered it, or it is malformed; `failed` the stack threw, rejected or called
 * `next(error)`; `timeout` the stack did not decide in time; `gone` the client left, or another
 * response was still on the connection; `other` it is not for this WebSocket server.
 */
export type RefusalReason = 'refused' | 'failed' | 'timeout' | 'gone' | 'other';

/** The stack let the handshake pass: the socket is yours. */
export interface AcceptedUpgrade {
  readonly accepted: true;
  /** Write these on the 101. Hop-by-hop, `Content-*` and `Sec-WebSocket-*` headers are left out. */
  readonly headers: readonly UpgradeHeader[];
  /**
   * Takes our listeners off the socket. Call it right before you give the socket to a WebSocket
   * library. Answers `false` when the client has left in the meantime.
   */
  readonly release: () => boolean;
}

/** The handshake was answered, or nobody is left to answer. Nothing remains to be done. */
export interface RefusedUpgrade {
  readonly accepted: false;
  readonly reason: RefusalReason;
  /** Status of the answer; `undefined` for `gone` and `other`. */
  readonly status: number | undefined;
  /** With `failed`: what the stack threw, rejected with or gave to `next`. */
  readonly error?: unknown;
}

export type UpgradeOutcome = AcceptedUpgrade | RefusedUpgrade;

/** A listener for `server.on('upgrade', …)`. */
export type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
