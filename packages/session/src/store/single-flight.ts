import { pending } from './awaitable.ts';
import type { Awaitable } from './store.ts';

/** Lets requests for one key that arrive together share one answer. */
export interface SingleFlight<T> {
  run(key: string, load: () => Awaitable<T>): Awaitable<T>;
}

/**
 * Makes a {@link SingleFlight}.
 *
 * Only callers of the same turn of the event loop share, and only until the answer is there: their requests had arrived before the
 * store was asked, so none of them can miss a write whose response its client has already seen, in this process or another.
 */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  return {
    run(key, load) {
      const shared = flights.get(key);
      if (shared !== undefined) return shared;
      const started = load();
      const flight = pending(started);
      if (flight === undefined) return started;
      if (flights.size === 0) setImmediate(() => flights.clear());
      flights.set(key, flight);
      const landed = (): void => {
        if (flights.get(key) === flight) flights.delete(key);
      };
      flight.then(landed, landed);
      return flight;
    },
  };
}
