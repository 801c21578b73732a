import { exchangeOf } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { destroyedError } from './node-errors.ts';
import { failCallback } from './raw.ts';
import type { SeamedResponse } from './seam.ts';

/** Frees what is held, and every sink, when the response closes: after its end, or because the client went away. */
export function watchClose(exchange: Exchange): void {
  if (exchange.watched) return;
  exchange.watched = true;
  exchange.res.on('close', onClose);
}

function onClose(this: SeamedResponse): void {
  const exchange = exchangeOf(this);
  const { calls } = exchange;
  exchange.calls = [];
  exchange.heldBytes = 0;
  for (const call of calls) {
    // Node never calls the callback of an `end` whose response died.
    if (call.method === 'write') failCallback(call.callback, destroyedError());
  }
  for (let layer = exchange.layer; layer !== undefined; layer = layer.outer) layer.close();
  // What is called on a dead response is Node's to judge.
  if (exchange.phase === 'sinking') exchange.phase = 'passing';
}
