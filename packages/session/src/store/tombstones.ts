/** Remembers for a while which ids were destroyed here, for stores that cannot tell. */
export interface Tombstones {
  add(id: string): void;
  has(id: string): boolean;
}

/** Longer than a response that was being made when the session was destroyed. */
const lifetime = 60_000;

/** Makes {@link Tombstones}; they cost a Map entry each for a minute, and no timer. */
export function createTombstones(): Tombstones {
  // Every entry lives equally long, so the oldest come first and clearing stops at the first that still counts.
  const buried = new Map<string, number>();
  const clear = (now: number): void => {
    for (const [id, until] of buried) {
      if (until > now) return;
      buried.delete(id);
    }
  };
  return {
    add(id) {
      const now = performance.now();
      clear(now);
      buried.delete(id);
      buried.set(id, now + lifetime);
    },
    has(id) {
      const until = buried.get(id);
      return until !== undefined && until > performance.now();
    },
  };
}
