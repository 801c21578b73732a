import type { ServerResponse } from 'node:http';
import type { Callback } from './exchange.ts';

/** What is known of the body at the moment its transformation is decided. */
export interface PendingBody {
  /** The call that began the answer. */
  readonly cause: 'end' | 'write' | 'flushHeaders' | 'writeHead';
  /** `chunk` is the complete body: `end(chunk)` came first, or all of it was written while gates were at work. */
  readonly whole: boolean;
  /** What is known so far, text already encoded. The first `write` or `end` of the sink gets the same bytes. */
  readonly chunk: Buffer | undefined;
  /** Bytes in `chunk`. Cheaper to ask than `chunk` itself, which encodes text. */
  readonly length: number;
  /** A `Trailer` header is set, or `addTrailers` was called: HTTP/1.1 sends trailers after a chunked body only. */
  readonly trailers: boolean;
}

/**
 * Decides what becomes of a body: `undefined` leaves the response alone from here on, bytes replace a `whole` body,
 * a sink takes every byte. Runs once, after gates and head hooks, with the header methods open.
 * With bytes, `Content-Length` is yours to set or remove. A throw leaves the response alone and is reported.
 */
export type DecideBody<T = undefined> = (
  body: PendingBody,
  out: BodyOutput,
  data: T,
) => BodySink | Uint8Array | undefined;

/** Takes the body of a handler. A method that throws breaks the response off. */
export interface BodySink {
  /** `false` asks the handler to wait; call `out.drained()` when it may go on. */
  write(chunk: Buffer, callback?: Callback): boolean;
  end(chunk: Buffer | undefined, callback?: Callback): void;
  /** The handler called `res.flushHeaders()`: what was written so far should reach the client now. */
  flush(): void;
  /**
   * The response is closed, after its end or because the client went away: free everything. Called exactly once, with
   * what the response was destroyed with, if anything.
   */
  close(error?: Error): void;
}

/** The way out of a sink. */
export interface BodyOutput {
  readonly headSent: boolean;
  /**
   * Lets the head go; `edit` may still change status and headers. It leaves together with the first bytes, or by the
   * end of the tick. Without this call it leaves with the first `write` or `end`.
   */
  sendHead(edit?: (res: ServerResponse) => void): void;
  /** `false` when the client reads too slowly; see `onDrain`. */
  write(chunk: Uint8Array, callback?: Callback): boolean;
  end(chunk?: Uint8Array, callback?: Callback): void;
  /** Tells the handler, if a `write` of it returned `false`, that it may go on. */
  drained(): void;
  /** Calls back each time a full way down has emptied. The handler hears of it only through `drained`. */
  onDrain(listener: () => void): void;
  /** Breaks the response off: the client sees an error, never a short body that ends well. */
  destroy(error?: Error): void;
}
