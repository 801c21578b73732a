import { httpError } from '@portcullis/core';
import type { HttpError } from '@portcullis/core';

/** A mistake of the program, thrown where it is made. */
export function misuse(code: string, message: string): Error & { readonly code: string } {
  const error = new TypeError(message);
  Error.captureStackTrace(error, misuse);
  return Object.assign(error, { code });
}

/** `req.session` was used before the store was asked for it. */
export function notLoaded(property: string): Error {
  const argument = property === 'session' ? '' : `, '${property}'`;
  return misuse(
    'ERR_PORTCULLIS_SESSION_NOT_LOADED',
    `req.${property} has not been read from the store yet; await loadSession(req${argument}) before using it`,
  );
}

/** What the request gets when its session could not be read: the error as it is if it knows its status, else a 503. */
export function unreadable(cause: unknown): Error {
  if (knowsItsStatus(cause)) return cause;
  const message = 'The session could not be read';
  return httpError(503, 'ERR_PORTCULLIS_SESSION_LOAD', message, { cause });
}

/** As {@link unreadable}, for a session that could not be stored. */
export function unstored(cause: unknown): Error {
  if (knowsItsStatus(cause)) return cause;
  const message = 'The session could not be stored';
  return httpError(503, 'ERR_PORTCULLIS_SESSION_COMMIT', message, { cause });
}

function knowsItsStatus(cause: unknown): cause is Error {
  return cause instanceof Error && 'status' in cause && typeof cause.status === 'number';
}

export function unserialisable(path: string, what: string, hint: string): HttpError {
  return httpError(
    500,
    'ERR_PORTCULLIS_SESSION_UNSERIALISABLE',
    `${path} is ${what}, which JSON would not give back as it is; ${hint}`,
  );
}

/** Names the keys that take the most room, and none of their values. */
export function tooLarge(size: number, room: number, text: string): HttpError {
  const data = JSON.parse(text) as Record<string, unknown>; // our own text
  const biggest = Object.entries(data)
    .map(([key, value]) => ({ key, bytes: Buffer.byteLength(JSON.stringify(value)) }))
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, 3)
    .map(({ key, bytes }) => `${key} (${String(bytes)} bytes)`);
  const largest = biggest.length === 0 ? '' : ` The largest keys are ${biggest.join(', ')}.`;
  return httpError(
    500,
    'ERR_PORTCULLIS_SESSION_TOO_LARGE',
    `The session takes ${String(size)} bytes as a cookie; at most ${String(room)} fit.${largest} Keep large data in a store (option store)`,
  );
}
