import type { Callback, Exchange } from './exchange.ts';
import { runHeadHooks } from './head-hooks.ts';
import type { Seam, SeamedResponse } from './seam.ts';

// The way down, below the seam: to Node, or to a wrapper that was there before us.

/** Runs the hooks on a head whose arguments are folded already, and hands it down. */
export function passFoldedHead(res: SeamedResponse, seam: Seam): SeamedResponse {
  const { hooks } = seam;
  runHeadHooks(res, seam);
  seam.headOut = true;
  try {
    return seam.writeHead.call(res, res.statusCode);
  } catch (error) {
    // Node refused the head (an invalid statusMessage, say): the error handler's answer needs its hooks as well.
    if (!nativeHeadersSent(res)) {
      seam.headOut = false;
      seam.hooks = hooks;
    }
    throw error;
  }
}

/** `headersSent` as Node has it, below whatever the seam shows. */
export function nativeHeadersSent(res: SeamedResponse): boolean {
  return Reflect.get(Object.getPrototypeOf(res) as object, 'headersSent', res) === true;
}

/** Hands a head down that the handler wrote itself; one that Node implies comes with the first bytes. */
export function rawHead(res: SeamedResponse, seam: Seam, exchange: Exchange): void {
  if (seam.headOut) return;
  res.statusCode = exchange.status;
  if (exchange.explicit) passFoldedHead(res, seam);
}

export function rawWrite(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  call: readonly unknown[],
): boolean {
  const before = exchange.raw;
  exchange.raw = true;
  try {
    rawHead(res, seam, exchange);
    return exchange.write.apply(res, [...call]);
  } finally {
    exchange.raw = before;
  }
}

export function rawEnd(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  call: readonly unknown[],
): void {
  const before = exchange.raw;
  exchange.raw = true;
  try {
    rawHead(res, seam, exchange);
    exchange.end.apply(res, [...call]);
  } finally {
    exchange.raw = before;
  }
}

/** Puts the head on the wire now. */
export function rawFlush(res: SeamedResponse, seam: Seam, exchange: Exchange): void {
  const before = exchange.raw;
  exchange.raw = true;
  try {
    rawHead(res, seam, exchange);
    exchange.flushHeaders.call(res);
  } finally {
    exchange.raw = before;
  }
}

/** Calls the callbacks of writes that will never happen, as Node does when the response dies under them. */
export function failCallback(callback: Callback | undefined, error: Error): void {
  if (callback !== undefined) process.nextTick(callback, error);
}
