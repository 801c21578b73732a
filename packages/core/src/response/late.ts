import type { Callback, Exchange } from './exchange.ts';
import { discardedError } from './node-errors.ts';
import { failCallback } from './raw.ts';

/**
 * Calls of a handler whose answer was refused, and of an error handler that is slower than our own 503. Until an
 * answer begins, a write with the status still at 200 is taken for the loser's: error handlers set one first.
 */
export function isLate(exchange: Exchange): boolean {
  if (!exchange.discarded) return false;
  if (exchange.lost || isCutOff(exchange)) return true;
  if (exchange.phase !== 'rejected') return exchange.ended;
  return exchange.loserOpen && !exchange.answering && exchange.res.statusCode === 200;
}

/** A call of a wrapper that was cut off: it still works on the answer that was discarded. */
export function isCutOff({ cut, isStraight, raw }: Exchange): boolean {
  return cut && !isStraight && !raw;
}

/** Fails the callback of a call that was thrown away with its answer. */
export function ignore(exchange: Exchange, callback: Callback | undefined): false {
  failCallback(callback, discardedError(exchange.error));
  return false;
}
