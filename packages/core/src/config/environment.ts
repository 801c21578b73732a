import { readFileSync } from 'node:fs';
import { quote } from '../options/got.ts';
import type { ConfigIssue } from './error.ts';
import type { Key, KeyTable } from './keys.ts';
import { type Layer, makeLayer, type Setting } from './layer.ts';
import { type Form, parseText } from './text.ts';

/** A variable of the process or of a `.env` file. */
export interface Variable {
  readonly text: string;
  readonly source: string;
  /** A `.env` file lost the rest of it. */
  readonly cut?: boolean | undefined;
}

export type Variables = ReadonlyMap<string, Variable>;

/** The variables of a process, which is read and never changed. */
export function processVariables(env: Readonly<Record<string, string | undefined>>): Variables {
  const variables = new Map<string, Variable>();
  for (const [name, text] of Object.entries(env)) {
    if (text !== undefined)
      variables.set(name, { text, source: `the environment variable ${name}` });
  }
  return variables;
}

/** Reads the variables that the table knows; all others belong to somebody else. */
export function readVariables(variables: Variables, table: KeyTable, issues: ConfigIssue[]): Layer {
  // A key stands in the table under every spelling; it is read once.
  const settings = [...new Set(table.keys.values())].flatMap((key) => {
    const read = readVariable(key, variables);
    if (read === undefined) return [];
    if ('paths' in read) return [read];
    issues.push(read);
    return [];
  });
  return makeLayer(settings, issues);
}

function readVariable(key: Key, variables: Variables): Setting | ConfigIssue | undefined {
  const { variable: name, form } = key;
  if (name === undefined) return undefined;
  const direct = nonEmpty(variables.get(name));
  const file = isSecret(form) ? nonEmpty(variables.get(`${name}_FILE`)) : undefined;
  if (direct !== undefined && file !== undefined) {
    const reason = `is given beside ${name}`;
    return {
      ...problem('CONFIG_CONFLICT', `${name}_FILE`, file, reason),
      hint: 'keep one of the two',
    };
  }
  if (direct !== undefined) return readText(key, name, direct);
  return file === undefined ? undefined : readSecretFile(key, `${name}_FILE`, file);
}

/** `X=` is how people take a variable back. */
function nonEmpty(variable: Variable | undefined): Variable | undefined {
  return variable?.text === '' && variable.cut !== true ? undefined : variable;
}

function readText(key: Key, name: string, variable: Variable): Setting | ConfigIssue {
  const { text, source, cut = false } = variable;
  if (cut) {
    const hint = 'put the value in quotes, or a space before the "#" of a comment';
    return { ...problem('CONFIG_CUT_VALUE', name, variable, 'is cut at "#"'), hint };
  }
  const value = parseText(key.form, text);
  if (value === undefined) {
    const reason = `expected true or false, got the string ${quote(text)}`;
    return problem('CONFIG_WRONG_TYPE', name, variable, reason);
  }
  if (key.onlyTrue !== undefined && value !== true) {
    return problem('CONFIG_WRONG_TYPE', name, variable, key.onlyTrue);
  }
  return { key: name, paths: key.paths, value, source };
}

function isSecret(form: Form): boolean {
  return form === 'secret' || form === 'secrets';
}

/** The way of Docker and Kubernetes: the variable names a file that holds the secret. */
function readSecretFile(key: Key, name: string, variable: Variable): Setting | ConfigIssue {
  const path = variable.text;
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return problem(
      'CONFIG_SECRET_FILE',
      name,
      variable,
      `names ${quote(path)}, which cannot be read`,
    );
  }
  if (text === '') {
    return problem('CONFIG_SECRET_FILE', name, variable, `names ${quote(path)}, which is empty`);
  }
  return {
    key: name,
    paths: key.paths,
    value: parseText(key.form, text),
    source: `the file ${path}`,
  };
}

function problem(code: string, key: string, { source }: Variable, reason: string): ConfigIssue {
  return { code, source, key, reason };
}
