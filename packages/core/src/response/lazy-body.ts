import type { PendingBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { toBuffer } from './held-calls.ts';

export interface BodyFacts {
  readonly cause: PendingBody['cause'];
  readonly whole: boolean;
  readonly chunk: string | Uint8Array | undefined;
  readonly encoding: BufferEncoding | undefined;
}

/** Encodes text only when somebody looks: most bodies are left alone for their type or their size. */
export class LazyBody implements PendingBody {
  readonly cause: PendingBody['cause'];
  readonly whole: boolean;
  readonly #exchange: Exchange;
  readonly #facts: BodyFacts;
  #buffer: Buffer | undefined;

  constructor(exchange: Exchange, facts: BodyFacts) {
    this.cause = facts.cause;
    this.whole = facts.whole;
    this.#exchange = exchange;
    this.#facts = facts;
  }

  get chunk(): Buffer | undefined {
    this.#buffer ??= toBuffer(this.#facts.chunk, this.#facts.encoding);
    return this.#buffer;
  }

  get length(): number {
    return Buffer.byteLength(this.#facts.chunk ?? '', this.#facts.encoding);
  }

  get trailers(): boolean {
    return this.#exchange.trailers || this.#exchange.res.hasHeader('Trailer');
  }
}
