import type { Fault } from './issue.ts';
import { nearest } from './nearest.ts';

/** A name that is no option. */
export interface Stray extends Fault {
  readonly key: string;
}

export interface Names {
  readonly names: readonly string[];
  readonly aliases?: Readonly<Record<string, string>> | undefined;
  /** Other spellings that a suggestion may answer to: `CORS_MAX_AGE` -> `maxAge`. */
  readonly spellings?: ReadonlyMap<string, string> | undefined;
  /** Names that mean no option of ours -> what to do instead. */
  readonly advice?: ReadonlyMap<string, string> | undefined;
}

export interface ReadOptions {
  /** Every option once, `undefined` when not given; strays under names that no option can have. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Canonical name -> the name that was written, where they differ. */
  readonly written: ReadonlyMap<string, string>;
}

/**
 * Copies an options object, reading every property once, so that a getter or a Proxy cannot show
 * one value to the check and another to the middleware.
 */
export function readOptions(given: object, names: Names): ReadOptions {
  // Without a prototype, so that nobody who has polluted `Object.prototype` adds an option.
  const values = Object.create(null) as Record<string, unknown>;
  const written = new Map<string, string>();
  for (const [index, [key, value]] of Object.entries(given).entries()) {
    if (value === undefined) continue;
    const name = canonical(key, names);
    if (name === undefined) values[`?${String(index)}`] = strayFault(key, names);
    else if (Object.hasOwn(values, name)) {
      values[`?${String(index)}`] = twice(key, written.get(name) ?? name);
    } else {
      values[name] = value;
      if (name !== key) written.set(name, key);
    }
  }
  for (const name of names.names) if (!Object.hasOwn(values, name)) values[name] = undefined;
  return { values, written };
}

function canonical(key: string, { names, aliases }: Names): string | undefined {
  if (names.includes(key)) return key;
  return aliases !== undefined && Object.hasOwn(aliases, key) ? aliases[key] : undefined;
}

function strayFault(key: string, known: Names): Stray {
  return {
    key,
    code: 'UNKNOWN_OPTION',
    message: 'is not an option',
    hint: known.advice?.get(key) ?? didYouMean(key, known),
  };
}

function didYouMean(key: string, { names, aliases = {}, spellings }: Names): string | undefined {
  const meant = spellings?.get(key) ?? nearest(key, [...names, ...Object.keys(aliases)]);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}

function twice(key: string, other: string): Stray {
  return {
    key,
    code: 'CONFLICT',
    message: `means the same as "${other}", which is given too`,
    hint: `keep one of the two`,
  };
}
