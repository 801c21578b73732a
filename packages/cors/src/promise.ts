import { httpError } from '@portcullis/core';

/** Milliseconds a function of the user has: longer than any lookup, shorter than the patience of browsers and proxies. */
const patience = 5000;

/** The answer of a function of the user, or an error when it is late: a request must not hang for want of it. */
export function withinTime<T>(answer: PromiseLike<T>, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `${who} did not answer within ${String(patience / 1000)} seconds`;
      reject(httpError(503, 'ERR_PORTCULLIS_CORS_PREDICATE_TIMEOUT', message));
    }, patience);
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
