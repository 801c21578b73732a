/** Recognised by shape, because promises of other libraries and realms are promises too. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** Goes on at once with a value, later with a promise: an answer at once must not cost the request a tick. */
export function whenReady<T, R>(
  value: T | PromiseLike<T>,
  use: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return isThenable(value) ? Promise.resolve(value).then(use) : use(value);
}
