import { channel } from 'node:diagnostics_channel';
import { storeUnavailable, type StoreOperation } from './store-error.ts';

/** `open` fails at once, `half-open` lets one call find out whether the store is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Stops asking a store that keeps failing. */
export interface Breaker {
  readonly state: BreakerState;
  /** Answers the ticket to hand back with the outcome; throws when the store is to be left alone. */
  admit(operation: StoreOperation): number;
  succeeded(ticket: number): void;
  failed(ticket: number): void;
}

/** Options of {@link createBreaker}. */
export interface BreakerOptions {
  /** Failures in a row before the store is left alone. */
  readonly failures: number;
  /** Milliseconds before it is asked again. */
  readonly pause: number;
}

const changes = channel('portcullis:session:store');

/**
 * Makes a {@link Breaker}.
 *
 * Without one, every request waits for the whole deadline while a store is down, and all of them ask at once when it is back.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  let state: BreakerState = 'closed';
  let failures = 0;
  // By a clock that nobody sets: one put back by an hour must not keep the store closed off for an hour.
  let openUntil = 0;
  // Calls of an earlier period may end in a later one, and say nothing about the store as it is then.
  let period = 0;
  const become = (next: BreakerState): void => {
    if (state !== next && changes.hasSubscribers) changes.publish({ state: next });
    state = next;
    period += 1;
  };
  return {
    get state() {
      return state;
    },
    admit(operation) {
      if (state === 'closed') return period;
      if (performance.now() < openUntil) throw storeUnavailable(operation);
      // A probe that is never answered must not keep the store closed off: after another pause the next one tries.
      openUntil = performance.now() + options.pause;
      become('half-open');
      return period;
    },
    succeeded(ticket) {
      if (ticket !== period) return;
      failures = 0;
      if (state !== 'closed') become('closed');
    },
    failed(ticket) {
      if (ticket !== period) return;
      failures += 1;
      if (state === 'closed' && failures < options.failures) return;
      openUntil = performance.now() + options.pause;
      become('open');
    },
  };
}
