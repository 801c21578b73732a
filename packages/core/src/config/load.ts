import { findDroppedKeys } from './class-values.ts';
import { type ConfigParts, makeConfig } from './config.ts';
import { type EnvFile, readEnvFile } from './env-file.ts';
import { processVariables, readVariables, type Variables } from './environment.ts';
import { findNearMisses } from './near-miss.ts';
import { type Environment, readEnvironment } from './environments.ts';
import type { ConfigIssue } from './error.ts';
import { createKeyTable } from './keys.ts';
import { type LoadedFile, loadFile } from './module-file.ts';
import { type Described, ownSection } from './own-section.ts';
import type { Config, ConfigClass, ConfigSections, ConfigValues } from './types.ts';

/** Options of {@link loadConfig}. */
export interface LoadConfigOptions {
  /** Which section to take. Default `PORTCULLIS_ENV`, and `'production'` without it. */
  readonly environment?: string | undefined;
  /**
   * `.env` files to read, the strongest first: `['.env.local', '.env']`. Default none. A file that
   * is named must exist, unless `{ path, optional: true }` says otherwise.
   */
  readonly envFile?: string | EnvFile | readonly (string | EnvFile)[] | undefined;
  /** The variables to read instead of `process.env`, which is never changed. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Your own middleware with options in the configuration, for `config.get()`. */
  readonly definitions?: readonly Described[] | undefined;
}

/**
 * Loads a configuration: `'./config.mjs'` (its default export), `'./config.mjs#Name'`, a JSON
 * file, an object or a class.
 *
 * From strong to weak: `process.env`, the `.env` files in their order, the section of the
 * environment or the class, `base`. Whatever is not set is left to the factories' defaults.
 *
 * @throws `ERR_PORTCULLIS_CONFIG` for everything that is wrong, together; a file that cannot be
 * loaded comes alone.
 */
export async function loadConfig(
  from: string | URL | ConfigClass | ConfigSections | ConfigValues,
  options: LoadConfigOptions = {},
): Promise<Config> {
  const issues: ConfigIssue[] = [];
  const table = createKeyTable((options.definitions ?? []).map((each) => ownSection(each)));
  const given = await loadSource(from);
  const sources = variableSources(options, issues);
  const environment = resolveEnvironment(options, sources);
  const { layers, sectioned } = readEnvironment(given, environment, { table, issues });
  const variables = sources.map((source) => readVariables(source, table, issues));

  const config = makeConfig(
    {
      environment: environment.name,
      // A class or a flat object that nobody gave a name to is not called production.
      guarded: environment.name === 'production' && (environment.chosen || sectioned),
      table,
      layers: [...layers, ...variables.reverse()],
    } satisfies ConfigParts,
    issues,
  );
  const nearMisses = sources.flatMap((source) => findNearMisses(source, table));
  if (nearMisses.length > 0) warn('ERR_PORTCULLIS_CONFIG_UNKNOWN_VARIABLE', nearMisses.join('; '));
  const dropped = config.debug ? findDroppedKeys(given.value, given.source) : [];
  if (dropped.length > 0) {
    const advice = 'a field of a class replaces the field of its parent whole; use flat names';
    warn(
      'ERR_PORTCULLIS_CONFIG_DROPPED_KEYS',
      `${given.source} drops ${dropped.join(', ')}: ${advice}`,
    );
  }
  return config;
}

function warn(code: string, message: string): void {
  process.emitWarning(message, { type: 'PortcullisWarning', code });
}

async function loadSource(from: unknown): Promise<LoadedFile> {
  if (typeof from === 'string' || from instanceof URL) return loadFile(from);
  if (typeof from === 'function') return { value: from, source: `class ${from.name}` };
  return { value: from, source: 'the configuration object' };
}

/** The places that variables are read from, the strongest first. */
function variableSources(
  { env = process.env, envFile = [] }: LoadConfigOptions,
  issues: ConfigIssue[],
): Variables[] {
  const files = Array.isArray(envFile) ? envFile : [envFile];
  return [
    processVariables(env),
    ...files.map((file: string | EnvFile) =>
      readEnvFile(typeof file === 'string' ? { path: file } : file, issues),
    ),
  ];
}

function resolveEnvironment(
  { environment }: LoadConfigOptions,
  sources: readonly Variables[],
): Environment {
  const variable = sources.map((source) => source.get('PORTCULLIS_ENV')?.text).find(Boolean);
  const name = environment ?? variable;
  return { name: name ?? 'production', chosen: name !== undefined };
}
