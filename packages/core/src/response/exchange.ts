import type { ServerResponse } from 'node:http';
import type { Next } from '../types.ts';
import type { PendingBody } from './body.ts';
import type { BodyLayer } from './body-layer.ts';
import type { HeldCall } from './held-calls.ts';
import type { Pretence } from './pretence.ts';
import { kSeam } from './seam.ts';
import type {
  BodyMethods,
  RawEnd,
  RawFlushHeaders,
  RawOn,
  RawWrite,
  RawWriteHead,
  Seam,
  SeamedResponse,
} from './seam.ts';

export type Callback = (error?: Error | null) => void;

export type RawAddTrailers = (this: ServerResponse, trailers: unknown) => void;

/**
 * Where the response stands. Each call of the handler is answered by this and nothing else:
 *
 * - `open`: nothing has begun. The first of writeHead, write, end, flushHeaders begins the answer.
 * - `held`: begun; a gate is at work, calls wait in `calls`.
 * - `passing`: calls go straight down.
 * - `sinking`: the head is decided; calls go to the sink of `top`.
 * - `rejected`: a gate refused; what was held is gone and another answer may begin.
 */
export type Phase = 'open' | 'held' | 'passing' | 'sinking' | 'rejected';

/** An async step before the head; `outer` was registered before it. */
export interface Gate {
  readonly run: (res: ServerResponse) => void | PromiseLike<void>;
  readonly next: Next;
  /** Discardable headers that stood before the handler ran: earlier middleware's, kept on rejection. */
  readonly kept: readonly (readonly [name: string, value: number | string | string[]])[];
  readonly outer: Gate | undefined;
}

/** What becomes of the socket's `drain` once it is kept from the handler. */
export interface RawDrain {
  readonly emit: (this: ServerResponse, event: string | symbol, ...args: unknown[]) => boolean;
  readonly listeners: (() => void)[];
}

/** The methods that the seam puts on a response. */
export interface OwnMethods extends Omit<BodyMethods, 'on'> {
  readonly writeHead: RawWriteHead;
}

/** What the seam keeps once a gate or a body transformation was registered. */
export interface Exchange {
  readonly res: SeamedResponse;
  readonly seam: Seam;
  phase: Phase;
  /** A call below the seam is running: whatever comes back up is Node's or a lower wrapper's, not the handler's. */
  raw: boolean;
  /** How deep we are in hooks, gates and decisions, for which the header methods work whatever the outside sees. */
  inside: number;

  // The way down: Node's methods, or those of a wrapper that was there before.
  write: RawWrite;
  end: RawEnd;
  flushHeaders: RawFlushHeaders;
  on: RawOn;
  /** The seam's own methods. */
  readonly own: OwnMethods;
  /** The same, for a response whose wrappers were cut off; see `cutWrappersOff`. */
  readonly straight: OwnMethods;
  /** The one of the two `writeHead` that stands on the response, if nobody has wrapped it. */
  writeHead: RawWriteHead;
  addTrailers: RawAddTrailers | undefined;
  /** What `headersSent` and the header methods were before they had to pretend; absent until something is held. */
  pretence: Pretence | undefined;

  gates: Gate | undefined;
  /** The gate that ran last: a fault while the held calls go out is reported to its `next`. */
  gate: Gate | undefined;
  /** Innermost body transformation. */
  layer: BodyLayer | undefined;
  /** The transformation that took the body. */
  top: BodyLayer | undefined;

  calls: HeldCall[];
  heldBytes: number;
  /** The call that began the answer; after a `writeHead` of the handler the head goes down as one. */
  cause: PendingBody['cause'];
  /** The head is on its way through wrappers that others have laid above the seam; see `driveHead`. */
  driving: boolean;
  /** Those wrappers have seen this head and must not see it again. */
  driven: boolean;
  /** The handler has called `end`. */
  ended: boolean;
  /** Status as hooks left it, since Node too ignores `res.statusCode = 500` once the head is written. */
  status: number;
  /** `write` has returned false and no `drain` has followed. */
  needDrain: boolean;
  /** Listeners for that `drain` which a neighbour may have led astray; see `adoptDrain`. */
  drainListeners: (() => void)[];
  /** `drain` is being emitted by the seam, not by the socket. */
  draining: boolean;
  /** Set when a sink waits for the way down to empty. */
  rawDrain: RawDrain | undefined;
  trailers: boolean;
  /** The seam listens for `close`. */
  watched: boolean;

  error: unknown;
  /** `next(error)` of a rejecting gate is on the stack: what begins now is the error handler's answer. */
  answering: boolean;
  /** The handler whose answer was discarded had not ended it and may go on writing. */
  loserOpen: boolean;
  /** An answer was discarded: calls after the end are the loser's, and are ignored. */
  discarded: boolean;
  /** The plain 503 went out: every later call is ignored. */
  lost: boolean;
  /** The wrappers above the seam were cut off. */
  cut: boolean;
  /** A call of the response itself is running, not one of a wrapper that was cut off. */
  isStraight: boolean;
}

export function createExchange(
  res: SeamedResponse,
  seam: Seam,
  { own, straight }: Pick<Exchange, 'own' | 'straight'>,
): Exchange {
  const methods = res as unknown as BodyMethods; // as they are now: Node's, or a wrapper's
  return {
    res,
    seam,
    phase: 'open',
    raw: false,
    inside: 0,
    own,
    straight,
    writeHead: own.writeHead,
    write: methods.write,
    end: methods.end,
    flushHeaders: methods.flushHeaders,
    on: methods.on,
    addTrailers: undefined,
    pretence: undefined,
    gates: undefined,
    gate: undefined,
    layer: undefined,
    top: undefined,
    calls: [],
    heldBytes: 0,
    cause: 'end',
    driving: false,
    driven: false,
    ended: false,
    status: 200,
    needDrain: false,
    drainListeners: [],
    draining: false,
    rawDrain: undefined,
    trailers: false,
    watched: false,
    error: undefined,
    answering: false,
    loserOpen: false,
    discarded: false,
    lost: false,
    cut: false,
    isStraight: false,
  };
}

/** The exchange of a response whose methods, accessors and listeners are laid together with it. */
export function exchangeOf(res: SeamedResponse): Exchange {
  return (res[kSeam] as Seam).exchange as Exchange;
}

/** Opens the header methods for a hook, gate, decision or edit; `leave` closes them again. */
export function enter(exchange: Exchange): void {
  if (exchange.inside++ === 0 && isBegun(exchange)) exchange.res.statusCode = exchange.status;
}

export function leave(exchange: Exchange): void {
  if (--exchange.inside === 0 && isBegun(exchange)) exchange.status = exchange.res.statusCode;
}

/** The answer has begun, but not on the wire. */
export function isBegun(exchange: Exchange): boolean {
  return exchange.phase === 'held' || exchange.phase === 'sinking';
}

/** The client is gone or the response was destroyed: nothing can be sent any more. */
export function isGone(res: ServerResponse): boolean {
  if (res.destroyed || res.closed) return true;
  // http2's compatibility response has neither property, only its stream.
  const { stream } = res as { stream?: { readonly destroyed: boolean } };
  return stream?.destroyed === true;
}
