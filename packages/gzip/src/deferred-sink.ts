import type { BodyOutput, BodySink } from '@portcullis/core/response';
import { reportDecision } from './decisions.ts';
import { sendWhole } from './send-whole.ts';
import type { Work } from './whole-body.ts';
import { failed, judge } from './whole-body.ts';

type Callback = (error?: Error | null) => void;

/** Holds the head while a whole body is compressed in the thread pool. */
export class DeferredSink implements BodySink {
  readonly #work: Work;
  readonly #out: BodyOutput;
  readonly #trailers: boolean;
  #closed = false;

  constructor(work: Work, out: BodyOutput, trailers: boolean) {
    this.#work = work;
    this.#out = out;
    this.#trailers = trailers;
  }

  /* istanbul ignore next -- the body was whole, so nothing is written before the end */
  write(): boolean {
    return true;
  }

  /* istanbul ignore next -- nothing to flush before the codec is done */
  flush(): void {}

  end(_chunk: Buffer | undefined, callback?: Callback): void {
    const { exchange, codec, body } = this.#work;
    const accepted = exchange.settings.jobs.add({
      bytes: body.length,
      isCancelled: () => this.#closed,
      start: (done) => {
        const finished = (error: Error | undefined, encoded?: Buffer): void => {
          done();
          this.#finish(error, encoded, callback);
        };
        try {
          codec.compress(body, finished);
        } catch (error) {
          // A codec that finds no memory for its context throws at once.
          finished(error instanceof Error ? error : new Error(String(error)));
        }
      },
    });
    if (accepted) return;
    reportDecision(exchange.res, 'overload', { bytes: body.length });
    this.#send(undefined, callback);
  }

  close(): void {
    this.#closed = true;
  }

  #finish(error: Error | undefined, encoded: Buffer | undefined, callback?: Callback): void {
    if (this.#closed) return;
    const work = this.#work;
    this.#send(encoded === undefined ? failed(work, error) : judge(work, encoded), callback);
  }

  #send(encoded: Buffer | undefined, callback: Callback | undefined): void {
    sendWhole(this.#out, { work: this.#work, encoded, trailers: this.#trailers }, callback);
  }
}
