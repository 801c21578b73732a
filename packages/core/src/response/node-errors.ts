import type { ServerResponse } from 'node:http';

// While calls are held Node never sees them, so what it would have thrown is made here: same code, same words.

/** Whether the response is the compatibility response of `node:http2`. */
export function isHttp2(res: ServerResponse): boolean {
  return 'createPushResponse' in res;
}

export function headersSentError(
  res: ServerResponse,
  verb: 'set' | 'append' | 'remove' | 'write',
): Error {
  return isHttp2(res)
    ? withCode(new Error('Response has already been initiated.'), 'ERR_HTTP2_HEADERS_SENT')
    : withCode(
        new Error(`Cannot ${verb} headers after they are sent to the client`),
        'ERR_HTTP_HEADERS_SENT',
      );
}

export function statusCodeError(status: unknown): Error {
  return withCode(
    new RangeError(`Invalid status code: ${String(status)}`),
    'ERR_HTTP_INVALID_STATUS_CODE',
  );
}

export function statusMessageError(): Error {
  return withCode(new TypeError('Invalid character in statusMessage'), 'ERR_INVALID_CHAR');
}

export function headerListError(): Error {
  return withCode(
    new TypeError("The argument 'headers' is invalid: a flat list needs a value for every name"),
    'ERR_INVALID_ARG_VALUE',
  );
}

export function writeAfterEndError(): Error {
  return withCode(new Error('write after end'), 'ERR_STREAM_WRITE_AFTER_END');
}

/** Throws as Node's `write` does for a chunk that is neither text nor bytes. */
export function checkChunk(chunk: unknown): asserts chunk is string | Uint8Array {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return;
  if (chunk === null) {
    throw withCode(new TypeError('May not write null values to stream'), 'ERR_STREAM_NULL_VALUES');
  }
  throw withCode(
    new TypeError(
      `The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received ${typeof chunk}`,
    ),
    'ERR_INVALID_ARG_TYPE',
  );
}

function withCode<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

/** What the callbacks of a handler get whose answer a gate has refused. */
export function discardedError(cause: unknown): Error {
  return withCode(
    new Error('the answer was discarded, because a step before its head failed', { cause }),
    'ERR_PORTCULLIS_RESPONSE_DISCARDED',
  );
}

/** Always an error: http2 takes `destroy()` for a clean end, and the client half a body for a whole one. */
export function brokenOffError(cause: unknown): Error {
  return cause instanceof Error
    ? cause
    : withCode(
        new Error('the response was broken off', { cause }),
        'ERR_PORTCULLIS_RESPONSE_BROKEN',
      );
}

/** What the callbacks of held writes get when the client leaves first. */
export function destroyedError(): Error {
  return withCode(
    new Error('Cannot call write after a stream was destroyed'),
    'ERR_STREAM_DESTROYED',
  );
}
