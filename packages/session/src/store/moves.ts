/** Leads from the ids of renamed sessions to their new ones, for stores that cannot. */
export interface Moves {
  /** @param grace - Milliseconds; `0` leads nowhere. */
  add(id: string, newId: string, grace: number): void;
  follow(id: string): string;
}

/** Makes {@link Moves}, known to this process alone. */
export function createMoves(): Moves {
  const moves = new Map<string, { readonly newId: string; readonly until: number }>();
  return {
    add(id, newId, grace) {
      const now = Date.now();
      for (const [old, { until }] of moves) if (until <= now) moves.delete(old);
      if (grace > 0) moves.set(id, { newId, until: now + grace });
    },
    follow(id) {
      let current = id;
      for (;;) {
        const move = moves.get(current);
        if (move === undefined || move.until <= Date.now()) return current;
        current = move.newId;
      }
    },
  };
}
