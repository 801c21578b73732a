import { afterEnd } from './after-end.ts';
import { isBegun } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { ignore, passGates } from './gates.ts';
import { readCall, sizeOf, toBuffer } from './held-calls.ts';
import type { HeldCall } from './held-calls.ts';
import { headersSentError } from './node-errors.ts';
import { pretend } from './pretence.ts';
import { passDown, passFoldedHead } from './raw.ts';
import { decideBody } from './release.ts';
import { kSeam } from './seam.ts';
import type { Seam, SeamedResponse } from './seam.ts';
import { foldHead } from './write-head-arguments.ts';

// The functions that stand on a seamed response as own properties: one function for all responses, since a closure
// per request would cost more than everything a head hook does.

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
    if (exchange?.lost === true) return this;
    return seam.writeHead.call(this, status, reason, headers) as SeamedResponse;
  }
  if (exchange !== undefined && !exchange.raw && exchange.phase !== 'passing') {
    return beginHead(this, seam, exchange, [status, reason, headers]);
  }
  foldHead(this, status, reason, headers);
  return passFoldedHead(this, seam);
}

function beginHead(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  head: readonly [status: unknown, reason: unknown, headers: unknown],
): SeamedResponse {
  if (isLate(res, exchange)) return res;
  if (isBegun(exchange)) {
    if (isRepeatedByWrapper(res, exchange, head)) return res;
    throw headersSentError(res, 'write');
  }
  foldHead(res, head[0], head[1], head[2]);
  if (exchange.driving) {
    exchange.driven = true;
    return res;
  }
  exchange.explicit = true;
  if (begin(res, seam, exchange, undefined) === 'passing') passFoldedHead(res, seam);
  pretendWhileSinking(res, exchange);
  return res;
}

/**
 * express-session, mounted inside the seam, looks at a private field of Node to see whether the head is out, and
 * when it is held makes Node write it once more. Only a bare repetition through another library's wrapper is let pass.
 */
function isRepeatedByWrapper(
  res: SeamedResponse,
  exchange: Exchange,
  [status, reason, headers]: readonly [status: unknown, reason: unknown, headers: unknown],
): boolean {
  const bare = reason === undefined && headers === undefined && status === exchange.status;
  return bare && isWrapped(res);
}

/** Another library has put a `writeHead` over the seam's. */
function isWrapped(res: SeamedResponse): boolean {
  return (res as { writeHead: unknown }).writeHead !== writeHead;
}

/**
 * Shows the head to wrappers that lie above the seam (on-headers and what is built on it), as Node does at the first
 * `write` or `end`. They were mounted inside, so they come before our gates and hooks; and while the answer is held
 * it would be too late for them to set a header.
 */
function driveHead(res: SeamedResponse, exchange: Exchange): void {
  exchange.driving = true;
  try {
    res.writeHead(res.statusCode);
  } finally {
    exchange.driving = false;
  }
}

export function write(this: SeamedResponse, ...args: [unknown, unknown, unknown]): boolean {
  const { seam, exchange } = parts(this);
  if (exchange.raw) return exchange.write.apply(this, args);
  if (isLate(this, exchange)) return ignore(readCall('write', args).callback, exchange);
  if (exchange.phase === 'passing') return passDown(this, seam, exchange.write, args);
  const call = readCall('write', args);
  switch (enterBody(this, seam, exchange, call)) {
    case 'held':
      return holdCall(this, exchange, call);
    case 'rejected':
      return ignore(call.callback, exchange);
    case 'sinking':
      return sinkWrite(this, exchange, call);
    case 'passing':
      return passDown(this, seam, exchange.write, args);
  }
}

export function end(this: SeamedResponse, ...args: [unknown, unknown, unknown]): SeamedResponse {
  const { seam, exchange } = parts(this);
  if (exchange.raw) return exchange.end.apply(this, args) as SeamedResponse;
  if (isLate(this, exchange)) {
    ignore(readCall('end', args).callback, exchange);
    return this;
  }
  if (exchange.phase === 'passing') return passEnd(this, seam, exchange, args);
  const call = readCall('end', args);
  const first = !exchange.ended;
  switch (enterBody(this, seam, exchange, call)) {
    case 'held':
      exchange.ended = true;
      if (first) exchange.calls.push(call);
      else afterEnd(this, call);
      break;
    case 'rejected':
      ignore(call.callback, exchange);
      break;
    case 'sinking':
      exchange.ended = true;
      if (first) exchange.top?.finish(toBuffer(call.chunk, call.encoding), call.callback);
      else afterEnd(this, call);
      pretendWhileSinking(this, exchange);
      break;
    case 'passing':
      return passEnd(this, seam, exchange, args);
  }
  return this;
}

export function flushHeaders(this: SeamedResponse): void {
  const { seam, exchange } = parts(this);
  if (exchange.raw) {
    exchange.flushHeaders.call(this);
    return;
  }
  if (isLate(this, exchange)) return;
  const call = flushCall;
  switch (exchange.phase === 'passing' ? 'passing' : enterBody(this, seam, exchange, call)) {
    case 'held':
      exchange.calls.push(call);
      break;
    case 'sinking':
      exchange.top?.flush();
      pretendWhileSinking(this, exchange);
      break;
    case 'passing':
      passDown(this, seam, exchange.flushHeaders, []);
      break;
    case 'rejected':
      break;
  }
}

const flushCall: HeldCall = {
  method: 'flushHeaders',
  chunk: undefined,
  encoding: undefined,
  callback: undefined,
};

/** Stands only on responses with a body transformation, which must know of trailers before it decides. */
export function addTrailers(this: SeamedResponse, trailers: unknown): void {
  const { exchange } = parts(this);
  exchange.trailers = true;
  exchange.addTrailers?.call(this, trailers);
}

function parts(res: SeamedResponse): { seam: Seam; exchange: Exchange } {
  const seam = res[kSeam] as Seam; // laid, with its exchange, together with these methods
  return { seam, exchange: seam.exchange as Exchange };
}

type Way = 'held' | 'rejected' | 'sinking' | 'passing';

/** Where a body call goes; the first one runs the gates and has the body decided. */
function enterBody(res: SeamedResponse, seam: Seam, exchange: Exchange, call: HeldCall): Way {
  const { phase } = exchange;
  return phase === 'open' || phase === 'rejected' ? begin(res, seam, exchange, call) : phase;
}

function begin(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  call: HeldCall | undefined,
): Way {
  exchange.phase = 'open';
  if (call !== undefined && isWrapped(res)) driveHead(res, exchange);
  exchange.ended = call?.method === 'end';
  const way = passGates(res, seam, exchange);
  if (way !== 'go') return way;
  if (exchange.layer === undefined) {
    exchange.phase = 'passing';
  } else {
    decideBody(res, seam, exchange, {
      cause: call?.method ?? 'writeHead',
      whole: call?.method === 'end',
      chunk: call?.chunk,
      encoding: call?.encoding,
      trailers: exchange.trailers,
    });
  }
  return exchange.phase as Way;
}

/**
 * Calls of a handler whose answer was refused, and of an error handler that is slower than our own 503. Until an
 * answer begins, a write with the status still at 200 is taken for the loser's: error handlers set one first.
 */
function isLate(res: SeamedResponse, exchange: Exchange): boolean {
  if (!exchange.discarded) return false;
  if (exchange.lost || (exchange.ended && exchange.phase !== 'rejected')) return true;
  return (
    exchange.phase === 'rejected' &&
    exchange.loserOpen &&
    !exchange.answering &&
    res.statusCode === 200
  );
}

function holdCall(res: SeamedResponse, exchange: Exchange, call: HeldCall): boolean {
  if (exchange.ended) return afterEnd(res, call);
  exchange.calls.push(call);
  exchange.heldBytes += sizeOf(call);
  if (exchange.heldBytes < res.writableHighWaterMark) return true;
  exchange.needDrain = true;
  return false;
}

function sinkWrite(res: SeamedResponse, exchange: Exchange, call: HeldCall): boolean {
  if (exchange.ended) return afterEnd(res, call);
  const chunk = toBuffer(call.chunk, call.encoding) ?? Buffer.alloc(0);
  const accepts = exchange.top?.accept(chunk, call.callback) ?? false;
  if (!accepts) exchange.needDrain = true;
  pretendWhileSinking(res, exchange);
  return accepts;
}

/**
 * After the call, not before: most sinks and all replaced bodies are done within it, and accessors on the response
 * would make every later access to its headers slower (18 to 13 µs for a small compressed body).
 */
function pretendWhileSinking(res: SeamedResponse, exchange: Exchange): void {
  if (exchange.phase === 'sinking') pretend(res, exchange);
}

function passEnd(
  res: SeamedResponse,
  seam: Seam,
  exchange: Exchange,
  args: readonly unknown[],
): SeamedResponse {
  exchange.ended = true;
  return passDown(res, seam, exchange.end, args) as SeamedResponse;
}
