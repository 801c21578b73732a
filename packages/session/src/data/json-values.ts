import { types } from 'node:util';

/** A value that JSON would lose or change, and where it is. */
export interface Unserialisable {
  /** `session.cart[2].price` */
  readonly path: string;
  /** `a bigint` */
  readonly what: string;
  readonly hint: string;
}

/** JSON.stringify recurses; a session this deep is a mistake, and deeper ones exhaust the stack. */
const deepest = 200;

/**
 * Finds the first value that would not come back as it is: JSON throws at some (bigint, cycles), and drops or changes others in
 * silence (functions, NaN, Map, Date). Objects with a `toJSON` of their own have said what they become, so they pass.
 */
export function findUnserialisable(data: object): Unserialisable | undefined {
  const found = searchMembers(data, [data]);
  return found === undefined ? undefined : { ...found, path: `session${found.path}` };
}

function search(value: unknown, ancestors: object[]): Unserialisable | undefined {
  if (typeof value !== 'object') return explainPrimitive(value);
  if (value === null) return undefined;
  if (ancestors.includes(value)) {
    return fault('a reference to an object that contains it', 'store an id instead');
  }
  if (ancestors.length >= deepest) {
    return fault(`nested deeper than ${String(deepest)} levels`, 'store less');
  }
  if (!isPlain(value)) {
    const exotic = explainObject(value);
    if (exotic !== undefined) return exotic;
    if ('toJSON' in value && typeof value.toJSON === 'function') return undefined;
  }
  ancestors.push(value);
  const found = searchMembers(value, ancestors);
  ancestors.pop();
  return found;
}

/** The path is put together on the way back, because nearly always there is nothing to report. */
function searchMembers(value: object, ancestors: object[]): Unserialisable | undefined {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = search(value[index], ancestors);
      if (found !== undefined) return { ...found, path: `[${String(index)}]${found.path}` };
    }
    return undefined;
  }
  for (const name of Object.keys(value)) {
    const found = search((value as Record<string, unknown>)[name], ancestors); // its own key
    if (found !== undefined) return { ...found, path: `${member(name)}${found.path}` };
  }
  return undefined;
}

function member(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function fault(what: string, hint: string): Unserialisable {
  return { path: '', what, hint };
}

function explainPrimitive(value: unknown): Unserialisable | undefined {
  if (typeof value === 'bigint') return fault('a bigint', 'store value.toString()');
  if (typeof value === 'function') return fault('a function', 'store data only');
  if (typeof value === 'symbol') return fault('a symbol', 'store its description');
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return fault(String(value), 'store null or leave it out');
  }
  return undefined;
}

const exotics: readonly (readonly [(value: unknown) => boolean, string, string])[] = [
  [types.isDate, 'a Date', 'store value.toISOString() or value.getTime()'],
  [types.isMap, 'a Map', 'store Object.fromEntries(map) or [...map]'],
  [types.isSet, 'a Set', 'store [...set]'],
  [types.isRegExp, 'a RegExp', 'store its source'],
  [types.isNativeError, 'an Error', 'store its message'],
  [types.isPromise, 'a Promise', 'await it first'],
  [types.isArrayBufferView, 'binary data', "store text: buffer.toString('base64')"],
  [types.isAnyArrayBuffer, 'an ArrayBuffer', "store text: Buffer.from(value).toString('base64')"],
];

/** Neither exotic nor with a `toJSON`; true of nearly everything that comes here. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  return Object.getPrototypeOf(value) === Object.prototype && !Object.hasOwn(value, 'toJSON');
}

function explainObject(value: object): Unserialisable | undefined {
  const exotic = exotics.find(([is]) => is(value));
  return exotic === undefined ? undefined : fault(exotic[1], exotic[2]);
}
