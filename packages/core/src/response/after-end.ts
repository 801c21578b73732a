import type { ServerResponse } from 'node:http';
import { isGone } from './exchange.ts';
import type { HeldCall } from './held-calls.ts';
import { isHttp2, writeAfterEndError } from './node-errors.ts';

/**
 * Answers a call after `end` as Node does, for an `end` that Node has not seen yet: a chunk is an error, which is
 * emitted, and `end` alone is ignored.
 */
export function afterEnd(res: ServerResponse, call: HeldCall): false {
  if (isHttp2(res)) afterHttp2End(res, call);
  else afterHttp1End(res, call);
  return false;
}

function afterHttp1End(res: ServerResponse, { method, chunk, callback }: HeldCall): void {
  if (method === 'end' && chunk === undefined) {
    if (callback !== undefined) res.on('finish', callback);
    return;
  }
  const error = writeAfterEndError();
  process.nextTick(() => {
    callback?.(error);
    if (!isGone(res)) res.emit('error', error);
  });
}

function afterHttp2End(res: ServerResponse, { method, callback }: HeldCall): void {
  if (method === 'end') {
    if (callback !== undefined) process.nextTick(callback);
    return;
  }
  const error = writeAfterEndError();
  if (callback !== undefined) process.nextTick(callback, error);
  res.destroy(error);
}
