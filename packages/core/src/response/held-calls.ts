import type { Callback } from './exchange.ts';
import { checkChunk } from './node-errors.ts';

/** What a call brings. Open to change, because text that was encoded once is kept in place of itself. */
export interface Chunk {
  chunk: string | Uint8Array | undefined;
  encoding: BufferEncoding | undefined;
}

/** A call of the handler that waits for a gate. `writeHead` is not among them: its arguments are folded at once. */
export interface HeldCall extends Chunk {
  readonly method: 'write' | 'end' | 'flushHeaders';
  readonly callback: Callback | undefined;
}

/** The arguments of `write` and `end`, which allow the encoding, and for `end` the chunk, to be left out. */
export function readCall(
  method: 'write' | 'end',
  [chunk, encoding, callback]: readonly [chunk: unknown, encoding: unknown, callback: unknown],
): HeldCall {
  if (method === 'end' && typeof chunk === 'function') {
    return { method, chunk: undefined, encoding: undefined, callback: chunk as Callback };
  }
  if (typeof encoding === 'function') {
    return {
      method,
      chunk: bodyOf(method, chunk),
      encoding: undefined,
      callback: encoding as Callback,
    };
  }
  return {
    method,
    chunk: bodyOf(method, chunk),
    encoding: (encoding ?? undefined) as BufferEncoding | undefined,
    callback: typeof callback === 'function' ? (callback as Callback) : undefined,
  };
}

function bodyOf(method: 'write' | 'end', chunk: unknown): string | Uint8Array | undefined {
  // Node's `end` takes every falsy chunk, and so `''`, for none.
  if (method === 'end' && !chunk) return undefined;
  checkChunk(chunk);
  return chunk;
}

/** A chunk as bytes, without copying what is bytes already. */
export function toBuffer(chunk: string | Uint8Array, encoding: BufferEncoding | undefined): Buffer;
export function toBuffer(
  chunk: string | Uint8Array | undefined,
  encoding: BufferEncoding | undefined,
): Buffer | undefined;
export function toBuffer(
  chunk: string | Uint8Array | undefined,
  encoding: BufferEncoding | undefined,
): Buffer | undefined {
  if (chunk === undefined || Buffer.isBuffer(chunk)) return chunk;
  return typeof chunk === 'string'
    ? Buffer.from(chunk, encoding)
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** What was written before the head was decided, as one body for a transformation. */
export interface HeldBody {
  readonly chunk: Buffer | undefined;
  readonly ended: boolean;
  readonly flushed: boolean;
  /** Every write callback, and after them the one of `end`. */
  readonly callback: Callback | undefined;
}

export function mergeCalls(calls: readonly HeldCall[]): HeldBody {
  const end = calls.findIndex((call) => call.method === 'end');
  const before = end === -1 ? calls : calls.slice(0, end + 1);
  const chunks = before.flatMap((call) => toBuffer(call.chunk, call.encoding) ?? []);
  const callbacks = before.flatMap((call) => call.callback ?? []);
  return {
    chunk: chunks.length > 1 ? Buffer.concat(chunks) : chunks[0],
    ended: end !== -1,
    flushed: before.some((call) => call.method === 'flushHeaders'),
    callback:
      callbacks.length > 1
        ? (error) => {
            for (const callback of callbacks) callback(error);
          }
        : callbacks[0],
  };
}
