import { createBreaker, type BreakerState } from './breaker.ts';
import { pending } from './awaitable.ts';
import type { Awaitable } from './store.ts';
import { storeFailed, storeTimedOut, type StoreOperation } from './store-error.ts';

/** Options of {@link createGuard}. */
export interface GuardOptions {
  /** Milliseconds that one call may take. */
  readonly deadline: number;
  /** Failures in a row before the store is left alone. */
  readonly failures: number;
  /** Milliseconds before it is asked again. */
  readonly pause: number;
}

/** Stands between the sessions and a store that may be slow, down or wrong. */
export interface Guard {
  readonly state: BreakerState;
  /** Answers what `start` answers, or fails with a 503 in time. An answer that comes later is ignored. */
  call<T>(operation: StoreOperation, start: () => Awaitable<T>): Awaitable<T>;
}

/** Five failures are more than a hiccup; a pause of a second lets a restarted store serve again within two. */
export const guardDefaults: GuardOptions = { deadline: 2_000, failures: 5, pause: 1_000 };

/** Makes a {@link Guard}: a deadline for each call, and a breaker over all of them. */
export function createGuard(options: GuardOptions): Guard {
  const breaker = createBreaker(options);
  return {
    get state() {
      return breaker.state;
    },
    call<T>(operation: StoreOperation, start: () => Awaitable<T>): Awaitable<T> {
      const ticket = breaker.admit(operation);
      let answer: Awaitable<T>;
      try {
        answer = start();
      } catch (error) {
        breaker.failed(ticket);
        throw storeFailed(operation, error);
      }
      const promise = pending(answer);
      if (promise === undefined) {
        breaker.succeeded(ticket);
        return answer;
      }
      return new Promise<T>((resolve, reject) => {
        let over = false;
        const settle = (outcome: 'succeeded' | 'failed', answerTo: () => void): void => {
          if (over) return;
          over = true;
          clearTimeout(timer);
          breaker[outcome](ticket);
          answerTo();
        };
        const expire = (): void =>
          settle('failed', () => reject(storeTimedOut(operation, options.deadline)));
        // One turn later, because an answer may lie there since the process was busy: that is no fault of the store.
        const timer = setTimeout(() => setImmediate(expire), options.deadline);
        timer.unref();
        promise.then(
          (value) => settle('succeeded', () => resolve(value)),
          (error: unknown) => settle('failed', () => reject(storeFailed(operation, error))),
        );
      });
    },
  };
}
