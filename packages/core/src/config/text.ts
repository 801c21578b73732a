import { Secret } from '../options/secret.ts';

/** How the text of an environment variable becomes a value. */
export type Form =
  | 'text'
  | 'boolean'
  /** A boolean, or a word that the package knows. */
  | 'flag'
  /** A number, or text with a unit that the package knows. */
  | 'number'
  /** A number or text with a unit; `null`, in text also "none", is a value of its own. */
  | 'lifetime'
  | 'list'
  /** A list that semicolons and spaces divide too: neither can be part of a host. */
  | 'hosts'
  /** Whose forwarded headers are believed: `1` is one proxy, not "true". */
  | 'trust'
  | 'secret'
  /** A list of secrets. */
  | 'secrets'
  /** Cannot be written as text. */
  | 'code';

const TRUE = /^(?:true|1|yes|on)$/i;
const NONE = /^(?:null|none)$/i;
const FALSE = /^(?:false|0|no|off)$/i;

const PARSERS: Readonly<Record<Form, (text: string) => unknown>> = {
  text: asIs,
  boolean: parseBoolean,
  flag: (text) => parseBoolean(text) ?? text,
  number: (text) => parseNumber(text) ?? text,
  lifetime: (text) => (NONE.test(text) ? null : (parseNumber(text) ?? text)),
  list: (text) => parseList(text, /,/),
  hosts: (text) => parseList(text, /[,;\s]/),
  trust: (text) => parseNumber(text) ?? parseBoolean(text) ?? text,
  secret: parseSecrets,
  secrets: (text) => [parseSecrets(text)].flat(),
  code: asIs,
};

/** Reads text; undefined when it cannot be a value of this form. */
export function parseText(form: Form, text: string): unknown {
  return PARSERS[form](text);
}

function asIs(text: string): string {
  return text;
}

function parseBoolean(text: string): boolean | undefined {
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : undefined;
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** `["new","old"]` is a list of secrets; a comma may be part of one, so that it divides nothing. */
function parseSecrets(text: string): Secret | readonly Secret[] {
  const list = parseJsonList(text);
  return list === undefined ? Secret.from(text) : list.map((each) => Secret.from(String(each)));
}

function parseList(text: string, divider: RegExp): readonly unknown[] {
  return parseJsonList(text) ?? splitList(text, divider);
}

function parseJsonList(text: string): readonly unknown[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    // What starts with a bracket and is JSON is a list.
    return JSON.parse(text) as unknown[];
  } catch {
    // `[::1],localhost` is a list of hosts.
    return undefined;
  }
}

/** Divides at dividers outside of double quotes; drops empty items. */
function splitList(text: string, divider: RegExp): readonly string[] {
  const items: string[] = [];
  let item = '';
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && divider.test(character)) {
      items.push(item);
      item = '';
    } else item += character;
  }
  return [...items, item].map((each) => each.trim()).filter((each) => each !== '');
}
