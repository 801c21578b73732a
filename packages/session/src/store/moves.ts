/** Leads from the ids of renamed sessions to their new ones, for stores that cannot. */
export interface Moves {
  /** @param grace - Milliseconds; `0` leads nowhere. */
  add(id: string, newId: string, grace: number): void;
  follow(id: string): string;
  /** Asks a store where the session is now, and again if it was renamed while the store looked for it. */
  ask<T>(id: string, ask: (at: string) => Promise<T>): Promise<T>;
  /** How many are remembered, ended ones that were not removed yet included. */
  readonly size: number;
}

const leastCleared = 1_000;

/** Makes {@link Moves}, known to this process alone. */
export function createMoves(): Moves {
  const moves = new Map<string, { readonly newId: string; readonly until: number }>();
  // Looked through only when they have doubled, because once for each of 10^5 renames takes minutes.
  let clearAt = leastCleared;
  const clear = (now: number): void => {
    for (const [old, { until }] of moves) if (until <= now) moves.delete(old);
    clearAt = Math.max(leastCleared, moves.size * 2);
  };
  const follow = (id: string): string => {
    let current = id;
    for (;;) {
      const move = moves.get(current);
      if (move === undefined || move.until <= performance.now()) return current;
      current = move.newId;
    }
  };
  return {
    get size() {
      return moves.size;
    },
    add(id, newId, grace) {
      if (grace <= 0) return;
      const now = performance.now();
      if (moves.size >= clearAt) clear(now);
      moves.set(id, { newId, until: now + grace });
    },
    follow,
    async ask(id, ask) {
      for (let at = follow(id); ;) {
        const answer = await ask(at);
        const now = follow(at);
        if (now === at || (answer !== undefined && answer !== 'gone')) return answer;
        at = now;
      }
    },
  };
}
