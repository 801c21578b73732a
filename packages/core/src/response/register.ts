import type { ServerResponse } from 'node:http';
import type { Next } from '../types.ts';
import { BodyLayer } from './body-layer.ts';
import type { DecideBody } from './body.ts';
import { keepHeaders } from './discard.ts';
import { enter, leave } from './exchange.ts';
import type { RawAddTrailers } from './exchange.ts';
import { layExchange, laySeam } from './lay.ts';
import { addTrailers } from './methods.ts';
import { kSeam } from './seam.ts';
import type { SeamedResponse } from './seam.ts';

/**
 * Runs `hook` when the head of the response is written, with status and headers as the handler left them (the
 * arguments of `writeHead` included) and still open to change. Hooks run inner first: the last registered is the
 * first to run. `data` is handed to the hook, so that one function can serve every response.
 *
 * A hook that throws is reported as `ERR_PORTCULLIS_RESPONSE_HOOK`, and the response goes out without it.
 *
 * @returns `false` when the head is out already: the hook will not run.
 */
export function onHead(res: ServerResponse, hook: (res: ServerResponse) => void): boolean;
export function onHead<T>(
  res: ServerResponse,
  hook: (res: ServerResponse, data: T) => void,
  data: T,
): boolean;
export function onHead(
  res: ServerResponse,
  hook: (res: ServerResponse, data: never) => void,
  data?: unknown,
): boolean {
  const seam = laySeam(res);
  if (seam === undefined) return false;
  seam.hooks = { run: hook, data, outer: seam.hooks };
  return true;
}

/**
 * Makes the response wait for `gate` before its head and its first byte. Gates run inner first, before every head
 * hook; one that returns no promise costs no tick.
 *
 * While a promise is pending the handler sees what it would see without the gate: `headersSent` and `writableEnded`
 * are true, the header methods throw, and `write` returns `false` once a buffer is full. The header methods are open
 * to the gate itself until its first `await`; after that, change the head through `editHead`.
 *
 * When the gate throws or rejects, the answer is discarded: its body, its status, and its `Content-*`, `ETag`,
 * `Last-Modified`, `Location`, `Cache-Control`, `Expires` and `Set-Cookie` headers. Then `next(error)` is called, and
 * when no answer has begun by the next `setImmediate`, a plain 503 goes out.
 *
 * @returns `false` when the answer has begun to leave: the gate will not run.
 */
export function holdHead(
  res: ServerResponse,
  gate: (res: ServerResponse) => void | PromiseLike<void>,
  next: Next,
): boolean {
  const exchange = layExchange(res);
  if (exchange === undefined) return false;
  exchange.gates = { run: gate, next, kept: keepHeaders(res), outer: exchange.gates };
  return true;
}

/**
 * Whether the answer is complete: `end` was called, held or not. Inside a gate this tells a whole answer from one whose
 * body will stream on.
 */
export function isEnding(res: ServerResponse): boolean {
  return (res as SeamedResponse)[kSeam]?.exchange?.ended ?? res.writableEnded;
}

/**
 * Runs `edit` at once with the header methods open, for a gate that has something to change after an `await`.
 *
 * @returns `false`, without running it, when the head is out.
 */
export function editHead(res: ServerResponse, edit: (res: ServerResponse) => void): boolean {
  const seam = (res as SeamedResponse)[kSeam];
  const exchange = seam?.exchange;
  if (seam === undefined || exchange === undefined) {
    if (res.headersSent) return false;
    edit(res);
    return true;
  }
  if (seam.headOut) return false;
  enter(exchange);
  try {
    edit(res);
  } finally {
    leave(exchange);
  }
  return true;
}

/**
 * Has the body of the response decided on when it begins; see {@link DecideBody}. When several are registered the
 * inner one is asked first, and what it sends is the body the next one is asked about. `data` is handed to `decide`.
 *
 * @returns `false` when the answer has begun to leave: `decide` will not run.
 */
export function transformBody(res: ServerResponse, decide: DecideBody): boolean;
export function transformBody<T>(res: ServerResponse, decide: DecideBody<T>, data: T): boolean;
export function transformBody(
  res: ServerResponse,
  decide: DecideBody<never>,
  data?: unknown,
): boolean {
  const exchange = layExchange(res);
  if (exchange === undefined) return false;
  if (exchange.addTrailers === undefined) {
    exchange.addTrailers = Reflect.get(res, 'addTrailers') as RawAddTrailers;
    res.addTrailers = addTrailers;
  }
  exchange.layer = new BodyLayer({ exchange, decide, data, outer: exchange.layer });
  return true;
}
