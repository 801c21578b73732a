import type { ServerResponse } from 'node:http';
import type { BodyOutput, BodySink, DecideBody, PendingBody } from './body.ts';
import { emitDrain, onRawDrain } from './drain.ts';
import { enter, isGone, leave } from './exchange.ts';
import type { Callback, Exchange } from './exchange.ts';
import { toBuffer } from './held-calls.ts';
import { watchClose } from './gone.ts';
import { LazyBody } from './lazy-body.ts';
import { brokenOffError } from './node-errors.ts';
import { rawEnd, rawFlush, rawWrite } from './raw.ts';
import { reportFault } from './report.ts';

export interface LayerParts {
  readonly exchange: Exchange;
  readonly decide: DecideBody<never>;
  readonly data: unknown;
  readonly outer: BodyLayer | undefined;
}

/**
 * One transformation, and the way out of its sink. Transformations stack like the middleware that registered them:
 * the inner one is asked first, and what it puts out is the body that the next one is asked about.
 */
export class BodyLayer implements BodyOutput {
  readonly #parts: LayerParts;
  #sink: BodySink | undefined;
  /** The body to send instead, when `decide` gave one. */
  #bytes: Uint8Array | undefined;
  /** Whose output is this one's input; none for the handler's. */
  #inner: BodyLayer | undefined;
  /** Where the output goes, once something was put out: a layer that took it, or the way down. */
  #below: BodyLayer | 'raw' | undefined;
  #headSent = false;
  #drainListeners: (() => void)[] = [];

  constructor(parts: LayerParts) {
    this.#parts = parts;
  }

  get outer(): BodyLayer | undefined {
    return this.#parts.outer;
  }

  /** Asks for a decision; `false` when the body is to be left alone. */
  take(body: PendingBody, inner: BodyLayer | undefined): boolean {
    const answer = this.#ask(body);
    if (answer === undefined) return false;
    this.#inner = inner;
    if (answer instanceof Uint8Array) this.#bytes = answer;
    else this.#holdSink(answer);
    return true;
  }

  #holdSink(sink: BodySink): void {
    this.#sink = sink;
    watchClose(this.#parts.exchange);
  }

  #ask(body: PendingBody): BodySink | Uint8Array | undefined {
    const { exchange, decide, data } = this.#parts;
    enter(exchange);
    try {
      const answer = decide(body, this, data as never);
      if (answer instanceof Uint8Array && !body.whole) {
        throw new TypeError('bytes can only stand in for a whole body; return a sink');
      }
      return answer;
    } catch (error) {
      reportFault('A body decision', error);
      return undefined;
    } finally {
      leave(exchange);
    }
  }

  // What comes in, from the handler or from the layer inside.

  accept(chunk: Buffer, callback: Callback | undefined): boolean {
    return this.#guard(() => this.#sink?.write(chunk, callback));
  }

  finish(chunk: Buffer | undefined, callback: Callback | undefined): void {
    // Within the handler's own `end`: what Node throws at a head it refuses goes to the handler, as ever.
    if (this.#bytes !== undefined) this.#putEnd(this.#bytes, callback);
    else this.#guard(() => this.#sink?.end(chunk, callback));
  }

  flush(): void {
    this.#guard(() => this.#sink?.flush());
  }

  close(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    try {
      sink?.close(this.#parts.exchange.res.errored ?? undefined);
    } catch (error) {
      reportFault('Closing a body sink', error);
    }
  }

  /**
   * Sinks work in callbacks of codecs, where a throw would end the process. It breaks the response off: the client sees
   * an error, never a short body that ends well.
   */
  #guard(step: () => boolean | void): boolean {
    try {
      return step() === true;
    } catch (error) {
      reportFault('A body sink', error);
      this.destroy(error);
      return false;
    }
  }

  // What goes out.

  get headSent(): boolean {
    return this.#headSent || this.#parts.exchange.seam.headOut;
  }

  sendHead(edit?: (res: ServerResponse) => void): void {
    const { exchange } = this.#parts;
    if (this.headSent) return;
    enter(exchange);
    try {
      edit?.(exchange.res);
    } catch (error) {
      reportFault('An edit of the head', error);
    } finally {
      leave(exchange);
    }
    this.#headSent = true;
    // Not at once: a head that travels with its first bytes is one packet and one system call less.
    process.nextTick(() => this.#guard(() => this.#pushHead()));
  }

  #pushHead(): void {
    const { exchange } = this.#parts;
    if (this.#below !== undefined || exchange.phase !== 'sinking') return;
    const below = this.#settleBelow('flushHeaders', undefined);
    if (below === 'raw') rawFlush(exchange);
    else below.flush();
  }

  write(chunk: Uint8Array, callback?: Callback): boolean {
    return this.#guard(() => {
      const below = this.#settleBelow('write', chunk);
      if (below !== 'raw') return below.accept(toBuffer(chunk, undefined), callback);
      return rawWrite(this.#parts.exchange, [chunk, undefined, callback]);
    });
  }

  end(chunk?: Uint8Array, callback?: Callback): void {
    this.#guard(() => this.#putEnd(chunk, callback));
  }

  #putEnd(chunk: Uint8Array | undefined, callback: Callback | undefined): void {
    const { exchange } = this.#parts;
    const below = this.#settleBelow('end', chunk);
    if (below !== 'raw') {
      below.finish(toBuffer(chunk, undefined), callback);
      return;
    }
    // From here on Node judges: a second end, a write after the end.
    exchange.phase = 'passing';
    rawEnd(exchange, [chunk, undefined, callback]);
  }

  #settleBelow(cause: PendingBody['cause'], chunk: Uint8Array | undefined): BodyLayer | 'raw' {
    if (this.#below === undefined) {
      const { exchange } = this.#parts;
      const body = new LazyBody(exchange, {
        cause,
        whole: cause === 'end',
        first: { chunk, encoding: undefined },
      });
      // No sink is opened for a client that has left: nothing would close it.
      const outer = isGone(exchange.res) ? undefined : this.outer;
      this.#below = settle(outer, body, this) ?? 'raw';
    }
    return this.#below;
  }

  drained(): void {
    if (this.#inner === undefined) emitDrain(this.#parts.exchange);
    else this.#inner.resume();
  }

  /** Tells the sink that its way down has emptied. */
  resume(): void {
    for (const listener of this.#drainListeners) this.#guard(listener);
  }

  onDrain(listener: () => void): void {
    if (this.#drainListeners.push(listener) > 1) return;
    onRawDrain(this.#parts.exchange, () => {
      if (this.#below === 'raw') this.resume();
    });
  }

  destroy(error?: unknown): void {
    this.#parts.exchange.res.destroy(brokenOffError(error));
  }
}

/** Asks the layers from the inside out; the first that takes the body, if any. */
export function settle(
  innermost: BodyLayer | undefined,
  body: PendingBody,
  inner: BodyLayer | undefined,
): BodyLayer | undefined {
  for (let layer = innermost; layer !== undefined; layer = layer.outer) {
    if (layer.take(body, inner)) return layer;
  }
  return undefined;
}
