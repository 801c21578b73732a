import type { BodyOutput, BodySink } from '@portcullis/core/response';
import type { Codec, CodecStream, CodingStream, Delivery } from './codec.ts';
import { reportDecision } from './decisions.ts';
import type { Choice, Exchange } from './exchange.ts';
import { applyCoding, markVariation } from './head.ts';
import { skippableFrame, withGzipComment } from './length-jitter.ts';
import { reportCodecFailure } from './whole-body.ts';

type Callback = (error?: Error | null) => void;

/**
 * Sends the head of the coded form and makes the sink for what follows. If the codec cannot be
 * made, nothing is lost yet: the plain form goes out.
 */
export function startStream(
  exchange: Exchange,
  choice: Choice,
  delivery: Delivery,
  out: BodyOutput,
): BodySink {
  const codec = delivery === 'announced' ? choice.best : choice.open;
  let coding: CodingStream;
  try {
    coding = codec.createStream(delivery);
  } catch (error) {
    reportCodecFailure(exchange, codec, error);
    out.sendHead(() => markVariation(exchange.res));
    return new PlainSink(out);
  }
  out.sendHead(() => applyCoding(exchange, codec.encoding));
  reportDecision(exchange.res, 'streamed', { encoding: codec.encoding });
  return new StreamSink(coding, {
    out,
    eachMessage: delivery === 'messages',
    ...jitterPlan(codec, exchange.settings.jitter),
  });
}

function jitterPlan(codec: Codec, jitter: number): Pick<StreamPlan, 'first' | 'last'> {
  if (jitter === 0) return { first: undefined, last: undefined };
  return codec.encoding === 'gzip'
    ? { first: (chunk) => withGzipComment(chunk, jitter), last: undefined }
    : { first: undefined, last: skippableFrame(jitter) };
}

interface StreamPlan {
  readonly out: BodyOutput;
  /** Each message is wanted at once. */
  readonly eachMessage: boolean;
  /** The first piece as it is to be sent. */
  readonly first: ((chunk: Buffer) => Buffer) | undefined;
  /** Sent behind the last piece. */
  readonly last: Buffer | undefined;
}

/** Compresses a body as it comes. */
class StreamSink implements BodySink {
  readonly #stream: CodecStream;
  readonly #flushKind: number;
  readonly #eachMessage: boolean;
  #written = 0;
  #flushPlanned = false;
  #ended = false;
  #callback: Callback | undefined;

  constructor({ stream, flushKind }: CodingStream, { out, eachMessage, first, last }: StreamPlan) {
    this.#stream = stream;
    this.#flushKind = flushKind;
    this.#eachMessage = eachMessage;
    let prepare = first;
    stream.on('data', (chunk: Buffer) => {
      const bytes = prepare === undefined ? chunk : prepare(chunk);
      prepare = undefined;
      if (!out.write(bytes)) stream.pause();
    });
    stream.on('end', () => out.end(last, this.#callback));
    stream.on('drain', () => out.drained());
    // Ending the body here would look complete to the client.
    stream.on('error', (error) => out.destroy(error));
    out.onDrain(() => stream.resume());
  }

  write(chunk: Buffer, callback?: Callback): boolean {
    this.#written += 1;
    if (this.#eachMessage) {
      this.#flushAfterThisTick();
      return this.#stream.write(chunk, callback);
    }
    const written = this.#written;
    return this.#stream.write(chunk, (error) => {
      callback?.(error);
      if (written === this.#written) this.#flushWhenIdle(written);
    });
  }

  end(chunk: Buffer | undefined, callback?: Callback): void {
    this.#ended = true;
    this.#callback = callback;
    if (chunk === undefined) this.#stream.end();
    else this.#stream.end(chunk);
  }

  flush(): void {
    if (!this.#ended) this.#stream.flush(this.#flushKind);
  }

  close(): void {
    this.#ended = true;
    this.#stream.destroy();
  }

  /** One flush for the two or three writes that make a message. */
  #flushAfterThisTick(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    process.nextTick(() => {
      this.#flushPlanned = false;
      this.flush();
    });
  }

  /**
   * Flushes when two turns of the loop brought no further input: a file that is piped comes again
   * within them and keeps its ratio, a person who waits for the next line does not notice.
   */
  #flushWhenIdle(written: number): void {
    setImmediate(() =>
      setImmediate(() => {
        if (written === this.#written) this.flush();
      }),
    );
  }
}

/** Hands everything on, for when the codec could not be made. */
class PlainSink implements BodySink {
  readonly #out: BodyOutput;

  constructor(out: BodyOutput) {
    this.#out = out;
    out.onDrain(() => out.drained());
  }

  write(chunk: Buffer, callback?: Callback): boolean {
    return this.#out.write(chunk, callback);
  }

  end(chunk: Buffer | undefined, callback?: Callback): void {
    this.#out.end(chunk, callback);
  }

  flush(): void {}

  close(): void {}
}
