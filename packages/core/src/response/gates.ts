import type { Exchange, Gate } from './exchange.ts';
import { enter, isGone, leave } from './exchange.ts';
import { discardAnswer } from './discard.ts';
import { cutWrappersOff } from './wrapped.ts';
import { watchClose } from './gone.ts';
import { brokenOffError, discardedError } from './node-errors.ts';
import { pretend } from './pretence.ts';
import { failCallback, nativeHeadersSent } from './raw.ts';
import { release } from './release.ts';
import { reportFault } from './report.ts';
import type { SeamedResponse } from './seam.ts';

/**
 * Runs the gates, inner first. A gate that returns no promise costs no tick, so an answer that nobody holds goes out
 * in the call that began it.
 */
export function passGates(exchange: Exchange): 'go' | 'held' | 'rejected' {
  for (let gate = exchange.gates; gate !== undefined; gate = exchange.gates) {
    exchange.gates = gate.outer;
    exchange.gate = gate;
    let wait: void | PromiseLike<void>;
    enter(exchange);
    try {
      wait = gate.run(exchange.res);
    } catch (error) {
      leave(exchange);
      reject(exchange, error);
      return 'rejected';
    }
    leave(exchange);
    if (isThenable(wait)) {
      hold(exchange);
      Promise.resolve(wait).then(
        () => resume(exchange),
        (error: unknown) => reject(exchange, error),
      );
      return 'held';
    }
  }
  return 'go';
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof (value as PromiseLike<void> | undefined)?.then === 'function';
}

function hold(exchange: Exchange): void {
  if (exchange.phase === 'held') return;
  exchange.status = exchange.res.statusCode;
  exchange.phase = 'held';
  pretend(exchange);
  watchClose(exchange);
}

function resume(exchange: Exchange): void {
  if (passGates(exchange) !== 'go') return;
  try {
    release(exchange);
  } catch (error) {
    // What Node would have thrown at the handler (an invalid status message, a wrong Content-Length): the handler
    // has returned long ago, so the error goes where a rejecting gate's goes.
    if (nativeHeadersSent(exchange.res)) breakOff(exchange.res, error);
    else reject(exchange, error);
  }
}

/** Never a cleanly ended half answer: the client must see that it is broken. */
function breakOff(res: SeamedResponse, error: unknown): void {
  reportFault('Sending a held response', error);
  res.destroy(brokenOffError(error));
}

/** Throws the answer away, hands the error on, and answers itself when nobody else begins to. */
function reject(exchange: Exchange, reason: unknown): void {
  const { res, calls } = exchange;
  const gate = exchange.gate as Gate; // one has run, or nothing could have been refused
  const error = asError(reason);
  exchange.error = error;
  exchange.loserOpen = !exchange.ended;
  exchange.discarded = true;
  reopen(exchange);
  exchange.seam.headOut = false;
  for (const call of calls) failCallback(call.callback, discardedError(error));
  const gone = isGone(res) || nativeHeadersSent(res);
  if (!gone) {
    discardAnswer(res, gate.kept);
    cutWrappersOff(exchange);
  }
  pretend(exchange);
  exchange.answering = true;
  try {
    gate.next(error);
  } catch (thrown) {
    reportFault('next(error) after a refused response', thrown);
  }
  exchange.answering = false;
  if (!gone && exchange.phase === 'rejected') setImmediate(answerPlainly, exchange);
}

/** `next(undefined)` would hand the request on as if all were well, and so would Express's words for leaving a route. */
function asError(reason: unknown): unknown {
  const goesOn = !reason || reason === 'route' || reason === 'router';
  return goesOn ? discardedError(reason) : reason;
}

function reopen(exchange: Exchange): void {
  exchange.phase = 'rejected';
  exchange.calls = [];
  exchange.heldBytes = 0;
  exchange.driven = false;
  exchange.drainListeners = [];
  exchange.ended = false;
  exchange.needDrain = false;
  exchange.lost = false;
}

function answerPlainly(exchange: Exchange): void {
  const { res } = exchange;
  if (exchange.phase !== 'rejected' || isGone(res)) return;
  discardAnswer(res, []);
  res.statusCode = 503;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.end('Service Unavailable');
  // An outer gate may have refused this answer as well; then the next one is awaited again.
  exchange.lost = exchange.phase !== 'rejected';
}
