import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearest } from '../options/nearest.ts';
import { ConfigError, reasonOf } from './error.ts';

/** What a file holds, and how to speak of it. */
export interface LoadedFile {
  readonly value: unknown;
  /** `./config.mjs#DevelopmentConfig` */
  readonly source: string;
}

/**
 * Loads exactly the file that is named: nothing is searched, because a server must not pick up a
 * file from a folder above it.
 */
export async function loadFile(spec: string | URL): Promise<LoadedFile> {
  const [path, name] = splitSpec(spec);
  const shown = showPath(path);
  const source = name === undefined ? shown : `${shown}#${name}`;
  if (path.endsWith('.json')) return { value: await readJson(path, shown), source };
  const exports = await importModule(path, shown);
  return { value: pickExport(exports, name, shown), source };
}

function splitSpec(spec: string | URL): readonly [path: string, name: string | undefined] {
  const text = String(spec);
  const hash = text.lastIndexOf('#');
  const file = hash === -1 ? text : text.slice(0, hash);
  const path = file.startsWith('file:') ? fileURLToPath(file) : resolve(file);
  return [path, hash === -1 ? undefined : text.slice(hash + 1)];
}

function showPath(path: string): string {
  const local = relative(process.cwd(), path);
  return local.startsWith('..') || isAbsolute(local) ? path : `./${local.replaceAll('\\', '/')}`;
}

async function readJson(path: string, source: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileError(source, `cannot be read (${codeOf(error)})`);
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // Not the parser's words and not the error as cause: both quote the file, secrets included.
    throw fileError(source, `is not valid JSON${placeOf(error, text)}`);
  }
}

function placeOf(error: unknown, text: string): string {
  const position = /at position (\d+)/.exec(String(error))?.[1];
  if (position === undefined) return '';
  return ` (line ${String(text.slice(0, Number(position)).split('\n').length)})`;
}

async function importModule(path: string, source: string): Promise<object> {
  // Named first: TypeScript 7.0 forgets to rewrite an imported name inside `import(...)` when it emits CommonJS.
  const { href } = pathToFileURL(path);
  try {
    return (await import(href)) as object;
  } catch (error) {
    // Node's own words name the module that imports, which is this one.
    const reason = existsSync(path)
      ? `cannot be loaded: ${reasonOf(error)}`
      : 'cannot be read (ENOENT)';
    throw fileError(source, reason, error);
  }
}

function pickExport(exports: object, name: string | undefined, source: string): unknown {
  const named = new Map<string, unknown>(Object.entries(exports));
  for (const plumbing of ['__esModule', 'module.exports']) named.delete(plumbing);
  if (name === undefined && named.has('default')) return unwrapDefault(named.get('default'));
  if (name !== undefined && named.has(name)) return named.get(name);
  named.delete('default');
  const names = [...named.keys()];
  const list = names.map((each) => `#${each}`).join(', ') || 'nothing';
  const reason = `has no ${name === undefined ? 'default export' : `export "${name}"`}`;
  const meant = nearest(name ?? '', names);
  const hint = meant === undefined ? undefined : `did you mean "#${meant}"?`;
  throw new ConfigError([
    { code: 'CONFIG_FILE', source, reason: `${reason}; it exports ${list}`, hint },
  ]);
}

/** What `export default` becomes in a CommonJS module that a compiler wrote. */
function unwrapDefault(value: unknown): unknown {
  const isCompiled =
    typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value;
  return isCompiled ? value.default : value;
}

function fileError(source: string, reason: string, cause?: unknown): ConfigError {
  const issue = { code: 'CONFIG_FILE', source, reason };
  return new ConfigError([issue], cause === undefined ? {} : { cause });
}

function codeOf(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  /* istanbul ignore next -- every error of `readFile` has a code */
  return hasCode ? String(error.code) : 'unknown reason';
}
