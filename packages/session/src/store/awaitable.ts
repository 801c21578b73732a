import type { Awaitable } from './store.ts';

/** The answer as a promise, or `undefined` when it is there already. Any library's promise counts. */
export function pending<T>(answer: Awaitable<T>): Promise<T> | undefined {
  if (typeof answer !== 'object' || answer === null || !('then' in answer)) return undefined;
  return typeof answer.then === 'function' ? Promise.resolve(answer) : undefined;
}

/** Goes on with an answer: at once when it is there, so that a store in memory costs a request no tick. */
export function whenAnswered<T, U>(
  answer: Awaitable<T>,
  proceed: (value: T) => Awaitable<U>,
): Awaitable<U> {
  const promise = pending(answer);
  // Without a promise it is the answer itself.
  return promise === undefined ? proceed(answer as T) : promise.then(proceed);
}
