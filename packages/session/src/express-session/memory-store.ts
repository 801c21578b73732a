import type { ExpressRecord, ExpressStore } from '../store/express-store.ts';
import { memoryStore, type MemoryStore as InnerStore } from '../store/memory.ts';
import { fieldRecords, textsOf, type Records } from './records.ts';
import { Store } from './store.ts';

type Callback<T> = (error: unknown, value?: T) => void;

/** The store in memory: bounded, and sessions in it expire. */
export interface MemoryStore extends Store {
  get(id: string, callback: Callback<ExpressRecord>): void;
  set(id: string, record: ExpressRecord, callback?: Callback<never>): void;
  touch(id: string, record: ExpressRecord, callback?: Callback<never>): void;
  destroy(id: string, callback?: Callback<never>): void;
  all(callback: Callback<Record<string, ExpressRecord>>): void;
  length(callback: Callback<number>): void;
  clear(callback?: Callback<never>): void;
}

interface MemoryStoreConstructor {
  new (): MemoryStore;
  (this: object): void;
  readonly prototype: MemoryStore;
}

const innerKey = Symbol('inner');

interface WithInner {
  readonly [innerKey]: { readonly sessions: InnerStore; readonly records: Records };
}

/** What a {@link MemoryStore} holds, for use without its callbacks; `undefined` for any other store. */
export function recordsInMemory(store: object): Records | undefined {
  return (store as Partial<WithInner>)[innerKey]?.records;
}

/** Whether the four methods are ours still: a subclass, a test or a tracer may put its own in their place, at any time. */
export function hasOwnMethods(store: ExpressStore): boolean {
  return (
    store.get === methods.get &&
    store.set === methods.set &&
    store.touch === methods.touch &&
    store.destroy === methods.destroy
  );
}

// A function, as in express-session, so that `MemoryStore.call(this)` works.
export const MemoryStore: MemoryStoreConstructor = function MemoryStore(this: MemoryStore): void {
  Store.call(this);
  const sessions = memoryStore({ singleProcess: true });
  Object.defineProperty(this, innerKey, { value: { sessions, records: fieldRecords(sessions) } });
} as unknown as MemoryStoreConstructor;

Object.setPrototypeOf(MemoryStore.prototype, Store.prototype);
Object.setPrototypeOf(MemoryStore, Store);

function later<T>(callback: Callback<T> | undefined, value?: T): void {
  if (callback !== undefined) setImmediate(callback, null, value);
}

const methods = {
  get(this: MemoryStore & WithInner, id, callback) {
    later(callback, recordOf(this, id));
  },
  set(this: MemoryStore & WithInner, id, record, callback) {
    const { records, sessions } = this[innerKey];
    const texts = textsOf(record);
    const before = Object.keys(sessions.get(id)?.fields ?? {});
    const deleted = before.filter((key) => key !== 'cookie' && !Object.hasOwn(texts, key));
    const changed = Object.keys(texts);
    const updated = records.update(id, { session: withCookie(record), texts, changed, deleted });
    if (updated === 'gone') void records.create(id, withCookie(record), texts);
    later(callback);
  },
  touch(this: MemoryStore & WithInner, id, record, callback) {
    void this[innerKey].records.touch(id, withCookie(record));
    later(callback);
  },
  destroy(this: MemoryStore & WithInner, id, callback) {
    this[innerKey].sessions.destroy(id);
    later(callback);
  },
  all(this: MemoryStore & WithInner, callback) {
    const all: Record<string, ExpressRecord> = Object.create(null);
    for (const { id } of this[innerKey].sessions.list()) {
      all[id] = recordOf(this, id) as ExpressRecord; // it was there a moment ago
    }
    later(callback, all);
  },
  length(this: MemoryStore & WithInner, callback) {
    later(callback, [...this[innerKey].sessions.list()].length);
  },
  clear(this: MemoryStore & WithInner, callback) {
    this[innerKey].sessions.clear();
    later(callback);
  },
} satisfies Partial<MemoryStore>;

Object.assign(MemoryStore.prototype, methods);

function recordOf(store: WithInner, id: string): ExpressRecord | undefined {
  // In memory every answer is there at once.
  const loaded = store[innerKey].records.get(id) as { record: ExpressRecord } | undefined;
  return loaded?.record;
}

function withCookie(record: ExpressRecord): ExpressRecord {
  return record['cookie'] === undefined ? { ...record, cookie: {} } : record;
}
