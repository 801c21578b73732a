import { inspect } from 'node:util';
import { nearest } from '../options/nearest.ts';
import { frozenCopy } from '../options/plain.ts';
import { noteSources } from '../options/source.ts';
import type { Middleware } from '../types.ts';
import { ConfigError, type ConfigIssue } from './error.ts';
import type { KeyTable } from './keys.ts';
import { type Assignment, type Layer, mergeLayers } from './layer.ts';
import { type Described, sectionName } from './own-section.ts';
import type { Config, ConfigValues } from './types.ts';
import { readValues } from './values.ts';

/** What a configuration is made of. */
export interface ConfigParts {
  readonly environment: string;
  /** Whether debug is refused: the environment is production by name, not for want of one. */
  readonly guarded: boolean;
  readonly table: KeyTable;
  /** The lowest first. */
  readonly layers: readonly Layer[];
}

/**
 * Makes the configuration from its layers.
 *
 * @throws `ERR_PORTCULLIS_CONFIG` for the problems found so far and those that only the whole shows.
 */
export function makeConfig(parts: ConfigParts, issues: ConfigIssue[]): Config {
  const { environment, table, layers } = parts;
  const set = mergeLayers(layers);
  const debug = set.get('debug');
  if (debug?.value === true && parts.guarded) issues.push(debugInProduction(debug, environment));
  if (issues.length > 0) throw new ConfigError(issues);

  const sections = new Map(
    [...table.sections.keys()].map((name) => [name, makeSection(name, set)]),
  );
  const config = {
    ...Object.fromEntries(sections),
    environment,
    debug: debug?.value === true,
    middleware: frozenCopy(set.get('middleware')?.value ?? []) as readonly Middleware[],
    get(described: Described): object {
      const name = sectionName(described);
      const section = sections.get(name);
      if (section !== undefined) return section;
      throw new TypeError(`The configuration was loaded without "${name}": pass it in definitions`);
    },
    explain: (key?: string) => explain(key, set, table),
    with(values: ConfigValues): Config {
      const more: ConfigIssue[] = [];
      const layer = readValues(values, { source: 'config.with()', table, issues: more });
      return makeConfig({ ...parts, layers: [...layers, layer] }, more);
    },
  };
  // The sections are those of the table, and the five of `Config` always stand in it.
  return Object.freeze(config) as unknown as Config;
}

function debugInProduction({ source }: Assignment, environment: string): ConfigIssue {
  return {
    code: 'CONFIG_DEBUG',
    source,
    key: 'debug',
    reason: `cannot be true in ${environment}: it shows visitors what they must not see`,
    hint: 'name another environment: PORTCULLIS_ENV=development, or loadConfig(…, { environment })',
  };
}

function makeSection(name: string, set: Layer): object {
  const options: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  for (const [path, { value, source }] of set) {
    if (!path.startsWith(`${name}.`) || value === undefined) continue;
    const option = path.slice(name.length + 1);
    // Not an assignment, which `__proto__` would make something else of; the factory refuses it.
    Object.defineProperty(options, option, { value: frozenCopy(value), enumerable: true });
    sources.set(option, source);
  }
  noteSources(options, sources);
  return Object.freeze(options);
}

function explain(key: string | undefined, set: Layer, table: KeyTable): string {
  if (key !== undefined) {
    return pathsOf(key, set, table)
      .map((path) => explainPath(path, set.get(path)))
      .join('\n');
  }
  return [...set].map(([path, assignment]) => explainPath(path, assignment)).join('\n');
}

function explainPath(path: string, assignment: Assignment | undefined): string {
  if (assignment?.value === undefined) return `${path} is not set: the default applies`;
  const value = inspect(assignment.value, { depth: 3, breakLength: Infinity });
  return `${path} = ${value} (from ${assignment.source})`;
}

function pathsOf(key: string, set: Layer, { keys, sections }: KeyTable): readonly string[] {
  const known = keys.get(key)?.paths;
  if (known !== undefined) return known;
  const paths = [...new Set([...[...keys.values()].flatMap(({ paths }) => paths), ...set.keys()])];
  if (paths.includes(key)) return [key];
  if (sections.has(key)) return [...set.keys()].filter((path) => path.startsWith(`${key}.`));
  const meant = nearest(key, [...paths, ...keys.keys(), ...sections.keys()]);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  throw new TypeError(`The configuration has no key "${key}"${hint}`);
}
