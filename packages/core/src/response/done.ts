import type { ServerResponse } from 'node:http';
import { isGone } from './exchange.ts';
import { isHttp2 } from './node-errors.ts';
import { reportFault } from './report.ts';
import { kSeam } from './seam.ts';
import type { SeamedResponse } from './seam.ts';

/** How a response ended. */
export interface Done {
  /** `aborted` when the response closed before all of it was handed to the operating system. */
  readonly outcome: 'finished' | 'aborted';
  /** The status, also when it never reached the client. */
  readonly status: number;
  /** What a gate was refused with, or what the response was destroyed with. */
  readonly error?: unknown;
}

const kDone: unique symbol = Symbol('portcullis.done');

interface Listener {
  readonly run: (done: Done) => void;
  readonly outer: Listener | undefined;
}

interface Watch {
  listeners: Listener | undefined;
  done: Done | undefined;
}

interface WatchedResponse extends SeamedResponse {
  [kDone]?: Watch;
}

/**
 * Calls `listener` once, when the response has ended or its connection was lost. The last registered is called first.
 * On a response that has ended already it is called in the next tick.
 */
export function onDone(res: ServerResponse, listener: (done: Done) => void): void {
  const watch = watchOf(res);
  if (watch.done === undefined) watch.listeners = { run: listener, outer: watch.listeners };
  else process.nextTick(tell, listener, watch.done);
}

function watchOf(res: WatchedResponse): Watch {
  const watched = res[kDone];
  if (watched !== undefined) return watched;
  const watch: Watch = { listeners: undefined, done: undefined };
  res[kDone] = watch;
  if (isGone(res) || isComplete(res)) {
    watch.done = describe(res, isComplete(res));
  } else {
    res.once('finish', onFinish);
    res.once('close', onClose);
  }
  return watch;
}

function onFinish(this: WatchedResponse): void {
  // `finish` alone does not say that the bytes went out: http2's compatibility response emits it when it closes, and
  // Node 20 also when writes that were under way failed with their socket.
  tellAll(this, isHttp2(this) ? isComplete(this) : !this.req.socket.destroyed);
}

function isComplete(res: ServerResponse): boolean {
  const { stream } = res as { stream?: { readonly aborted: boolean } };
  // Of a HEAD request's stream http2 has nothing to write, so it reads as finished from the start.
  return res.writableEnded && res.writableFinished && stream?.aborted !== true;
}

function onClose(this: WatchedResponse): void {
  tellAll(this, false);
}

function tellAll(res: WatchedResponse, finished: boolean): void {
  const watch = res[kDone];
  if (watch === undefined || watch.done !== undefined) return;
  const done = describe(res, finished);
  watch.done = done;
  for (let { listeners } = watch; listeners !== undefined; listeners = listeners.outer) {
    tell(listeners.run, done);
  }
}

function tell(listener: (done: Done) => void, done: Done): void {
  try {
    listener(done);
  } catch (error) {
    reportFault('A listener of onDone', error);
  }
}

function describe(res: SeamedResponse, finished: boolean): Done {
  const error: unknown = res[kSeam]?.exchange?.error ?? res.errored ?? undefined;
  return {
    outcome: finished ? 'finished' : 'aborted',
    status: res.statusCode,
    ...(error === undefined ? {} : { error }),
  };
}
