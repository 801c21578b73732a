import type { ServerResponse } from 'node:http';
import type { Callback, Exchange } from './exchange.ts';
import { runHeadHooks } from './head-hooks.ts';
import { isHttp2 } from './node-errors.ts';
import type { RawWriteHead, Seam, SeamedResponse } from './seam.ts';

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
export function rawHead({ res, seam, cause, status }: Exchange): void {
  if (seam.headOut) return;
  res.statusCode = status;
  if (cause === 'writeHead') passFoldedHead(res, seam);
}

export function rawWrite(exchange: Exchange, call: readonly unknown[]): boolean {
  rawHead(exchange);
  return passDown(exchange, exchange.write, call);
}

export function rawEnd(
  exchange: Exchange,
  [chunk, encoding, callback]: readonly [chunk: unknown, encoding: unknown, callback: unknown],
): void {
  rawHead(exchange);
  if (chunk !== undefined && isHttp2(exchange.res)) {
    // http2's own `end` calls the outermost `write`, where a wrapper that has ended long ago drops the bytes.
    passDown(exchange, exchange.write, [chunk, encoding]);
    passDown(exchange, exchange.end, [undefined, undefined, callback]);
  } else {
    passDown(exchange, exchange.end, [chunk, encoding, callback]);
  }
}

/** Puts the head on the wire now. */
export function rawFlush(exchange: Exchange): void {
  rawHead(exchange);
  passDown(exchange, exchange.flushHeaders, []);
}

/** Calls a method below the seam; what Node calls on the response meanwhile goes down as well. */
export function passDown<Result>(
  exchange: Exchange,
  method: (this: ServerResponse, ...args: unknown[]) => Result,
  args: readonly unknown[],
): Result {
  const { res, seam } = exchange;
  const before = exchange.raw;
  // Wrappers above the seam that were shown this head already are stepped over when Node implies it.
  const above = exchange.driven && !seam.headOut ? ownWriteHead(res) : undefined;
  if (above !== undefined) setWriteHead(res, exchange.writeHead);
  exchange.raw = true;
  try {
    return method.apply(res, args as unknown[]);
  } finally {
    exchange.raw = before;
    if (above !== undefined) setWriteHead(res, above);
  }
}

function ownWriteHead(res: SeamedResponse): RawWriteHead {
  return (res as { writeHead: RawWriteHead }).writeHead;
}

function setWriteHead(res: SeamedResponse, method: RawWriteHead): void {
  res.writeHead = method as ServerResponse['writeHead'];
}

/** Calls the callbacks of writes that will never happen, as Node does when the response dies under them. */
export function failCallback(callback: Callback | undefined, error: Error): void {
  if (callback !== undefined) process.nextTick(callback, error);
}
