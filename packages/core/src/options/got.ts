import { types } from 'node:util';

const LONGEST_QUOTE = 80;

/** Says what a value is, for the "got" half of a message. `hidden` never quotes it. */
export function describeGot(value: unknown, hidden = false): string {
  if (hidden) return describeHidden(value);
  switch (typeof value) {
    case 'string':
      return `the string ${quote(value)}`;
    case 'number':
      return describeNumber(value);
    case 'bigint':
      return `the bigint ${String(value)}n`;
    case 'undefined':
      return 'nothing';
    case 'boolean':
      return String(value);
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`;
    case 'symbol':
      return 'a symbol';
    case 'object':
      return describeObject(value);
  }
}

/** Quotes a text for a message: shortened, and without the password of a URL in it. */
export function quote(text: string): string {
  const safe = withoutPassword(text);
  return JSON.stringify(safe.length > LONGEST_QUOTE ? `${safe.slice(0, LONGEST_QUOTE)}…` : safe);
}

/** Up to the last `@`, because people forget to encode those, and slashes, in a password. */
function withoutPassword(text: string): string {
  const start = text.indexOf('//');
  const end = text.lastIndexOf('@');
  return start === -1 || end < start ? text : `${text.slice(0, start)}//***${text.slice(end)}`;
}

function describeNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return `the number ${Object.is(value, -0) ? '-0' : String(value)}`;
}

function describeObject(value: object | null): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return describeList(value.length);
  if (types.isRegExp(value)) return `the regular expression ${String(value)}`;
  const name = className(value);
  return name === undefined ? 'an object' : `an object of class ${name}`;
}

function describeList(length: number): string {
  if (length === 0) return 'an empty list';
  return `a list of ${String(length)} item${length === 1 ? '' : 's'}`;
}

function className(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return undefined;
  const { constructor } = prototype;
  if (typeof constructor !== 'function' || constructor.name === 'Object') return undefined;
  return constructor.name;
}

function describeHidden(value: unknown): string {
  if (typeof value === 'string') {
    return `a string of ${String(value.length)} character${value.length === 1 ? '' : 's'} (hidden)`;
  }
  if (types.isUint8Array(value)) {
    return `${String(value.byteLength)} byte${value.byteLength === 1 ? '' : 's'} (hidden)`;
  }
  if (value === null || value === undefined) return describeGot(value);
  if (Array.isArray(value)) return describeList(value.length);
  return typeof value === 'object' ? 'an object (hidden)' : `a ${typeof value} (hidden)`;
}
