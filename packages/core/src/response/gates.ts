import type { Callback, Exchange } from './exchange.ts';
import { enter, isGone, leave } from './exchange.ts';
import { discardAnswer } from './discard.ts';
import { watchClose } from './gone.ts';
import { brokenOffError, discardedError } from './node-errors.ts';
import { pretend } from './pretence.ts';
import { failCallback, nativeHeadersSent } from './raw.ts';
import { release } from './release.ts';
import { reportFault } from './report.ts';
import type { Seam, SeamedResponse } from './seam.ts';

/**
 * Runs the gates, inner first. A gate that returns no promise costs no tick, so an answer that nobody holds goes out
 * in the call that began it.
 */
export function passGates(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
): 'go' | 'held' | 'rejected' {
  for (let gate = exchange.gates; gate !== undefined; gate = exchange.gates) {
    exchange.gates = gate.outer;
    exchange.gate = gate;
    let wait: void | PromiseLike<void>;
    enter(res, exchange);
    try {
      wait = gate.run(res);
    } catch (error) {
      leave(res, exchange);
      reject(res, seam, exchange, error);
      return 'rejected';
    }
    leave(res, exchange);
    if (isThenable(wait)) {
      hold(res, exchange);
      Promise.resolve(wait).then(
        () => resume(res, seam, exchange),
        (error: unknown) => reject(res, seam, exchange, error),
      );
      return 'held';
    }
  }
  return 'go';
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof (value as PromiseLike<void> | undefined)?.then === 'function';
}

function hold(res: SeamedResponse, exchange: Exchange): void {
  if (exchange.phase === 'held') return;
  exchange.status = res.statusCode;
  exchange.phase = 'held';
  pretend(res, exchange);
  watchClose(res, exchange);
}

function resume(res: SeamedResponse, seam: Seam, exchange: Exchange): void {
  if (passGates(res, seam, exchange) !== 'go') return;
  try {
    release(res, seam, exchange);
  } catch (error) {
    // What Node would have thrown at the handler (an invalid status message, a wrong Content-Length): the handler
    // has returned long ago, so the error goes where a rejecting gate's goes.
    if (nativeHeadersSent(res)) breakOff(res, error);
    else reject(res, seam, exchange, error);
  }
}

/** Never a cleanly ended half answer: the client must see that it is broken. */
function breakOff(res: SeamedResponse, error: unknown): void {
  reportFault('Sending a held response', error);
  res.destroy(brokenOffError(error));
}

/** Throws the answer away, hands the error on, and answers itself when nobody else begins to. */
function reject(res: SeamedResponse, seam: Seam, exchange: Exchange, error: unknown): void {
  const { calls, gate } = exchange;
  exchange.error = error;
  exchange.loserOpen = !exchange.ended;
  exchange.discarded = true;
  reopen(exchange);
  seam.headOut = false;
  for (const call of calls) failCallback(call.callback, discardedError(error));
  const gone = isGone(res) || nativeHeadersSent(res);
  if (!gone) discardAnswer(res, gate.kept);
  pretend(res, exchange);
  exchange.answering = true;
  try {
    gate.next(error);
  } catch (thrown) {
    reportFault('next(error) after a refused response', thrown);
  }
  exchange.answering = false;
  if (!gone && exchange.phase === 'rejected') setImmediate(answerPlainly, res, exchange);
}

function reopen(exchange: Exchange): void {
  exchange.phase = 'rejected';
  exchange.calls = [];
  exchange.heldBytes = 0;
  exchange.explicit = false;
  exchange.driven = false;
  exchange.drainListeners = [];
  exchange.ended = false;
  exchange.needDrain = false;
  exchange.lost = false;
}

function answerPlainly(res: SeamedResponse, exchange: Exchange): void {
  if (exchange.phase !== 'rejected' || isGone(res)) return;
  discardAnswer(res, []);
  res.statusCode = 503;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.end('Service Unavailable');
  // An outer gate may have refused this answer as well; then the next one is awaited again.
  exchange.lost = exchange.phase !== 'rejected';
}

/** For the callbacks of writes that were thrown away with their answer. */
export function ignore(callback: Callback | undefined, exchange: Exchange): false {
  failCallback(callback, discardedError(exchange.error));
  return false;
}
