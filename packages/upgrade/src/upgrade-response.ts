import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { createSink } from './sink.ts';
import type { Sink } from './sink.ts';
import { switchingHeaders } from './switching-headers.ts';
import type { UpgradeHeader } from './types.ts';

/**
 * `open` the stack runs; `committing` it ran out, and whoever wrapped `res.end` has a last word;
 * `sealed` the headers of the 101 are known; `accepted` and nobody objected; `refusing` an ordinary
 * response is on its way; `retired` the response was taken off the connection.
 */
export type Phase = 'open' | 'committing' | 'sealed' | 'accepted' | 'refusing' | 'retired';

export interface UpgradeResponseEvents {
  /** The 101 is complete: its headers are final and the response was ended. */
  onSealed(): void;
  /** The head of an ordinary response goes out. */
  onRefusing(status: number): void;
  /** The head could not be written. */
  onFailure(error: unknown): void;
}

type WriteHead = Parameters<ServerResponse['writeHead']>;

/** Sends nothing: a browser fails the handshake on any status that comes before the 101. */
function skip(...given: readonly unknown[]): void {
  const callback = given.at(-1);
  if (typeof callback === 'function') callback();
}

/** A real response that can become a 101 without being written. */
export class UpgradeResponse {
  readonly res: ServerResponse;
  #phase: Phase = 'open';
  #headers: readonly UpgradeHeader[] = [];
  #sink: Sink | undefined;
  readonly #answer: Answer;
  readonly #events: UpgradeResponseEvents;

  constructor(req: IncomingMessage, socket: Socket, events: UpgradeResponseEvents) {
    this.#events = events;
    this.#answer = createAnswer(req, socket);
    this.res = this.#answer.res;
    // Own properties, not a subclass: express() gives the response another prototype.
    Object.assign(this.res, {
      writeHead: (...head: WriteHead) => this.#writeHead(head),
      writeContinue: skip,
      writeProcessing: skip,
      writeEarlyHints: skip,
      writeInformation: skip,
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The headers for the 101; empty before `sealed`. */
  get headers(): readonly UpgradeHeader[] {
    return this.#headers;
  }

  /** Whether the answer was given, even if someone still holds it back. */
  get answered(): boolean {
    return this.res.headersSent || this.res.writableEnded;
  }

  /**
   * Ends the response as a 101 that has no body, so that everything that waits for the end of a
   * response runs: header hooks, the saving of a session. Any of them may still set another status.
   */
  commit(): void {
    this.#phase = 'committing';
    this.res.statusCode = 101;
    this.res.end();
  }

  /** The connection belongs to the WebSocket now. */
  accept(): void {
    this.#phase = 'accepted';
    this.#sink?.release();
  }

  /** Takes the connection away; loggers see `finish` with this status. */
  retire(status: number): void {
    const sealed = this.#phase === 'sealed';
    this.#phase = 'retired';
    this.res.statusCode = status;
    this.#moveToSink();
    if (!sealed) {
      // Not through Node's writeHead: a handler that wakes up late may still set headers, and
      // would throw where nobody catches.
      Object.defineProperty(this.res, 'headersSent', { configurable: true, value: true });
      this.res.finished = true;
      this.res.emit('finish');
    }
    this.#sink?.release();
  }

  /** The client is gone; loggers see `close` without `finish`. */
  abandon(): void {
    this.#phase = 'retired';
    this.#sink?.socket.destroy();
  }

  #writeHead(head: WriteHead): ServerResponse {
    if (this.#phase === 'retired') return this.res;
    const [status] = head;
    if (this.#phase === 'committing' && status === 101) return this.#seal(head);
    if (this.#phase === 'open' && status < 200) return this.#refuseInformational(status);
    this.#denyKeepAlive();
    this.#nativeWriteHead(...head);
    this.#phase = 'refusing';
    this.#events.onRefusing(this.res.statusCode);
    return this.res;
  }

  /** A middleware that keeps event streams open must not promise a second answer on this connection. */
  #denyKeepAlive(): void {
    if (!this.res.hasHeader('Connection')) return;
    this.res.setHeader('Connection', 'close');
    this.res.removeHeader('Keep-Alive');
  }

  #seal(head: WriteHead): ServerResponse {
    this.#moveToSink();
    this.#phase = 'sealed';
    try {
      // Node keeps the headers given to writeHead only when others were set before.
      this.res.setHeader('Connection', 'Upgrade');
      // Node refuses a Trailer header on a response without a body.
      this.res.removeHeader('Trailer');
      this.#nativeWriteHead(...head);
    } catch (error) {
      this.#swallow(error);
    }
    this.#headers = switchingHeaders(this.res);
    return this.res;
  }

  #refuseInformational(status: number): ServerResponse {
    this.#moveToSink();
    this.#phase = 'sealed';
    this.#swallow(new Error(`The stack answered an upgrade request with status ${String(status)}`));
    return this.res;
  }

  /** Whoever called writeHead goes on to end the response: let it, out of sight. */
  #swallow(error: unknown): void {
    this.res.statusMessage = '';
    this.#nativeWriteHead(101);
    this.#events.onFailure(error);
  }

  #nativeWriteHead(...head: WriteHead): void {
    ServerResponse.prototype.writeHead.apply(this.res, head);
  }

  #moveToSink(): void {
    if (this.#sink !== undefined) return;
    const sink = createSink(() => this.#events.onSealed());
    this.#sink = sink;
    this.#answer.detach();
    this.res.assignSocket(sink.socket);
    this.res.once('finish', () => sink.socket.destroy());
  }
}
