import { describeGot } from '../options/got.ts';
import { nearest } from '../options/nearest.ts';
import { isOptionsObject, isPlainData } from '../options/plain.ts';
import { parseSecret } from '../options/secret.ts';
import type { ConfigIssue } from './error.ts';
import type { Key, KeyTable, Section } from './keys.ts';
import { type Layer, makeLayer, type Setting } from './layer.ts';

/** The source whose values are read, and what is found wrong with it. */
export interface Reading {
  readonly source: string;
  readonly table: KeyTable;
  readonly issues: ConfigIssue[];
}

/** Reads the values of an object: sections such as `cors: {…}` and flat keys such as `CORS_MAX_AGE`. */
export function readValues(values: object, reading: Reading): Layer {
  const settings = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .flatMap(([key, value]) => readKey(key, value, reading));
  return makeLayer(settings, reading.issues);
}

function readKey(key: string, value: unknown, reading: Reading): readonly Setting[] {
  const { source, table, issues } = reading;
  const section = table.sections.get(key);
  if (section !== undefined) return readSection(section, value, reading);
  const flat = table.keys.get(key);
  if (flat === undefined) {
    const meant = nearest(key, [...table.sections.keys(), ...table.keys.keys()]);
    const hint = meant === undefined ? undefined : `did you mean "${meant}"?`;
    issues.push({ code: 'CONFIG_UNKNOWN_KEY', source, key, reason: 'is not a key', hint });
    return [];
  }
  const fault = faultOf(flat, value);
  if (fault !== undefined) {
    issues.push({ code: 'CONFIG_WRONG_TYPE', source, key, reason: fault });
    return [];
  }
  return [{ key, paths: flat.paths, value: readFlat(flat, value), source }];
}

function readSection(section: Section, value: unknown, reading: Reading): readonly Setting[] {
  const { source, issues } = reading;
  const { name: key, forms } = section;
  if (!isOptionsObject(value)) {
    const got = describeGot(value, Object.values(forms).includes('secret'));
    const reason = `expected an object of options, got ${got}`;
    issues.push({ code: 'CONFIG_WRONG_TYPE', source, key, reason });
    return [];
  }
  return Object.entries(value)
    .filter(([, given]) => given !== undefined)
    .map(([option, given]) => {
      const path = `${key}.${option}`;
      const secret = Object.hasOwn(forms, option) && forms[option]?.startsWith('secret');
      return { key: path, paths: [path], value: secret ? hideSecret(given) : given, source };
    });
}

/** `null` is what a class ported from Python writes for "not set", unless the option knows it. */
function readFlat({ form }: Key, value: unknown): unknown {
  if (value === null) return form === 'lifetime' ? null : undefined;
  return form === 'secret' ? hideSecret(value) : value;
}

/** The few values that core itself reads; all others are the business of the packages. */
function faultOf({ name, onlyTrue }: Key, value: unknown): string | undefined {
  if (value === null) return undefined;
  if (name === 'DEBUG' && typeof value !== 'boolean') {
    return `expected true or false, got ${describeGot(value)}`;
  }
  if (name === 'MIDDLEWARE' && !isFunctionList(value)) {
    return `expected a list of middleware functions, got ${describeGot(value)}`;
  }
  return value === true ? undefined : onlyTrue;
}

function isFunctionList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'function');
}

/** A configuration is printed and logged; its secrets must not come along, not even those in a wrong place. */
function hideSecret(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecret);
  const secret = parseSecret(value);
  if (secret !== undefined || !isPlainData(value)) return secret ?? value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideSecret(item)]));
}
