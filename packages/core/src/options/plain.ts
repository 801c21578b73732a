/** Whether a value can be options: an object that is no list, Map, Date, RegExp and so on. */
export function isOptionsObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/**
 * Whether a value is an object literal that holds data. One with a function in it is a thing with
 * behaviour, such as a store: a frozen copy of it would be another, broken one.
 */
export function isPlainData(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A null prototype of the prototype: the Object.prototype of any realm.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return Object.values(value).every((item) => typeof item !== 'function');
}

/** Copies and freezes lists and plain data; functions, instances and the like stay themselves. */
export function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozenCopy(item)));
  if (!isPlainData(value)) return value;
  const copy = Object.entries(value).map(([key, item]) => [key, frozenCopy(item)] as const);
  return Object.freeze(Object.fromEntries(copy));
}
