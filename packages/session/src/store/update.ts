import { setTimeout as sleep } from 'node:timers/promises';
import { httpError } from '@portcullis/core';
import { difference } from '../data/difference.ts';
import type { ApplyUpdate, SessionRecord, StrategyContext } from '../strategy.ts';
import { hold, keyOf } from './held.ts';
import { createMutex } from './mutex.ts';
import { fieldOf, parseFields } from './record-fields.ts';
import { storeFailed } from './store-error.ts';
import type { StoreAccess } from './access.ts';

/** With pauses that grow to 32 ms, about as long as a deadline. */
const mostAttempts = 100;

/**
 * Makes `update`: reads, applies and writes only if nobody wrote in between, else again.
 *
 * Updates of this process wait for each other first, because each attempt that loses costs two round trips.
 */
export function updateIn({
  store,
  keys,
}: StoreAccess): (
  ctx: StrategyContext,
  record: SessionRecord,
  apply: ApplyUpdate,
) => Promise<SessionRecord> {
  const mutex = createMutex();
  return (ctx, record, apply) => {
    const key = keyOf(keys, ctx, record);
    return mutex.run(key, async () => {
      for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
        const base = await store.get(key);
        const read = base === undefined ? undefined : parseFields(record.id, base);
        if (base === undefined || read === undefined) throw ended();
        const data: Record<string, unknown> = { ...read.data };
        apply(data);
        const text = JSON.stringify(data);
        const { set, removed } = difference(read.text, text);
        const fields: Record<string, string> = Object.create(null);
        for (const [name, value] of set) fields[fieldOf(name)] = value;
        const deleted = removed.map(fieldOf);
        const result = await store.update(base.id, { set: fields, deleted, base, exact: true });
        if (result === 'gone') throw ended();
        if (result === 'ok') {
          hold(ctx, { id: record.id, key: base.id, loaded: undefined, aged: false });
          return { ...read, data, text };
        }
        await sleep(Math.random() * Math.min(2 ** attempt, 32), undefined, { ref: false });
      }
      throw storeFailed('update', new Error('Other processes kept writing the session'));
    });
  };
}

function ended(): Error {
  return httpError(409, 'ERR_PORTCULLIS_SESSION_ENDED', 'The session was ended by another request');
}
