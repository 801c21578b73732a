/** Runs tasks of one key one after another, and those of different keys side by side. */
export interface Mutex {
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
}

/** Makes a {@link Mutex} that remembers a key only while a task of it runs or waits. */
export function createMutex(): Mutex {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async run(key, task) {
      const before = tails.get(key);
      const turn = before === undefined ? task() : before.then(task, task);
      tails.set(key, turn);
      try {
        return await turn;
      } finally {
        if (tails.get(key) === turn) tails.delete(key);
      }
    },
  };
}
