import { createNotices } from '@portcullis/core';
import { patchFields } from './patch-fields.ts';
import type {
  LoadedSession,
  SessionFields,
  SessionStore,
  StoredSession,
  StorePatch,
  StoreRename,
  StoreUpdate,
} from './store.ts';

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * How many sessions are held at most. A further one pushes out the session that was written
   * longest ago, which logs that user out; the first time is reported.
   *
   * @defaultValue `100_000`
   */
  maxSessions?: number | undefined;
  /**
   * Confirms that one process serves every request, which silences the notice about it.
   *
   * @defaultValue `false`
   */
  singleProcess?: boolean | undefined;
}

/** A {@link SessionStore} in the memory of one process; every answer is immediate. */
export interface MemoryStore extends SessionStore {
  readonly immediate: true;
  get(id: string): LoadedSession | undefined;
  create(id: string, session: StoredSession): 'ok' | 'gone';
  update(id: string, update: StoreUpdate): 'ok' | 'gone' | 'conflict';
  touch(id: string, expires: number, notes: SessionFields): 'ok' | 'gone';
  destroy(id: string): void;
  rename(id: string, newId: string, rename: StoreRename): 'ok' | 'gone';
  listByUser(userId: string): readonly LoadedSession[];
  destroyByUser(userId: string, exceptId?: string): number;
  /** How many sessions are held, expired ones that were not swept yet included. */
  readonly size: number;
  /** Every living session. */
  list(): IterableIterator<LoadedSession>;
  /** Forgets every session. */
  clear(): void;
}

/** Never changed, only replaced, because a request holds on to the record that it loaded. */
interface Live extends LoadedSession {
  readonly kind: 'live';
  readonly userId: string | undefined;
}

/** What is left of an id: nothing may be created there, and within a grace it leads to a new id. */
interface Tombstone {
  readonly kind: 'tombstone';
  readonly expires: number;
  readonly movedTo: string | undefined;
}

/** A late writer is one request behind; a minute covers every response that is still being made. */
const tombstoneLifetime = 60_000;
const sweepInterval = 1_000;
/** About a millisecond of work, measured at 10^6 sessions. */
const sweepBatch = 20_000;

/**
 * Makes a bounded store in the memory of this process.
 *
 * Sessions expire on their own, and one timer, which does not keep the process alive, removes them.
 * They are lost when the process ends, and another process does not see them.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MapStore(options);
}

function patched(live: Live, id: string, patch: StorePatch): Live {
  return {
    kind: 'live',
    id,
    fields: patchFields(live.fields, patch),
    expires: patch.expires ?? live.expires,
    version: live.version + 1,
    userId: patch.userId === undefined ? live.userId : (patch.userId ?? undefined),
  };
}

class MapStore implements MemoryStore {
  readonly immediate = true;
  // In the order of the last write, because the first entry is the one to push out.
  readonly #entries = new Map<string, Live | Tombstone>();
  readonly #users = new Map<string, Set<string>>();
  readonly #maxSessions: number;
  readonly #notices = createNotices();
  #silent: boolean;
  #timer: NodeJS.Timeout | undefined;
  #cursor: IterableIterator<[string, Live | Tombstone]> | undefined;

  constructor(options: MemoryStoreOptions) {
    const { maxSessions = 100_000, singleProcess = false } = options;
    if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
      throw new TypeError(
        `memoryStore: maxSessions must be a positive integer, got ${maxSessions}`,
      );
    }
    this.#maxSessions = maxSessions;
    this.#silent = singleProcess;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): LoadedSession | undefined {
    return this.#live(id);
  }

  create(id: string, session: StoredSession): 'ok' | 'gone' {
    if (this.#entry(id) !== undefined) return 'gone';
    if (!this.#silent) this.#noticeSingleProcess();
    const { fields, expires, userId } = session;
    this.#put(undefined, { kind: 'live', id, fields, expires, version: 1, userId });
    return 'ok';
  }

  update(id: string, update: StoreUpdate): 'ok' | 'gone' | 'conflict' {
    const live = this.#live(id);
    if (live === undefined) return 'gone';
    if (update.exact === true && update.base?.version !== live.version) return 'conflict';
    this.#put(live, patched(live, live.id, update));
    return 'ok';
  }

  touch(id: string, expires: number, notes: SessionFields): 'ok' | 'gone' {
    const live = this.#live(id);
    if (live === undefined) return 'gone';
    this.#put(live, {
      ...live,
      fields: patchFields(live.fields, { set: notes, deleted: [] }),
      expires,
    });
    return 'ok';
  }

  destroy(id: string): void {
    let current: string | undefined = id;
    while (current !== undefined) {
      const entry = this.#entry(current);
      if (entry === undefined) return;
      if (entry.kind === 'live') this.#unindex(entry);
      this.#bury(current, undefined, tombstoneLifetime);
      current = entry.kind === 'live' ? undefined : entry.movedTo;
    }
  }

  rename(id: string, newId: string, rename: StoreRename): 'ok' | 'gone' {
    const live = this.#live(id);
    if (live === undefined || this.#entry(newId) !== undefined) return 'gone';
    this.#unindex(live);
    if (rename.grace > 0) this.#bury(live.id, newId, rename.grace);
    else this.#bury(live.id, undefined, tombstoneLifetime);
    this.#put(undefined, patched(live, newId, rename));
    return 'ok';
  }

  listByUser(userId: string): readonly LoadedSession[] {
    const sessions: LoadedSession[] = [];
    for (const id of this.#users.get(userId) ?? []) {
      const live = this.#live(id);
      if (live !== undefined) sessions.push(live);
    }
    return sessions;
  }

  destroyByUser(userId: string, exceptId?: string): number {
    const sessions = this.listByUser(userId).filter(({ id }) => id !== exceptId);
    for (const { id } of sessions) this.destroy(id);
    return sessions.length;
  }

  *list(): IterableIterator<LoadedSession> {
    for (const id of this.#entries.keys()) {
      const entry = this.#entry(id);
      if (entry?.kind === 'live') yield entry;
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#users.clear();
    this.#stopSweeping();
  }

  #entry(id: string): Live | Tombstone | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.expires > Date.now()) return entry;
    this.#remove(id, entry);
    return undefined;
  }

  #live(id: string): Live | undefined {
    let entry = this.#entry(id);
    while (entry?.kind === 'tombstone') {
      entry = entry.movedTo === undefined ? undefined : this.#entry(entry.movedTo);
    }
    return entry;
  }

  /** Writes to the end of the order, so that the sessions in use are pushed out last. */
  #put(before: Live | undefined, after: Live): void {
    if (before === undefined || before.userId !== after.userId) {
      if (before !== undefined) this.#unindex(before);
      this.#index(after);
    }
    this.#entries.delete(after.id);
    this.#entries.set(after.id, after);
    this.#makeRoom();
    this.#timer ??= setInterval(() => this.#sweep(), sweepInterval).unref();
  }

  #bury(id: string, movedTo: string | undefined, lifetime: number): void {
    this.#entries.set(id, { kind: 'tombstone', expires: Date.now() + lifetime, movedTo });
  }

  #index({ id, userId }: Live): void {
    if (userId === undefined) return;
    const ids = this.#users.get(userId);
    if (ids === undefined) this.#users.set(userId, new Set([id]));
    else ids.add(id);
  }

  #unindex({ id, userId }: Live): void {
    if (userId === undefined) return;
    const ids = this.#users.get(userId);
    ids?.delete(id);
    if (ids?.size === 0) this.#users.delete(userId);
  }

  #remove(id: string, entry: Live | Tombstone): void {
    if (entry.kind === 'live') this.#unindex(entry);
    this.#entries.delete(id);
  }

  #makeRoom(): void {
    if (this.#entries.size <= this.#maxSessions) return;
    const [oldest] = this.#entries;
    /* istanbul ignore if -- a map that is over its bound is not empty */
    if (oldest === undefined) return;
    const [id, entry] = oldest;
    if (entry.kind === 'live' && entry.expires > Date.now()) this.#noticeFull();
    this.#remove(id, entry);
  }

  /** Walks on from where the last batch stopped: a Map's iterator stays valid while entries come and go. */
  #sweep(): void {
    this.#cursor ??= this.#entries.entries();
    const now = Date.now();
    for (let count = 0; count < sweepBatch; count += 1) {
      const step = this.#cursor.next();
      if (step.done === true) {
        this.#cursor = undefined;
        break;
      }
      const [id, entry] = step.value;
      if (entry.expires <= now) this.#remove(id, entry);
    }
    if (this.#entries.size === 0) this.#stopSweeping();
  }

  #stopSweeping(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#cursor = undefined;
  }

  #noticeSingleProcess(): void {
    this.#silent = true;
    this.#notices.once(
      'ERR_PORTCULLIS_SESSION_MEMORY_STORE',
      'Sessions are held in the memory of this process: they end with it, and no other process sees them. ' +
        'Use a shared store such as @portcullis/session-redis, or confirm with memoryStore({ singleProcess: true }).',
    );
  }

  #noticeFull(): void {
    this.#notices.once(
      'ERR_PORTCULLIS_SESSION_MEMORY_FULL',
      `The memory store holds ${this.#maxSessions} sessions and now logs out the ones written longest ago. ` +
        'Raise maxSessions, shorten maxAge, or use a shared store.',
    );
  }
}
