import { longestCookieAge } from '../lifetime.ts';
import type { SessionLifetimes, SessionRecord } from '../strategy.ts';

/**
 * Milliseconds since 1970 at which a session is over.
 *
 * Times are whole seconds and a session that is exactly `maxAge` old still lives, so it ends with the next second.
 */
export function expiryTime(record: SessionRecord, lifetimes: SessionLifetimes): number {
  const idle = record.issuedAt + (lifetimes.idle ?? longestCookieAge);
  const absolute = record.createdAt + (lifetimes.absolute ?? Infinity);
  return (Math.min(idle, absolute) + 1) * 1_000;
}
