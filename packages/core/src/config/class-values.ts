import { describeGot } from '../options/got.ts';
import { isOptionsObject, isPlainData } from '../options/plain.ts';
import { ConfigError, reasonOf } from './error.ts';

type Constructor = new () => object;

/**
 * The values of a source: an object as it is; of a class its static fields, its getters and the
 * fields of an instance.
 *
 * @throws `ERR_PORTCULLIS_CONFIG` for anything else, and when the class cannot be constructed.
 */
export function valuesOf(value: unknown, source: string): object {
  if (isConstructor(value)) return classValues(value, source);
  if (isOptionsObject(value)) return value;
  const reason = `expected an object or a class, got ${describeGot(value)}`;
  throw new ConfigError([{ code: 'CONFIG_FILE', source, reason }]);
}

/** Whether a value can be a section: an object or a class. */
export function hasValues(value: unknown): boolean {
  return isConstructor(value) || isOptionsObject(value);
}

export function isConstructor(value: unknown): value is Constructor {
  return typeof value === 'function' && typeof value.prototype === 'object';
}

function classValues(constructor: Constructor, source: string): object {
  const chain = ancestry(constructor);
  const statics = chain.map((each) => Object.entries(each));
  let instance: object;
  try {
    instance = new constructor();
  } catch (error) {
    const reason = `cannot be constructed: ${reasonOf(error)}`;
    throw new ConfigError([{ code: 'CONFIG_FILE', source, reason }], { cause: error });
  }
  const getters = chain.flatMap((each) => getterNames(each.prototype));
  const computed = getters.map((name): [string, unknown] => [name, Reflect.get(instance, name)]);
  return Object.fromEntries([...statics.flat(), ...computed, ...Object.entries(instance)]);
}

/** A class and those that it extends, the oldest first. */
function ancestry(constructor: Constructor): readonly Constructor[] {
  const parent: unknown = Object.getPrototypeOf(constructor);
  return isConstructor(parent) ? [...ancestry(parent), constructor] : [constructor];
}

function getterNames(prototype: object): readonly string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([, descriptor]) => descriptor.get !== undefined)
    .map(([name]) => name);
}

/**
 * What a class loses of the objects of the class that it extends: a field replaces a field whole,
 * `cors = { maxAge: 5 }` also the `allowOrigins` of its parent.
 */
export function findDroppedKeys(value: unknown, source: string): readonly string[] {
  if (!isConstructor(value)) return [];
  const parent: unknown = Object.getPrototypeOf(value);
  if (!isConstructor(parent)) return [];
  const own = new Map<string, unknown>(Object.entries(valuesOf(value, source)));
  return Object.entries(valuesOf(parent, source)).flatMap(([key, below]) => {
    const above = own.get(key);
    if (!isPlainData(below) || !isPlainData(above)) return [];
    const kept = Object.keys(above);
    return Object.keys(below)
      .filter((inner) => !kept.includes(inner))
      .map((inner) => `${key}.${inner}`);
  });
}
