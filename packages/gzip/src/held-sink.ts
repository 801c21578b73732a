import type { BodyOutput, BodySink } from '@portcullis/core/response';
import type { Delivery } from './codec.ts';
import { reportDecision } from './decisions.ts';
import { DeferredSink } from './deferred-sink.ts';
import type { Choice, Exchange } from './exchange.ts';
import { smallestLength } from './head.ts';
import { sendPlain, sendWhole } from './send-whole.ts';
import { startStream } from './stream-sink.ts';
import { encodeNow, prepareWork } from './whole-body.ts';

type Callback = (error?: Error | null) => void;

/** What is known of a body whose first piece is awaited. */
export interface Expectation {
  readonly choice: Choice;
  readonly delivery: Delivery;
  /** Content-Length, if the application set it. */
  readonly announced: number | undefined;
  readonly trailers: boolean;
}

/** Longer than this nothing is held back: the reader wants to see something. */
export const holdLimit = 65_536;
// Without a known end, waiting for more than Node's own buffer of a stream gains nothing.
const openHoldLimit = 16_384;
const announcedPatience = 50;

/**
 * Holds the head and the first pieces until the body turns out to be whole, which gives it an exact
 * length and the minimum size its meaning, or until the turn of the event loop is over.
 */
export class HeldSink implements BodySink {
  readonly #exchange: Exchange;
  readonly #expectation: Expectation;
  readonly #out: BodyOutput;
  readonly #limit: number;
  readonly #callbacks: Callback[] = [];
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #next: BodySink | undefined;
  #turn: NodeJS.Immediate | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange, expectation: Expectation, out: BodyOutput) {
    this.#exchange = exchange;
    this.#expectation = expectation;
    this.#out = out;
    this.#limit = expectation.announced === undefined ? openHoldLimit : holdLimit;
  }

  write(chunk: Buffer, callback?: Callback): boolean {
    if (this.#next !== undefined) return this.#next.write(chunk, callback);
    this.#hold(chunk, callback);
    if (this.#bytes > this.#limit) return this.#stream();
    this.#waitForMore();
    return true;
  }

  end(chunk: Buffer | undefined, callback?: Callback): void {
    if (this.#next !== undefined) {
      this.#next.end(chunk, callback);
      return;
    }
    if (chunk !== undefined) this.#hold(chunk, undefined);
    if (callback !== undefined) this.#callbacks.push(callback);
    this.#stopWaiting();
    this.#endWhole(this.#takeBody(), this.#takeCallback());
  }

  flush(): void {
    if (this.#next === undefined) this.#stream();
    this.#next?.flush();
  }

  close(error?: Error): void {
    this.#stopWaiting();
    this.#chunks = [];
    if (this.#next !== undefined) this.#next.close(error);
    else if (!this.#ended) reportDecision(this.#exchange.res, 'aborted');
  }

  #hold(chunk: Buffer, callback: Callback | undefined): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (callback !== undefined) this.#callbacks.push(callback);
  }

  #waitForMore(): void {
    const { announced } = this.#expectation;
    if (announced !== undefined && this.#bytes >= announced) {
      // All of it is here and `end` follows as a rule, yet a handler may take its time.
      clearImmediate(this.#turn);
      this.#patience ??= setTimeout(() => this.#stream(), announcedPatience).unref();
    } else {
      this.#turn ??= setImmediate(() => this.#stream());
    }
  }

  #stopWaiting(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#patience);
  }

  #takeBody(): Buffer {
    const [first, second] = this.#chunks;
    const body =
      first !== undefined && second === undefined
        ? first
        : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    return body;
  }

  #takeCallback(): Callback | undefined {
    const callbacks = this.#callbacks;
    if (callbacks.length < 2) return callbacks[0];
    return (error) => {
      for (const callback of callbacks) callback(error);
    };
  }

  #stream(): boolean {
    this.#stopWaiting();
    const { choice, delivery } = this.#expectation;
    this.#next = startStream(this.#exchange, choice, delivery, this.#out);
    return this.#next.write(this.#takeBody(), this.#takeCallback());
  }

  #endWhole(body: Buffer, callback: Callback | undefined): void {
    this.#ended = true;
    const exchange = this.#exchange;
    const { choice, trailers } = this.#expectation;
    if (body.length < smallestLength(exchange.settings, choice)) {
      reportDecision(exchange.res, 'small', { bytes: body.length });
      sendPlain(this.#out, { body, trailers }, callback);
      return;
    }
    const work = prepareWork(exchange, choice, body);
    const encoded = encodeNow(work);
    if (encoded === 'later') {
      this.#next = new DeferredSink(work, this.#out, trailers);
      this.#next.end(undefined, callback);
    } else {
      sendWhole(this.#out, { work, encoded, trailers }, callback);
    }
  }
}
