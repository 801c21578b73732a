import { exchangeOf } from './exchange.ts';
import type { Exchange, RawDrain } from './exchange.ts';
import type { RawOn, SeamedResponse } from './seam.ts';

/**
 * Calls `listener` each time the way down has emptied. The handler does not hear of it: Node means the socket, and a
 * handler that went on while a sink is full would let a fast source outrun a slow client without bound.
 */
export function onRawDrain(exchange: Exchange, listener: () => void): void {
  const { res } = exchange;
  const native = Object.getPrototypeOf(res) as Pick<Exchange, 'write'>;
  if (exchange.write !== native.write) {
    // A wrapper below us waits for the same event, and cannot be told from the handler.
    exchange.on.call(res, 'drain', () => {
      // One that the seam emits for the handler says nothing about the socket.
      if (!exchange.draining) listener();
    });
    return;
  }
  if (exchange.rawDrain === undefined) {
    const { emit: below } = res as unknown as Pick<RawDrain, 'emit'>; // Node's, or a wrapper's
    exchange.rawDrain = { emit: below, listeners: [] };
    res.emit = emit;
  }
  exchange.rawDrain.listeners.push(listener);
}

function emit(this: SeamedResponse, event: string | symbol, ...args: unknown[]): boolean {
  const exchange = exchangeOf(this);
  const { emit: below, listeners } = exchange.rawDrain as RawDrain; // set before this function was
  if (event !== 'drain' || exchange.draining || exchange.phase !== 'sinking') {
    return below.call(this, event, ...args);
  }
  for (const listener of listeners) listener();
  return true;
}

/** Tells a handler whose `write` returned false that it may go on. */
export function emitDrain(exchange: Exchange): void {
  if (!exchange.needDrain || exchange.ended) return;
  const { res } = exchange;
  exchange.needDrain = false;
  exchange.draining = true;
  const attached = res.rawListeners('drain');
  const astray = exchange.drainListeners.filter((listener) => !attached.includes(listener));
  // What `once` registers carries the listener it wraps, and has had its turn now.
  exchange.drainListeners = astray.filter((listener) => !('listener' in listener));
  try {
    res.emit('drain');
    for (const listener of astray) listener.call(res);
  } finally {
    exchange.draining = false;
  }
}

/** Not within the call that released the bytes: no stream drains while it is written to. */
export function drainSoon(exchange: Exchange): void {
  if (exchange.needDrain) process.nextTick(emitDrain, exchange);
}

/**
 * compression carries `drain` listeners of the response over to its own stream, where an event of the response does
 * not reach them. Where somebody has replaced `on`, those who wait for us are remembered.
 */
export function adoptDrain(res: SeamedResponse): void {
  if (Object.hasOwn(res, 'on')) res.on = rememberDrain((res as { on: RawOn }).on);
}

function rememberDrain(below: RawOn): SeamedResponse['on'] {
  return function on(this: SeamedResponse, event: string, listener: () => void) {
    const exchange = exchangeOf(this);
    if (event === 'drain' && exchange.needDrain) exchange.drainListeners.push(listener);
    below.call(this, event, listener);
    return this;
  } as SeamedResponse['on'];
}
