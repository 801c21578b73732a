/** A late writer is one request behind; a minute covers every response that is still being made. */
export const tombstoneLifetime = 60_000;

/**
 * Milliseconds for which Redis keeps what ends at `expires`.
 *
 * Up to 5 % longer than the session lives, so that the sessions of one rush hour do not leave in the same instant; the
 * session's own expiry is what readers go by.
 */
export function storeLifetime(expires: number, now: number): string {
  const lifetime = Math.max(expires - now, 1);
  return String(Math.ceil(lifetime * (1 + Math.random() * 0.05)));
}
