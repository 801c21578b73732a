import type { BodyOutput } from '@portcullis/core/response';
import type { ServerResponse } from 'node:http';
import { applyCoding, markVariation } from './head.ts';
import type { Work } from './whole-body.ts';

type Callback = (error?: Error | null) => void;

/** A body and, unless the plain form goes out, its coded form. */
export interface WholeAnswer {
  readonly work: Work;
  readonly encoded: Buffer | undefined;
  readonly trailers: boolean;
}

/** Releases the held head with an exact length, then the body in the form that was found. */
export function sendWhole(out: BodyOutput, answer: WholeAnswer, callback?: Callback): void {
  const { work, encoded, trailers } = answer;
  const { exchange, codec, body } = work;
  out.sendHead((res) => {
    if (encoded !== undefined) {
      applyCoding(exchange, codec.encoding, trailers ? undefined : encoded.length);
      return;
    }
    markVariation(exchange.res);
    setLength(res, body.length, trailers);
  });
  out.end(encoded ?? body, callback);
}

/** A body too small to have another form. */
export interface PlainAnswer {
  readonly body: Buffer;
  readonly trailers: boolean;
}

export function sendPlain(out: BodyOutput, answer: PlainAnswer, callback?: Callback): void {
  const { body, trailers } = answer;
  out.sendHead((res) => setLength(res, body.length, trailers));
  out.end(body, callback);
}

/** Only a chunked body can carry trailers, and a coding of transfer excludes a length. */
function setLength(res: ServerResponse, length: number, trailers: boolean): void {
  if (!trailers && !res.hasHeader('transfer-encoding')) res.setHeader('Content-Length', length);
}
