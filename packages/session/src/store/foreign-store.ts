import { channel } from 'node:diagnostics_channel';
import { callStore } from './call-store.ts';
import type { ExpressRecord, ExpressStore } from './express-store.ts';
import type { Guard } from './guard.ts';
import { createMutex } from './mutex.ts';
import { createTombstones } from './tombstones.ts';

/** A store written for express-session, made safe to share between the parallel requests of this process. */
export interface ForeignStore {
  /** Whether the store can prolong a session without writing it. */
  readonly canTouch: boolean;
  get(id: string): Promise<ExpressRecord | undefined>;
  create(id: string, record: ExpressRecord): Promise<'ok' | 'gone'>;
  /**
   * Reads the record again, hands it to `merge` and writes what that answers; `undefined` is a conflict and
   * writes nothing. A session that is gone stays gone.
   */
  update(
    id: string,
    merge: (theirs: ExpressRecord) => ExpressRecord | undefined,
  ): Promise<'ok' | 'gone' | 'conflict'>;
  /** Moves a record to a new id; in between nobody writes it. `moved` is called as soon as it is to be found there. */
  rename(
    id: string,
    newId: string,
    move: {
      readonly merge: (theirs: ExpressRecord) => ExpressRecord;
      readonly moved: () => void;
    },
  ): Promise<'ok' | 'gone'>;
  touch(id: string, record: ExpressRecord): Promise<'ok' | 'gone'>;
  destroy(id: string): Promise<void>;
}

const corruptRecords = channel('portcullis:session:corrupt');

/**
 * Gives a store that can only overwrite the manners of one that can update.
 *
 * Writes of one session run one after another, each starting from what is there then. Between processes a window of
 * one round trip remains, because such a store has no way to write only if the record is still there.
 */
export function foreignStore(store: ExpressStore, guard: Guard): ForeignStore {
  const mutex = createMutex();
  const tombstones = createTombstones();

  const load = async (id: string): Promise<ExpressRecord | undefined> => {
    const value = await guard.call('get', () => callStore(store, 'get', [id]).catch(missIfCorrupt));
    return isRecord(value) && !tombstones.has(id) ? value : undefined;
  };

  const write = async (id: string, record: ExpressRecord): Promise<unknown> =>
    guard.call('set', () => {
      const written = callStore(store, 'set', [id, record]);
      // A write that was given up at the deadline may still arrive after the session was destroyed.
      written.then(() => {
        if (tombstones.has(id)) callStore(store, 'destroy', [id]).catch(ignore);
      }, ignore);
      return written;
    });

  const remove = async (id: string): Promise<unknown> =>
    guard.call('destroy', () => callStore(store, 'destroy', [id]));

  const unlessDestroyed = <T extends string>(
    id: string,
    task: () => Promise<T | 'gone'>,
  ): Promise<T | 'gone'> => mutex.run(id, async () => (tombstones.has(id) ? 'gone' : task()));

  return {
    canTouch: typeof store.touch === 'function',
    async get(id) {
      return tombstones.has(id) ? undefined : load(id);
    },
    create(id, record) {
      return unlessDestroyed<'ok'>(id, async () => {
        await write(id, record);
        return 'ok';
      });
    },
    update(id, merge) {
      return unlessDestroyed<'ok' | 'conflict'>(id, async () => {
        const theirs = await load(id);
        if (theirs === undefined) return 'gone';
        const merged = merge(theirs);
        if (merged === undefined) return 'conflict';
        await write(id, merged);
        return 'ok';
      });
    },
    rename(id, newId, { merge, moved }) {
      return unlessDestroyed<'ok'>(id, async () => {
        const theirs = await load(id);
        if (theirs === undefined) return 'gone';
        await write(newId, merge(theirs));
        // Who ended the session while it moved meant this one too.
        if (tombstones.has(id)) {
          await remove(newId);
          return 'gone';
        }
        moved();
        tombstones.add(id);
        await remove(id);
        return 'ok';
      });
    },
    touch(id, record) {
      return unlessDestroyed<'ok'>(id, async () =>
        guard.call('touch', () =>
          callStore(store, 'touch', [id, record]).then(() => 'ok' as const, goneIfNotFound),
        ),
      );
    },
    async destroy(id) {
      tombstones.add(id);
      await mutex.run(id, () => remove(id));
    },
  };
}

function isRecord(value: unknown): value is ExpressRecord {
  return typeof value === 'object' && value !== null;
}

function ignore(): void {}

/** A record that cannot be parsed is lost; to fail on it would lock its owner out until it expires. */
function missIfCorrupt(error: unknown): undefined {
  if (!(isRecord(error) && error['name'] === 'SyntaxError')) throw error;
  if (corruptRecords.hasSubscribers) corruptRecords.publish({});
}

/** connect-mongo reports a touch of a session that is gone as an error (jdesboeufs/connect-mongo#459). */
function goneIfNotFound(error: unknown): 'gone' {
  if (error instanceof Error && /unable to find the session/i.test(error.message)) return 'gone';
  throw error;
}
