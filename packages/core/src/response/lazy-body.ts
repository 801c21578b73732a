import type { PendingBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { toBuffer } from './held-calls.ts';
import type { Chunk } from './held-calls.ts';

export interface BodyFacts {
  readonly cause: PendingBody['cause'];
  readonly whole: boolean;
  readonly first: Chunk;
}

/** Encodes text only when somebody looks: most bodies are left alone for their type or their size. */
export class LazyBody implements PendingBody {
  readonly cause: PendingBody['cause'];
  readonly whole: boolean;
  readonly #exchange: Exchange;
  readonly #first: Chunk;

  constructor(exchange: Exchange, facts: BodyFacts) {
    this.cause = facts.cause;
    this.whole = facts.whole;
    this.#exchange = exchange;
    this.#first = facts.first;
  }

  get chunk(): Buffer | undefined {
    const first = this.#first;
    const buffer = toBuffer(first.chunk, first.encoding);
    // The sink is given the same bytes afterwards. Encoding 100 KB twice doubles the memory that brings the collector.
    first.chunk = buffer;
    first.encoding = undefined;
    return buffer;
  }

  get length(): number {
    return Buffer.byteLength(this.#first.chunk ?? '', this.#first.encoding);
  }

  get trailers(): boolean {
    return this.#exchange.trailers || this.#exchange.res.hasHeader('Trailer');
  }
}
