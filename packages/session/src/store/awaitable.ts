import type { Awaitable } from './store.ts';

/** Goes on with an answer: at once when it is there, so that a store in memory costs a request no tick. */
export function whenAnswered<T, U>(
  answer: Awaitable<T>,
  next: (value: T) => Awaitable<U>,
): Awaitable<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
