import { httpError } from '@portcullis/core';

/** Milliseconds a function of the user has: longer than any lookup, shorter than the patience of browsers and proxies. */
export const patience = 5000;

/** What a request ends with whose function was late: it must not hang for want of an answer. */
export function lateError(who: string): Error {
  const message = `${who} did not answer within ${String(patience / 1000)} seconds`;
  return httpError(503, 'ERR_PORTCULLIS_CORS_PREDICATE_TIMEOUT', message);
}

/** The answer of a function of the user, or an error when it is late. */
export function withinTime<T>(answer: PromiseLike<T>, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(lateError(who)), patience);
    timer.unref();
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        // Made into an Error where it is handed on.
        reject(error as Error);
      },
    );
  });
}

export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
