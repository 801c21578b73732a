import type { ExpressRecord, ExpressStore } from '../../src/store/express-store.ts';

/** A store as plain as express-session allows: it keeps JSON, answers late, and knows nothing of other writers. */
export interface PlainStore extends ExpressStore {
  readonly records: Map<string, string>;
  readonly calls: string[];
}

export function plainStore(delay = 1, calls: string[] = []): PlainStore {
  const records = new Map<string, string>();
  const later = (
    callback: ((...answer: never[]) => void) | undefined,
    run: () => unknown,
  ): void => {
    setTimeout(
      () => (callback as ((...answer: unknown[]) => void) | undefined)?.(null, run()),
      delay,
    );
  };
  return {
    records,
    calls,
    get(id, callback) {
      calls.push('get');
      later(callback, () => parse(records.get(id)));
    },
    set(id, record, callback) {
      calls.push('set');
      const text = JSON.stringify(record);
      later(callback, () => void records.set(id, text));
    },
    touch(id, record, callback) {
      calls.push('touch');
      later(callback, () => {
        const stored = parse(records.get(id));
        if (stored === undefined) return;
        stored['cookie'] = (record as ExpressRecord)['cookie'];
        records.set(id, JSON.stringify(stored));
      });
    },
    destroy(id, callback) {
      calls.push('destroy');
      later(callback, () => void records.delete(id));
    },
  };
}

function parse(text: string | undefined): ExpressRecord | undefined {
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as ExpressRecord;
  const { expires } = (record['cookie'] ?? {}) as { expires?: string };
  return expires !== undefined && Date.parse(expires) <= Date.now() ? undefined : record;
}
