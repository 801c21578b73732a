import type { SessionRecord } from '../strategy.ts';
import type { LoadedSession, SessionFields } from './store.ts';

/** What we note about a session beside its data, and the key of each note. */
const noteKeys = {
  createdAt: '~c',
  issuedAt: '~i',
  renewedAt: '~r',
  authenticatedAt: '~a',
  generation: '~g',
  transient: '~t',
  flash: '~f',
} as const satisfies Partial<Record<keyof SessionRecord, string>>;

type Note = keyof typeof noteKeys;

const notes = Object.keys(noteKeys) as Note[];

/** Notes of a session of which nobody knows when it began. */
export const timeless: SessionFields = { [noteKeys.createdAt]: '0', [noteKeys.issuedAt]: '0' };
const tilde = 0x7e;

/** A key of the app that begins with `~` gets another one, so that it never reads as a note. */
export function fieldOf(key: string): string {
  return key.charCodeAt(0) === tilde ? `~${key}` : key;
}

/** The app's key of a field, or `undefined` when the field is a note. */
export function keyOfField(field: string): string | undefined {
  if (field.charCodeAt(0) !== tilde) return field;
  return field.charCodeAt(1) === tilde ? field.slice(1) : undefined;
}

/**
 * Sets a field, `__proto__` as well, which assigned would change the object instead. Objects without a prototype need no such
 * care, but V8 copies them slowly: they were a seventh of the cost of a write.
 */
export function setField(fields: Record<string, string>, field: string, text: string): void {
  if (field !== '__proto__') fields[field] = text;
  else
    Object.defineProperty(fields, field, {
      value: text,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/** Everything that is stored of a session. */
export function fieldsOf(record: SessionRecord): SessionFields {
  const fields: Record<string, string> = {};
  for (const [key, value] of Object.entries(record.data)) {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) setField(fields, fieldOf(key), text);
  }
  for (const note of notes) {
    const value = record[note];
    if (value !== undefined) fields[noteKeys[note]] = JSON.stringify(value);
  }
  return fields;
}

/** The notes that differ between two states of a session. */
export function changedNotes(
  previous: SessionRecord,
  next: SessionRecord,
): { readonly set: Record<string, string>; readonly deleted: string[] } {
  const set: Record<string, string> = {};
  const deleted: string[] = [];
  for (const note of notes) {
    if (previous[note] === next[note]) continue;
    if (next[note] === undefined) deleted.push(noteKeys[note]);
    else set[noteKeys[note]] = JSON.stringify(next[note]);
  }
  return { set, deleted };
}

/** Makes a session of what was stored; `undefined` when it cannot be read. */
export function parseFields(id: string, loaded: LoadedSession): SessionRecord | undefined {
  const { fields, userId } = loaded;
  try {
    const text = dataText(fields);
    const data = JSON.parse(text) as Record<string, unknown>; // made of fields, so an object
    return {
      id,
      data,
      text: wholeNumbers.test(text) ? JSON.stringify(data) : text,
      createdAt: timeOf(fields, 'createdAt'),
      issuedAt: timeOf(fields, 'issuedAt'),
      renewedAt: noteOf(fields, 'renewedAt') as number | undefined,
      userId,
      authenticatedAt: noteOf(fields, 'authenticatedAt') as number | undefined,
      generation: noteOf(fields, 'generation') as string | undefined,
      transient: noteOf(fields, 'transient') as boolean | undefined,
      flash: noteOf(fields, 'flash') as SessionRecord['flash'],
    };
  } catch {
    return undefined;
  }
}

/** A key that is a whole number; objects put those first, whatever the order they came in. */
const wholeNumbers = /[{,]"\d+":/;

function dataText(fields: SessionFields): string {
  let text = '{';
  for (const field of Object.keys(fields)) {
    const key = keyOfField(field);
    if (key === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${quoted(key)}:${fields[field]}`;
  }
  return `${text}}`;
}

/** Most keys are words, which need no escaping. */
function quoted(key: string): string {
  return /^\w+$/.test(key) ? `"${key}"` : JSON.stringify(key);
}

function timeOf(fields: SessionFields, note: 'createdAt' | 'issuedAt'): number {
  const time = Number(fields[noteKeys[note]]);
  if (Number.isNaN(time)) throw new TypeError('A stored session has no times');
  return time;
}

/** Only we write notes, so what is there has the type that we gave it. */
function noteOf(fields: SessionFields, note: Note): unknown {
  const text = fields[noteKeys[note]];
  return text === undefined ? undefined : JSON.parse(text);
}
