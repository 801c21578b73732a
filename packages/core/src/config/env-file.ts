import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { ConfigIssue } from './error.ts';

/** One variable of a `.env` file. */
export interface EnvFileValue {
  readonly text: string;
  /** `.env:3` */
  readonly source: string;
  /** An unquoted `#` without a space before it ended the value, and hardly on purpose. */
  readonly cut?: boolean | undefined;
}

/** A `.env` file that need not exist, or must. */
export interface EnvFile {
  readonly path: string;
  /** Default false: a file that is named and missing is an error. */
  readonly optional?: boolean | undefined;
}

interface Line {
  readonly number: number;
  readonly cut: boolean;
}

/** Reads a `.env` file; the values go nowhere else, and never into `process.env`. */
export function readEnvFile(
  { path, optional = false }: EnvFile,
  issues: ConfigIssue[],
): ReadonlyMap<string, EnvFileValue> {
  const content = readText(path);
  if (content === undefined) {
    if (!optional) issues.push({ code: 'CONFIG_FILE', source: path, reason: 'cannot be read' });
    return new Map();
  }
  // A byte order mark would become part of the first name.
  const text = content.replace(/^\uFEFF/, '');
  const lines = findLines(text);
  return new Map(
    Object.entries(parseEnv(text)).map(([name, value]) => {
      const line = lines.get(name);
      const source = line === undefined ? path : `${path}:${String(line.number)}`;
      return [name, { text: String(value), source, cut: line?.cut }];
    }),
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)\s*=([^\S\n]*)(.*)$/;

/** `parseEnv` knows the values but not the lines; the last line with a name counts, as it does there. */
function findLines(text: string): ReadonlyMap<string, Line> {
  const lines = text.split(/\r?\n/);
  const found = new Map<string, Line>();
  let last = -1;
  for (const [at, line] of lines.entries()) {
    const match = at > last ? ASSIGNMENT.exec(line) : null;
    if (match === null) continue;
    const value = String(match[3]);
    found.set(String(match[1]), { number: at + 1, cut: isCut(value, String(match[2])) });
    last = lastLineOf(value, lines, at);
  }
  return found;
}

/** A quoted value ends where its quote does; without an end it is one line. */
function lastLineOf(value: string, lines: readonly string[], at: number): number {
  const quote = value.charAt(0);
  if (!isQuote(quote) || value.indexOf(quote, 1) !== -1) return at;
  const end = lines.findIndex((line, index) => index > at && line.includes(quote));
  return end === -1 ? at : end;
}

function isCut(value: string, space: string): boolean {
  if (isQuote(value.charAt(0))) return false;
  const at = value.indexOf('#');
  return at === 0 ? space === '' : at > 0 && !/\s/.test(value.charAt(at - 1));
}

function isQuote(character: string): boolean {
  return character === '"' || character === "'" || character === '`';
}
