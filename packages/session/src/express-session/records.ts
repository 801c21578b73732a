import { pending, whenAnswered } from '../store/awaitable.ts';
import type { ExpressRecord } from '../store/express-store.ts';
import type { ForeignStore } from '../store/foreign-store.ts';
import type { Awaitable, SessionFields, SessionStore } from '../store/store.ts';
import type { Cookie } from './cookie.ts';

/** The data of a session by key, each value as JSON text; what later states are compared with. A text of `cookie` is ignored. */
export type Texts = SessionFields;

/** A record as it was read. */
export interface LoadedRecord {
  readonly record: ExpressRecord;
  readonly texts: Texts;
}

/** What a request changed of a record. */
export interface RecordChange {
  /** The whole session as it is now. */
  readonly session: ExpressRecord;
  readonly texts: Texts;
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
}

/** Where the records of express-session live: in a store of either kind. */
export interface Records {
  readonly canTouch: boolean;
  get(id: string): Awaitable<LoadedRecord | undefined>;
  create(id: string, session: ExpressRecord, texts: Texts): Awaitable<'ok' | 'gone'>;
  update(id: string, change: RecordChange): Awaitable<'ok' | 'gone' | 'conflict'>;
  /**
   * Prolongs a session. Answers a promise where the response has to wait, because the store may write the whole record:
   * a session that another process destroys after the response would be back.
   */
  touch(id: string, session: ExpressRecord): Promise<void> | undefined;
  destroy(id: string): Awaitable<void>;
}

/** The texts of a session's data. What JSON drops has none. */
export function textsOf(session: ExpressRecord): Texts {
  const texts: Record<string, string> = {};
  for (const key of Object.keys(session)) {
    if (key === 'cookie') continue;
    const text: string | undefined = JSON.stringify(session[key]);
    if (text !== undefined) texts[key] = text;
  }
  return texts;
}

/** {@link Records} in a store written for express-session. Values that are not JSON reach it, and come back, as they are. */
export function foreignRecords(foreign: ForeignStore): Records {
  return {
    canTouch: foreign.canTouch,
    get: (id) =>
      whenAnswered(foreign.get(id), (record) =>
        record === undefined ? undefined : { record, texts: textsOf(record) },
      ),
    // A copy, because stores write on what they are given.
    create: (id, session) => foreign.create(id, { ...session }),
    update: (id, { session, changed, deleted }) =>
      foreign.update(id, (theirs) => {
        const merged: ExpressRecord = { ...theirs, cookie: session['cookie'] };
        for (const key of changed) merged[key] = session[key];
        for (const key of deleted) delete merged[key];
        return merged;
      }),
    touch: (id, session) => foreign.touch(id, { ...session }).then(ignore),
    destroy: (id) => foreign.destroy(id),
  };
}

function ignore(): void {}

/** A cookie that ends with the browser says nothing about the record; stores keep those for a day. */
const defaultLifetime = 86_400_000;

/** {@link Records} in a store with our interface. */
export function fieldRecords(store: SessionStore): Records {
  const expiryOf = (session: ExpressRecord): number => {
    const { expires } = session['cookie'] as Pick<Cookie, 'expires'>;
    return expires ? Number(new Date(expires)) : Date.now() + defaultLifetime;
  };
  const cookieField = (session: ExpressRecord): SessionFields => ({
    cookie: JSON.stringify(session['cookie']),
  });
  return {
    canTouch: true,
    get: (id) =>
      whenAnswered(store.get(id), (loaded) => {
        if (loaded === undefined) return undefined;
        const { fields: texts } = loaded;
        const record: ExpressRecord = { cookie: {} };
        for (const key of Object.keys(texts)) record[key] = JSON.parse(String(texts[key]));
        return { record, texts };
      }),
    create: (id, session, texts) =>
      store.create(id, {
        fields: { ...texts, ...cookieField(session) },
        expires: expiryOf(session),
      }),
    update(id, { session, texts, changed, deleted }) {
      const set: Record<string, string> = { ...cookieField(session) };
      for (const key of changed) set[key] = String(texts[key]);
      return store.update(id, { set, deleted, expires: expiryOf(session) });
    },
    touch(id, session) {
      try {
        pending(store.touch(id, expiryOf(session), cookieField(session)))?.catch(ignore);
      } catch {
        // The store is left alone for a moment; the session lives on until it expires.
      }
      return undefined;
    },
    destroy: (id) => store.destroy(id),
  };
}
