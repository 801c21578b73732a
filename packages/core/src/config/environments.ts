import { nearest } from '../options/nearest.ts';
import { hasValues, isConstructor, valuesOf } from './class-values.ts';
import { ConfigError, type ConfigIssue } from './error.ts';
import type { KeyTable } from './keys.ts';
import type { Layer } from './layer.ts';
import { readValues } from './values.ts';

/** The environment that a configuration is loaded for. */
export interface Environment {
  readonly name: string;
  /** Named by the caller or by `PORTCULLIS_ENV`; otherwise it is production. */
  readonly chosen: boolean;
}

/** A source read for one environment: its layers, the lowest first. */
export interface EnvironmentLayers {
  readonly layers: readonly Layer[];
  /** It has a section per environment. */
  readonly sectioned: boolean;
}

const USUAL = ['base', 'development', 'production', 'staging', 'test'];

/** Reads an object or class, which holds values, or `base` and a section per environment. */
export function readEnvironment(
  given: { readonly value: unknown; readonly source: string },
  environment: Environment,
  { table, issues }: { readonly table: KeyTable; readonly issues: ConfigIssue[] },
): EnvironmentLayers {
  const { source } = given;
  const values = valuesOf(given.value, source);
  const sections = new Map<string, unknown>(Object.entries(values));
  if (!USUAL.some((name) => hasValues(sections.get(name)))) {
    return { layers: [readValues(values, { source, table, issues })], sectioned: false };
  }

  refuseUnknown(sections, environment, source);
  const layers: Layer[] = [];
  for (const [name, section] of sections) {
    const place = `${source} [${name}]`;
    const used = name === 'base' || name === environment.name;
    // A mistake in the section for production should show on the desk of its author. A class is
    // constructed only for use, because constructing may need what is not there.
    if (!used && isConstructor(section)) continue;
    const layer = readValues(valuesOf(section, place), { source: place, table, issues });
    if (name === 'base') layers.unshift(layer);
    else if (used) layers.push(layer);
  }
  return { layers, sectioned: true };
}

function refuseUnknown(
  sections: ReadonlyMap<string, unknown>,
  { name, chosen }: Environment,
  source: string,
): void {
  // Production without a section of its own is what `base` says.
  if (sections.has(name) || (name === 'production' && sections.has('base')) || !chosen) return;
  const names = [...sections.keys()].filter((each) => each !== 'base');
  const meant = nearest(name, names);
  throw new ConfigError([
    {
      code: 'CONFIG_ENVIRONMENT',
      source,
      reason: `has no section "${name}"; it has ${names.join(', ')}`,
      hint: meant === undefined ? undefined : `did you mean "${meant}"?`,
    },
  ]);
}
