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
import type { Seam, SeamedResponse } from './seam.ts';

/** The gates have opened: what was held goes out. */
export function release(res: SeamedResponse, seam: Seam, exchange: Exchange): void {
  const { calls } = exchange;
  exchange.calls = [];
  exchange.heldBytes = 0;
  if (isGone(res)) {
    exchange.phase = 'passing';
    return;
  }
  if (exchange.layer === undefined || !releaseToLayers(res, seam, exchange, calls)) {
    replay(res, seam, exchange, calls);
  }
}

function releaseToLayers(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  calls: readonly HeldCall[],
): boolean {
  const held = mergeCalls(calls);
  const top = decideBody(res, seam, exchange, {
    cause: exchange.explicit ? 'writeHead' : (calls[0]?.method ?? 'writeHead'),
    whole: held.ended,
    chunk: held.chunk,
    encoding: undefined,
    trailers: exchange.trailers,
  });
  if (top === undefined) return false;
  if (held.ended) {
    top.finish(held.chunk, held.callback);
    return true;
  }
  let accepts = true;
  if (held.chunk !== undefined) accepts = top.accept(held.chunk, held.callback);
  if (held.flushed) top.flush();
  if (accepts) drainSoon(res, exchange);
  return true;
}

/** Runs the head hooks, then asks the transformations; afterwards the response is `passing` or `sinking`. */
export function decideBody(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  facts: BodyFacts,
): BodyLayer | undefined {
  if (exchange.phase === 'open') exchange.status = res.statusCode;
  exchange.phase = 'sinking';
  enter(res, exchange);
  runHeadHooks(res, seam);
  leave(res, exchange);
  const top = isGone(res) ? undefined : settle(exchange.layer, new LazyBody(res, facts), undefined);
  exchange.top = top;
  if (top === undefined) {
    exchange.phase = 'passing';
    res.statusCode = exchange.status;
  }
  return top;
}

/** The same calls, in the same order, with the same arguments: the bytes are those of a response nobody held. */
function replay(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  calls: readonly HeldCall[],
): void {
  let accepts = true;
  exchange.phase = 'passing';
  rawHead(res, seam, exchange);
  for (const call of calls) {
    if (call.method === 'write') {
      accepts = rawWrite(res, seam, exchange, [call.chunk, call.encoding, call.callback]);
    } else if (call.method === 'end') {
      rawEnd(res, seam, exchange, [call.chunk, call.encoding, call.callback]);
    } else {
      rawFlush(res, seam, exchange);
    }
  }
  if (accepts) drainSoon(res, exchange);
}
