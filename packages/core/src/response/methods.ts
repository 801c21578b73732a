import { afterEnd } from './after-end.ts';
import type { BodyLayer } from './body-layer.ts';
import { beginWithHead, wayOf } from './begin.ts';
import { exchangeOf, isBegun } from './exchange.ts';
import type { Exchange, OwnMethods, RawAddTrailers } from './exchange.ts';
import { readCall, toBuffer } from './held-calls.ts';
import type { HeldCall } from './held-calls.ts';
import { ignore, isCutOff, isLate } from './late.ts';
import { headersSentError } from './node-errors.ts';
import { pretend } from './pretence.ts';
import { passDown, passFoldedHead } from './raw.ts';
import { kSeam } from './seam.ts';
import type { Seam, SeamedResponse } from './seam.ts';
import { isRepeatedByWrapper } from './wrapped.ts';
import type { HeadArguments } from './wrapped.ts';
import { foldHead } from './write-head-arguments.ts';

// The functions that stand on a seamed response as own properties: one function for all responses, since a closure
// per request would cost more than everything a head hook does.

type BodyArguments = [chunk: unknown, encoding: unknown, callback: unknown];

/** The only patch of a response that has head hooks and nothing else. */
export function writeHead(
  this: SeamedResponse,
  status: number,
  reason?: unknown,
  headers?: unknown,
): SeamedResponse {
  const seam = this[kSeam] as Seam; // laid together with this method
  const { exchange } = seam;
  if (seam.headOut) {
    if (exchange !== undefined && (exchange.lost || isCutOff(exchange))) return this;
    return seam.writeHead.call(this, status, reason, headers) as SeamedResponse;
  }
  if (exchange !== undefined && !exchange.raw && exchange.phase !== 'passing') {
    return writeFirstHead(exchange, [status, reason, headers]);
  }
  foldHead(this, status, reason, headers);
  return passFoldedHead(this, seam);
}

function writeFirstHead(exchange: Exchange, head: HeadArguments): SeamedResponse {
  const { res } = exchange;
  if (isLate(exchange)) return res;
  if (isBegun(exchange)) {
    if (isRepeatedByWrapper(exchange, head)) return res;
    throw headersSentError(res, 'write');
  }
  foldHead(res, head[0], head[1], head[2]);
  if (exchange.driving) {
    exchange.driven = true;
    return res;
  }
  if (beginWithHead(exchange) === 'passing') passFoldedHead(res, exchange.seam);
  pretendWhileSinking(exchange);
  return res;
}

export function write(this: SeamedResponse, ...args: BodyArguments): boolean {
  const exchange = exchangeOf(this);
  if (exchange.raw) return exchange.write.apply(this, args);
  if (isLate(exchange)) return ignore(exchange, readCall('write', args).callback);
  if (exchange.phase === 'passing') return passDown(exchange, exchange.write, args);
  const call = readCall('write', args);
  switch (wayOf(exchange, call)) {
    case 'held':
      return holdWrite(exchange, call);
    case 'rejected':
      return ignore(exchange, call.callback);
    case 'sinking':
      return sinkWrite(exchange, call);
    case 'passing':
      return passDown(exchange, exchange.write, args);
  }
}

export function end(this: SeamedResponse, ...args: BodyArguments): SeamedResponse {
  const exchange = exchangeOf(this);
  if (exchange.raw) return exchange.end.apply(this, args) as SeamedResponse;
  if (isLate(exchange)) {
    ignore(exchange, readCall('end', args).callback);
    return this;
  }
  if (exchange.phase === 'passing') return passEnd(exchange, args);
  const call = readCall('end', args);
  const first = !exchange.ended;
  const way = wayOf(exchange, call);
  if (way === 'passing') return passEnd(exchange, args);
  if (way === 'rejected') {
    ignore(exchange, call.callback);
    return this;
  }
  exchange.ended = true;
  if (!first) afterEnd(this, call);
  else if (way === 'held') exchange.calls.push(call);
  else topOf(exchange).finish(toBuffer(call.chunk, call.encoding), call.callback);
  pretendWhileSinking(exchange);
  return this;
}

export function flushHeaders(this: SeamedResponse): void {
  const exchange = exchangeOf(this);
  if (exchange.raw) {
    exchange.flushHeaders.call(this);
    return;
  }
  if (isLate(exchange)) return;
  const way = wayOf(exchange, flushCall);
  if (way === 'held') exchange.calls.push(flushCall);
  if (way === 'passing') passDown(exchange, exchange.flushHeaders, []);
  if (way === 'sinking') topOf(exchange).flush();
  pretendWhileSinking(exchange);
}

// Loose, as wrappers call them.
export const own: OwnMethods = { writeHead, write, end, flushHeaders } as unknown as OwnMethods;

const flushCall: HeldCall = {
  method: 'flushHeaders',
  chunk: undefined,
  encoding: undefined,
  callback: undefined,
};

/** Stands only on responses with a body transformation, which must know of trailers before it decides. */
export function addTrailers(this: SeamedResponse, trailers: unknown): void {
  const exchange = exchangeOf(this);
  exchange.trailers = true;
  (exchange.addTrailers as RawAddTrailers).call(this, trailers);
}

function holdWrite(exchange: Exchange, call: HeldCall): boolean {
  if (exchange.ended) return afterEnd(exchange.res, call);
  exchange.calls.push(call);
  exchange.heldBytes += Buffer.byteLength(writtenChunk(call), call.encoding);
  if (exchange.heldBytes < exchange.res.writableHighWaterMark) return true;
  exchange.needDrain = true;
  return false;
}

function sinkWrite(exchange: Exchange, call: HeldCall): boolean {
  if (exchange.ended) return afterEnd(exchange.res, call);
  const chunk = toBuffer(writtenChunk(call), call.encoding);
  const accepts = topOf(exchange).accept(chunk, call.callback);
  if (!accepts) exchange.needDrain = true;
  pretendWhileSinking(exchange);
  return accepts;
}

/** A `write` without a chunk does not get this far. */
function writtenChunk(call: HeldCall): string | Uint8Array {
  return call.chunk as string | Uint8Array;
}

/** `sinking` means that a transformation took the body. */
function topOf(exchange: Exchange): BodyLayer {
  return exchange.top as BodyLayer;
}

function passEnd(exchange: Exchange, args: BodyArguments): SeamedResponse {
  exchange.ended = true;
  try {
    return passDown(exchange, exchange.end, args) as SeamedResponse;
  } catch (error) {
    // Node refused the head, and whoever catches this may still answer.
    exchange.ended = false;
    throw error;
  }
}

/**
 * After the call, not before: most sinks and all replaced bodies are done within it, and accessors on the response
 * would make every later access to its headers slower (18 to 13 µs for a small compressed body).
 */
function pretendWhileSinking(exchange: Exchange): void {
  if (exchange.phase === 'sinking') pretend(exchange);
}
