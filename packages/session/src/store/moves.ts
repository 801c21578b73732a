/** Leads from the ids of renamed sessions to their new ones, for stores that cannot. */
export interface Moves {
  /** @param grace - Milliseconds; `0` leads nowhere. */
  add(id: string, newId: string, grace: number): void;
  follow(id: string): string;
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
    follow(id) {
      let current = id;
      for (;;) {
        const move = moves.get(current);
        if (move === undefined || move.until <= performance.now()) return current;
        current = move.newId;
      }
    },
  };
}
