import { isTimeout } from './store-error.ts';

/** Runs tasks of one key one after another, and those of different keys side by side. */
export interface Mutex {
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
}

/**
 * Makes a {@link Mutex} that remembers a key only while a task of it runs or waits.
 *
 * When a task ran into the deadline, those that wait for it fail with it: one deadline each, one after the other, would keep the
 * last of a hundred for minutes.
 */
export function createMutex(): Mutex {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async run(key, task) {
      const before = tails.get(key);
      const turn = before === undefined ? task() : before.then(task, unlessTimedOut(task));
      tails.set(key, turn);
      try {
        return await turn;
      } finally {
        if (tails.get(key) === turn) tails.delete(key);
      }
    },
  };
}

function unlessTimedOut<T>(task: () => Promise<T>): (error: unknown) => Promise<T> {
  return (error) => (isTimeout(error) ? Promise.reject(error as Error) : task());
}
