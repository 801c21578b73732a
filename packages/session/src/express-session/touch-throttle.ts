/** Says when a session was last prolonged, so that a page with forty requests does it once. */
export interface TouchThrottle {
  /** Whether it is time; if so, the answer is `false` for a while. */
  due(id: string, maxAge: number | undefined): boolean;
}

const longestPause = 60_000;
const mostIds = 10_000;

/** Makes a {@link TouchThrottle}. A session of `maxAge` ms is prolonged at most every tenth of that, or every minute. */
export function createTouchThrottle(): TouchThrottle {
  const touchedAt = new Map<string, number>();
  return {
    due(id, maxAge) {
      const now = Date.now();
      const pause = Math.min(longestPause, (maxAge ?? Infinity) / 10);
      const last = touchedAt.get(id);
      if (last !== undefined && now - last < pause) return false;
      touchedAt.delete(id);
      touchedAt.set(id, now);
      // The oldest goes first; to forget one costs no more than a touch.
      if (touchedAt.size > mostIds)
        for (const [oldest] of touchedAt) return touchedAt.delete(oldest);
      return true;
    },
  };
}
