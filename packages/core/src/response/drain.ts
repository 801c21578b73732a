import type { Exchange } from './exchange.ts';
import type { SeamedResponse } from './seam.ts';

/** Tells a handler whose `write` returned false that it may go on. */
export function emitDrain(res: SeamedResponse, exchange: Exchange): void {
  if (!exchange.needDrain || exchange.ended) return;
  exchange.needDrain = false;
  exchange.draining = true;
  try {
    res.emit('drain');
  } finally {
    exchange.draining = false;
  }
}

/** Not within the call that released the bytes: no stream drains while it is written to. */
export function drainSoon(res: SeamedResponse, exchange: Exchange): void {
  if (exchange.needDrain) process.nextTick(emitDrain, res, exchange);
}
