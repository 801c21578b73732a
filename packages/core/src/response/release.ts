import type { BodyLayer } from './body-layer.ts';
import { settle } from './body-layer.ts';
import { drainSoon } from './drain.ts';
import { enter, isGone, leave } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { mergeCalls } from './held-calls.ts';
import type { HeldCall } from './held-calls.ts';
import { runHeadHooks } from './head-hooks.ts';
import { LazyBody } from './lazy-body.ts';
import type { BodyFacts } from './lazy-body.ts';
import { rawEnd, rawFlush, rawHead, rawWrite } from './raw.ts';

/** The gates have opened: what was held goes out. */
export function release(exchange: Exchange): void {
  const { calls } = exchange;
  exchange.calls = [];
  exchange.heldBytes = 0;
  if (isGone(exchange.res)) {
    exchange.phase = 'passing';
    return;
  }
  if (exchange.layer === undefined || !releaseToLayers(exchange, calls)) replay(exchange, calls);
}

function releaseToLayers(exchange: Exchange, calls: readonly HeldCall[]): boolean {
  const held = mergeCalls(calls);
  const top = decideBody(exchange, {
    cause: exchange.cause,
    whole: held.ended,
    first: { chunk: held.chunk, encoding: undefined },
  });
  if (top === undefined) return false;
  if (held.ended) {
    top.finish(held.chunk, held.callback);
    return true;
  }
  let accepts = true;
  if (held.chunk !== undefined) accepts = top.accept(held.chunk, held.callback);
  if (held.flushed) top.flush();
  if (accepts) drainSoon(exchange);
  return true;
}

/** Runs the head hooks, then asks the transformations; afterwards the response is `passing` or `sinking`. */
export function decideBody(exchange: Exchange, facts: BodyFacts): BodyLayer | undefined {
  const { res, seam } = exchange;
  if (exchange.phase === 'open') exchange.status = res.statusCode;
  exchange.phase = 'sinking';
  enter(exchange);
  runHeadHooks(res, seam);
  leave(exchange);
  const top = isGone(res)
    ? undefined
    : settle(exchange.layer, new LazyBody(exchange, facts), undefined);
  exchange.top = top;
  if (top === undefined) {
    exchange.phase = 'passing';
    res.statusCode = exchange.status;
  }
  return top;
}

/** The same calls, in the same order, with the same arguments: the bytes are those of a response nobody held. */
function replay(exchange: Exchange, calls: readonly HeldCall[]): void {
  let accepts = true;
  exchange.phase = 'passing';
  rawHead(exchange);
  for (const call of calls) {
    if (call.method === 'write') {
      accepts = rawWrite(exchange, [call.chunk, call.encoding, call.callback]);
    } else if (call.method === 'end') {
      rawEnd(exchange, [call.chunk, call.encoding, call.callback]);
    } else {
      rawFlush(exchange);
    }
  }
  if (accepts) drainSoon(exchange);
}
