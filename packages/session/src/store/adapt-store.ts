import { channel } from 'node:diagnostics_channel';
import { httpError } from '@portcullis/core';
import { Cookie } from '../express-session/cookie.ts';
import type { ExpressRecord } from './express-store.ts';
import type { ForeignStore } from './foreign-store.ts';
import { createMoves } from './moves.ts';
import { patchFields } from './patch-fields.ts';
import type { LoadedSession, SessionFields, SessionStore, StoredSession } from './store.ts';
import type { StorePatch, StoreUpdate } from './store.ts';

/** Where a record keeps our notes, in one place, because express-session shows them to the app as data. */
const notesKey = '__portcullis';
const userNote = 'user';

const conflicts = channel('portcullis:session:conflict');

/**
 * Makes a store written for express-session usable as a {@link SessionStore}.
 *
 * A session is prolonged by writing it, not with the store's `touch`: several stores move only their own
 * expiry there, and what the record says must stay true.
 */
export function adaptStore(foreign: ForeignStore): SessionStore {
  const moves = createMoves();

  const change = (
    id: string,
    merge: (theirs: LoadedSession) => StoredSession | undefined,
  ): Promise<'ok' | 'gone' | 'conflict'> =>
    moves.ask(id, (at) =>
      foreign.update(at, (record) => {
        const merged = merge(toSession(at, record));
        return merged && toRecord(merged);
      }),
    );

  return {
    get: (id) =>
      moves.ask(id, async (at) => {
        const record = await foreign.get(at);
        return record && toSession(at, record);
      }),
    create: (id, session) => foreign.create(id, toRecord(session)),
    update: (id, update) =>
      change(id, (theirs) => {
        const conflict = conflictingKey(theirs.fields, update);
        if (conflict === undefined) return patched(theirs, update);
        if (update.exact === true) return undefined;
        if (conflicts.hasSubscribers) conflicts.publish({ key: conflict });
        return patched(theirs, update);
      }),
    async touch(id, expires, notes) {
      const patch = { set: notes, deleted: [], expires };
      const result = await change(id, (theirs) => patched(theirs, patch));
      return result === 'ok' ? 'ok' : 'gone';
    },
    destroy: (id) => foreign.destroy(moves.follow(id)),
    rename: (id, newId, rename) =>
      moves.ask(id, (from) =>
        foreign.rename(from, newId, {
          merge: (record) => toRecord(patched(toSession(from, record), rename)),
          moved: () => moves.add(from, newId, rename.grace),
        }),
      ),
    listByUser: cannotList,
    destroyByUser: cannotList,
  };
}

function cannotList(): Promise<never> {
  return Promise.reject(
    httpError(
      500,
      'ERR_PORTCULLIS_SESSION_STORE_WITHOUT_USERS',
      'A store written for express-session cannot find the sessions of a user: use memoryStore() or @portcullis/session-redis',
    ),
  );
}

/** The first key of which the store holds something else than was read when the update was computed. */
function conflictingKey(theirs: SessionFields, update: StoreUpdate): string | undefined {
  if (update.base === undefined) return undefined;
  const base = update.base.fields;
  const written = [...Object.keys(update.set), ...update.deleted];
  const keys =
    update.exact === true ? [...Object.keys(base), ...Object.keys(theirs), ...written] : written;
  return keys.find(
    (key) => base[key] !== theirs[key] && !(key.startsWith('~') && update.exact !== true),
  );
}

function patched(session: StoredSession, patch: StorePatch): StoredSession {
  return {
    fields: patchFields(session.fields, patch),
    expires: patch.expires ?? session.expires,
    userId: patch.userId === undefined ? session.userId : (patch.userId ?? undefined),
  };
}

function toRecord(session: StoredSession): ExpressRecord {
  const record: ExpressRecord = { cookie: cookieUntil(session.expires) };
  const notes: Record<string, unknown> = {};
  if (session.userId !== undefined) notes[userNote] = session.userId;
  for (const [key, text] of Object.entries(session.fields)) {
    if (isNote(key)) notes[key] = JSON.parse(text);
    else define(record, key, JSON.parse(text));
  }
  record[notesKey] = notes;
  return record;
}

function toSession(id: string, record: ExpressRecord): LoadedSession {
  const fields: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(record)) {
    if (key !== 'cookie' && key !== notesKey) setText(fields, key, value);
  }
  const notes = (record[notesKey] ?? {}) as Readonly<Record<string, unknown>>;
  for (const [key, value] of Object.entries(notes)) {
    if (isNote(key)) setText(fields, key, value);
  }
  const userId = notes[userNote];
  return {
    id,
    version: 0,
    fields,
    expires: expiryOf(record['cookie']),
    userId: typeof userId === 'string' ? userId : undefined,
  };
}

function isNote(key: string): boolean {
  return key.startsWith('~') && !key.startsWith('~~');
}

function setText(fields: Record<string, string>, key: string, value: unknown): void {
  const text: string | undefined = JSON.stringify(value);
  if (text !== undefined) fields[key] = text;
}

/** `record.__proto__ = value` would set the prototype instead of a key. */
function define(record: ExpressRecord, key: string, value: unknown): void {
  Object.defineProperty(record, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** Stores read how long a record lives from `cookie.expires`, `cookie.maxAge` or `cookie.originalMaxAge`. */
function cookieUntil(expires: number): Cookie {
  return new Cookie({ maxAge: expires === Infinity ? null : expires - Date.now() });
}

function expiryOf(cookie: unknown): number {
  const expires = (cookie as { expires?: unknown } | undefined)?.expires;
  const time =
    typeof expires === 'string' || expires instanceof Date ? Number(new Date(expires)) : NaN;
  return Number.isNaN(time) ? Infinity : time;
}
