import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';

/** A head hook waiting to run; `outer` was registered before it. */
export interface HeadHook {
  readonly run: (res: ServerResponse, data: never) => void;
  readonly data: unknown;
  readonly outer: HeadHook | undefined;
}

/** `writeHead`, loosely: other libraries' wrappers are called with whatever the caller gave. */
export type RawWriteHead = (
  this: ServerResponse,
  status: number,
  reason?: unknown,
  headers?: unknown,
) => ServerResponse;

// Loose on purpose: a method below may be Node's or another library's, and is given what the caller gave.
export type RawWrite = (this: ServerResponse, ...call: unknown[]) => boolean;
export type RawEnd = (this: ServerResponse, ...call: unknown[]) => ServerResponse;
export type RawFlushHeaders = (this: ServerResponse) => void;
export type RawOn = (this: ServerResponse, event: string, listener: () => void) => ServerResponse;

export interface BodyMethods {
  readonly write: RawWrite;
  readonly end: RawEnd;
  readonly flushHeaders: RawFlushHeaders;
  readonly on: RawOn;
}

/**
 * What the seam keeps for one response; a response that only has head hooks has nothing else.
 * The methods are those of when it was laid: Node's own, or another library's wrappers.
 */
export interface Seam extends BodyMethods {
  readonly writeHead: RawWriteHead;
  hooks: HeadHook | undefined;
  /** The head has been handed down; nothing can change it any more. */
  headOut: boolean;
  /** Present once a gate or a body transformation was registered. */
  exchange: Exchange | undefined;
}

// Local on purpose, not Symbol.for: two copies of core on one response lay two seams, one over the other,
// instead of sharing a record whose shape may differ between their versions.
export const kSeam: unique symbol = Symbol('portcullis.response');

export interface SeamedResponse extends ServerResponse {
  [kSeam]?: Seam;
}
