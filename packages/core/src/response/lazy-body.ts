import type { ServerResponse } from 'node:http';
import type { PendingBody } from './body.ts';
import { toBuffer } from './held-calls.ts';

export interface BodyFacts {
  readonly cause: PendingBody['cause'];
  readonly whole: boolean;
  readonly chunk: string | Uint8Array | undefined;
  readonly encoding: BufferEncoding | undefined;
  readonly trailers: boolean;
}

/** Encodes text only when somebody looks: most bodies are left alone for their type or their size. */
export class LazyBody implements PendingBody {
  readonly cause: PendingBody['cause'];
  readonly whole: boolean;
  readonly #res: ServerResponse;
  readonly #facts: BodyFacts;
  #buffer: Buffer | undefined;

  constructor(res: ServerResponse, facts: BodyFacts) {
    this.cause = facts.cause;
    this.whole = facts.whole;
    this.#res = res;
    this.#facts = facts;
  }

  get chunk(): Buffer | undefined {
    this.#buffer ??= toBuffer(this.#facts.chunk, this.#facts.encoding);
    return this.#buffer;
  }

  get length(): number {
    const { chunk, encoding } = this.#facts;
    return typeof chunk === 'string'
      ? Buffer.byteLength(chunk, encoding)
      : (chunk?.byteLength ?? 0);
  }

  get trailers(): boolean {
    return this.#facts.trailers || this.#res.hasHeader('Trailer');
  }
}
