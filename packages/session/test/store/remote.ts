import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionStore } from '../../src/index.ts';

const methods = [
  'get',
  'create',
  'update',
  'touch',
  'destroy',
  'rename',
  'listByUser',
  'destroyByUser',
] as const;

/** A store that answers later, as one behind a network does, and writes down what it was asked. */
export function remote(store: SessionStore, calls: string[] = []): SessionStore {
  const entries = methods.map((name) => [
    name,
    async (...given: unknown[]) => {
      calls.push(name);
      await sleep(1);
      return (store[name] as (...all: unknown[]) => unknown).apply(store, given);
    },
  ]);
  return Object.fromEntries(entries) as SessionStore;
}
