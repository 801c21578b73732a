import { readFile } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearest } from '../options/nearest.ts';
import { ConfigError } from './error.ts';

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
  try {
    return (await import(pathToFileURL(path).href)) as object;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fileError(source, `cannot be loaded: ${reason}`, error);
  }
}

function pickExport(exports: object, name: string | undefined, source: string): unknown {
  const names = Object.keys(exports).filter(
    (each) => each !== 'default' && each !== 'module.exports',
  );
  if (name === undefined) {
    if ('default' in exports) return exports.default;
    const list =
      names.length === 0 ? '' : `; name one: ${names.map((each) => `#${each}`).join(', ')}`;
    throw fileError(source, `has no default export${list}`);
  }
  const found = new Map<string, unknown>(Object.entries(exports)).get(name);
  if (found !== undefined) return found;
  const meant = nearest(name, names);
  const hint = meant === undefined ? undefined : `did you mean "#${meant}"?`;
  const list = names.length === 0 ? 'nothing' : names.join(', ');
  throw new ConfigError([
    { code: 'CONFIG_FILE', source, reason: `has no export "${name}"; it exports ${list}`, hint },
  ]);
}

function fileError(source: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(
    [{ code: 'CONFIG_FILE', source, reason }],
    cause === undefined ? {} : { cause },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
