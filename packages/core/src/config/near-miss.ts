import { editDistance } from '../options/nearest.ts';
import type { Variables } from './environment.ts';
import type { KeyTable } from './keys.ts';

// Three edits away is another word: every X11 desktop has a SESSION_MANAGER.
const NEAR = 2;

// One end of the name must be right: comparing every variable with every name costs a millisecond
// per variable, and there may be hundreds.
const END = 3;

/** Variables that are hardly meant for somebody else: known names with a letter or two wrong. */
export function findNearMisses(variables: Variables, table: KeyTable): readonly string[] {
  const known = knownNames(table);
  const byEnd = new Map<string, readonly string[]>();
  for (const name of known) {
    for (const end of endsOf(name)) byEnd.set(end, [...(byEnd.get(end) ?? []), name]);
  }
  return [...variables].flatMap(([name, { source }]) => {
    if (known.has(name)) return [];
    const candidates = endsOf(name).flatMap((end) => byEnd.get(end) ?? []);
    const meant = candidates.find((each) => editDistance(name, each, NEAR + 1) <= NEAR);
    if (meant === undefined) return [];
    const variable = source.endsWith(` ${name}`) ? source : `${name} (${source})`;
    return [`${variable} is not read; did you mean ${meant}?`];
  });
}

function knownNames({ keys }: KeyTable): ReadonlySet<string> {
  const names = new Set(['PORTCULLIS_ENV']);
  for (const { variable, form } of keys.values()) {
    if (variable === undefined) continue;
    names.add(variable);
    if (form === 'secret' || form === 'secrets') names.add(`${variable}_FILE`);
  }
  return names;
}

function endsOf(name: string): readonly [head: string, tail: string] {
  return [`${name.slice(0, END)}…`, `…${name.slice(-END)}`];
}
