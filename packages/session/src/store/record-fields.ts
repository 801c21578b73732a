import type { SessionRecord } from '../strategy.ts';
import type { LoadedSession, SessionFields } from './store.ts';

/** What we note about a session beside its data, and the key of each note. */
const noteKeys = {
  createdAt: '~c',
  issuedAt: '~i',
  renewedAt: '~r',
  authenticatedAt: '~a',
  generation: '~g',
  flash: '~f',
} as const satisfies Partial<Record<keyof SessionRecord, string>>;

type Note = keyof typeof noteKeys;

const notes = Object.keys(noteKeys) as Note[];
const tilde = 0x7e;

/** A key of the app that begins with `~` gets another one, so that it never reads as a note. */
export function fieldOf(key: string): string {
  return key.charCodeAt(0) === tilde ? `~${key}` : key;
}

/** Everything that is stored of a session. */
export function fieldsOf(record: SessionRecord): SessionFields {
  const fields: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(record.data)) {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) fields[fieldOf(key)] = text;
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
  const set: Record<string, string> = Object.create(null);
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
  let text = '{';
  let ordered = true;
  for (const key in fields) {
    const first = key.charCodeAt(0);
    const isTilde = first === tilde;
    if (isTilde && key.charCodeAt(1) !== tilde) continue;
    // Objects put whole numbers first, whatever the order they came in.
    if (first >= 0x30 && first <= 0x39) ordered = false;
    const comma = text.length === 1 ? '' : ',';
    text += `${comma}${JSON.stringify(isTilde ? key.slice(1) : key)}:${fields[key]}`;
  }
  text += '}';
  try {
    const data = JSON.parse(text) as Record<string, unknown>; // made of fields, so an object
    return {
      id,
      data,
      text: ordered ? text : JSON.stringify(data),
      userId,
      ...(parseNotes(fields) as Pick<SessionRecord, 'createdAt' | 'issuedAt'>),
    };
  } catch {
    return undefined;
  }
}

function parseNotes(fields: SessionFields): Partial<Record<Note, unknown>> {
  const parsed: Partial<Record<Note, unknown>> = {};
  for (const note of notes) {
    const text = fields[noteKeys[note]];
    if (text !== undefined) parsed[note] = JSON.parse(text);
  }
  if (typeof parsed.createdAt !== 'number' || typeof parsed.issuedAt !== 'number') {
    throw new TypeError('A stored session has no times');
  }
  return parsed;
}
