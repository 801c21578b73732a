import type { IncomingMessage } from 'node:http';
import { types } from 'node:util';
import { compilePaths } from '../http/paths.ts';
import type { ForwardedFamily } from '../http/request-trust.ts';
import { compileTrust, type Trust, type TrustProxy } from '../http/trust.ts';
import type { InputOf, InputOfSpec, OutputOf, OutputOfSpec } from './infer.ts';
import { nearest } from './nearest.ts';
import { frozenCopy, isOptionsObject } from './plain.ts';
import { numberSpec, type Range } from './number.ts';
import { pathSpec } from './path.ts';
import { parseBytes, parseDuration } from './quantity.ts';
import { parseSecret, type Secret, type SecretValue } from './secret.ts';
import { type Fields, type Parse, type Shape, Spec } from './spec.ts';
import { findWeakness } from './weak-secret.ts';

type RequestTest = (req: IncomingMessage) => boolean;

type Literal = string | number | boolean | null;

/** A rule of `o.string`: `check` answers whether the text will do, or says why it will not. */
export interface StringRule {
  readonly expected?: string | undefined;
  readonly check?: ((text: string) => boolean | string) | undefined;
}

export interface ListRule {
  /** The fewest items. Default 0. */
  readonly min?: number | undefined;
  /** Takes a lone value for a list of one. */
  readonly single?: boolean | undefined;
}

export interface SecretRule {
  /** Characters of a text, bytes of anything else. Default 32. */
  readonly minLength?: number | undefined;
  /** Takes weak values too; the caller asks `findWeakness` and warns. */
  readonly acceptWeak?: boolean | undefined;
}

const MAKE_A_SECRET = 'make one with: node -p "crypto.randomBytes(32).toString(\'base64url\')"';

function boolean(): Spec<boolean, boolean> {
  return Spec.leaf({ expected: 'true or false', text: 'boolean' }, (value, fail) => {
    if (typeof value === 'boolean') return value;
    const quoted = value === 'true' || value === 'false';
    return fail({ hint: quoted ? 'remove the quotes' : undefined });
  });
}

function string(rule: StringRule = {}): Spec<string, string> {
  return Spec.leaf({ expected: rule.expected ?? 'a string' }, (value, fail) => {
    if (typeof value !== 'string') return undefined;
    const verdict = rule.check?.(value) ?? true;
    if (verdict === true) return value;
    return fail({ code: 'INVALID', hint: verdict === false ? undefined : verdict });
  });
}

function integer(range: Range = {}): Spec<number, number> {
  return numberSpec({ name: 'an integer', integer: true }, range);
}

function number(range: Range = {}): Spec<number, number> {
  return numberSpec({ name: 'a number', integer: false }, range);
}

function duration(range: Range = {}): Spec<number, number | string> {
  const name = "a duration (seconds, or text such as '10m', '14d')";
  return numberSpec(
    { name, unit: 'seconds', integer: false, parseText: parseDuration },
    { min: 0, ...range },
  );
}

function bytes(range: Range = {}): Spec<number, number | string> {
  const name = "a size (bytes, or text such as '1kb')";
  return numberSpec(
    { name, unit: 'bytes', integer: true, parseText: parseBytes },
    { min: 0, ...range },
  );
}

function oneOf<const T extends readonly Literal[]>(values: T): Spec<T[number], T[number]> {
  const words = values.filter((value) => typeof value === 'string');
  const list = values.map((value) => JSON.stringify(value)).join(', ');
  const expected = values.length === 1 ? list : `one of ${list}`;
  return Spec.leaf({ expected, text: literalText(values) }, (value, fail) => {
    const found = values.find((each) => each === value);
    if (found !== undefined) return found;
    const meant = typeof value === 'string' ? nearest(value, words) : undefined;
    return fail({
      hint: meant === undefined ? undefined : `did you mean ${JSON.stringify(meant)}?`,
    });
  });
}

function literalText(values: readonly Literal[]): Shape['text'] {
  if (values.every((value) => typeof value === 'number')) return 'number';
  return values.every((value) => typeof value === 'boolean') ? 'boolean' : 'text';
}

function list<T, I>(
  item: Spec<T, I>,
  rule: ListRule & { single: true },
): Spec<readonly T[], readonly I[] | I>;
function list<T, I>(item: Spec<T, I>, rule?: ListRule): Spec<readonly T[], readonly I[]>;
function list<T>(item: Spec<T>, { min = 0, single = false }: ListRule = {}): Spec<readonly T[]> {
  const expected = `a list${min === 0 ? '' : ` of at least ${String(min)}`}, each ${item.expected}`;
  const shape = { expected, text: 'list', sensitive: item.sensitive } as const;
  return Spec.list(item, {
    shape,
    single,
    parse(value, fail) {
      if (!Array.isArray(value)) {
        return fail({ hint: item.accepts(value) ? 'wrap it in a list: [ … ]' : undefined });
      }
      if (value.length < min) return fail({ code: 'OUT_OF_RANGE' });
      return Array.from<unknown>(value);
    },
  });
}

function regexp(): Spec<RegExp, RegExp> {
  return Spec.leaf({ expected: 'a regular expression' }, (value) =>
    types.isRegExp(value) ? value : undefined,
  );
}

function fn<F extends (...parameters: never[]) => unknown>(signature: string): Spec<F, F> {
  return Spec.leaf({ expected: `a function ${signature}`, text: 'code' }, (value) =>
    // What a function takes and returns cannot be seen from outside.
    typeof value === 'function' ? (value as F) : undefined,
  );
}

function instance<T>(expected: string, is: (value: unknown) => value is T): Spec<T, T> {
  return Spec.leaf({ expected, text: 'code' }, (value) => (is(value) ? value : undefined));
}

function object<const F extends Fields>(fields: F): Spec<OutputOf<F>, InputOf<F>> {
  const sensitive = Object.values(fields).some((field) => field.sensitive);
  const expected = `an object with ${Object.keys(fields).join(', ')}`;
  return Spec.object(fields, { expected, sensitive, text: 'code' }, (value) =>
    isOptionsObject(value) ? value : undefined,
  );
}

function either<const S extends readonly Spec[]>(
  ...specs: S
): Spec<OutputOfSpec<S[number]>, InputOfSpec<S[number]>> {
  const expected = specs.map((spec) => spec.expected).join(' or ');
  const sensitive = specs.some((spec) => spec.sensitive);
  const text = specs.every((spec) => spec.text === specs[0]?.text) ? specs[0]?.text : 'text';
  return Spec.union(specs, { expected, sensitive, text });
}

function literal<const T extends Literal>(value: T): Spec<T, T> {
  return oneOf([value]);
}

function secret(rule: SecretRule = {}): Spec<Secret, SecretValue> {
  const { minLength = 32, acceptWeak = false } = rule;
  const least = acceptWeak ? 1 : minLength;
  const expected = `a secret of at least ${String(least)} character${least === 1 ? '' : 's'}`;
  return Spec.leaf({ expected, sensitive: true, text: 'secret' }, (value, fail) => {
    const parsed = parseSecret(value);
    if (parsed === undefined) return undefined;
    const weakness =
      acceptWeak && parsed.bytes().length > 0 ? undefined : findWeakness(parsed, minLength);
    if (weakness === undefined) return parsed;
    return fail({ code: 'WEAK_SECRET', got: weakness, hint: MAKE_A_SECRET });
  });
}

function trustProxy(): Spec<Trust, TrustProxy> {
  const expected =
    "true, false, a number of proxies, or their addresses ('loopback', '10.0.0.0/8', …)";
  return Spec.leaf({ expected }, (value, fail) => {
    try {
      // compileTrust refuses what is none of its forms, with a TypeError that names the fix.
      return compileTrust(value as TrustProxy);
    } catch (error) {
      return fail({ hint: (error as TypeError).message });
    }
  });
}

function forwarded(): Spec<ForwardedFamily, ForwardedFamily> {
  return oneOf(['x-forwarded', 'forwarded']);
}

function exempt(): Spec<RequestTest, readonly string[] | RequestTest> {
  const paths = Spec.mapped(list(pathSpec, { min: 1 }), compilePaths);
  return either(requestTest, paths);
}

const requestTest: Spec<RequestTest, RequestTest> = Spec.leaf(
  { expected: 'a function (req) => boolean', text: 'code' },
  (value, fail) => {
    // A promise is no `true`: nothing would be exempt, and one that is rejected would end the process.
    if (types.isAsyncFunction(value)) {
      return fail({ hint: 'an async function only promises: answer true or false at once' });
    }
    return typeof value === 'function' ? (value as RequestTest) : undefined;
  },
);

function custom<T, I = T>(expected: string, parse: Parse<T>): Spec<T, I> {
  return Spec.leaf({ expected }, parse);
}

function optional<T, I>(spec: Spec<T, I>): Spec<T | undefined, I | undefined> {
  return Spec.defaulted(spec, () => undefined);
}

function withDefault<T, I>(spec: Spec<T, I>, value: T | (() => T)): Spec<T, I | undefined> {
  return Spec.defaulted(spec, () => copyDefault(value));
}

/** Nothing that one instance does to its default may show in the next: lists and objects are copied. */
function copyDefault(value: unknown): unknown {
  return frozenCopy(typeof value === 'function' ? (value as () => unknown)() : value);
}

/** The words that options are described with. A bare spec is required. */
export interface Vocabulary {
  boolean: typeof boolean;
  /** Text. `expected` completes "expected …"; `check` answers true, false, or a hint. */
  string: typeof string;
  integer: typeof integer;
  number: typeof number;
  /** Seconds out; a number of seconds or `'10m'`, `'14d'`, `'500ms'` in. */
  duration: typeof duration;
  /** Bytes out; a number of bytes or `'1kb'` (1024), `'2mb'` in. */
  bytes: typeof bytes;
  oneOf: typeof oneOf;
  literal: typeof literal;
  /** A frozen copy of the list. `single` also takes a lone item. */
  list: typeof list;
  regexp: typeof regexp;
  /** A function, kept as it is; `signature` completes "expected a function …". */
  fn: typeof fn;
  /** An object that `is` recognises, kept as it is. */
  instance: typeof instance;
  /** A nested object, copied and frozen; unknown names in it are problems. */
  object: typeof object;
  /** The first of the specs that accepts the value. */
  either: typeof either;
  /** A `Secret` out; a text, bytes, a symmetric `KeyObject` or a `Secret` in. */
  secret: typeof secret;
  /** Whose forwarded headers are believed: a compiled function out. */
  trustProxy: typeof trustProxy;
  /** Which family of forwarded headers the proxy manages. */
  forwarded: typeof forwarded;
  /** Requests that a middleware leaves alone: a list of paths or a function in, a function out. */
  exempt: typeof exempt;
  /**
   * Anything else. `parse` answers what the value becomes, or undefined when it is not `expected`,
   * or calls `fail` to say more. What it returns is not frozen.
   */
  custom: typeof custom;
  /** Undefined when not given. */
  optional: typeof optional;
  /** A copy of `value` when not given. A function is called for the default. */
  withDefault: typeof withDefault;
}

export const o: Readonly<Vocabulary> = Object.freeze({
  boolean,
  string,
  integer,
  number,
  duration,
  bytes,
  oneOf,
  literal,
  list,
  regexp,
  fn,
  instance,
  object,
  either,
  secret,
  trustProxy,
  forwarded,
  exempt,
  custom,
  optional,
  withDefault,
});
