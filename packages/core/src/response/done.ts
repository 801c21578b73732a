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

interface WatchedResponse extends SeamedResponse {
  [kDone]?: Listener | undefined;
}

/**
 * Calls `listener` once, when the response has ended or its connection was lost. The last registered is called first.
 * On a response that has ended already it is called in the next tick.
 */
export function onDone(res: ServerResponse, listener: (done: Done) => void): void {
  const watched = res as WatchedResponse;
  if (isGone(res)) {
    process.nextTick(() => tell(listener, describe(res, res.writableFinished)));
    return;
  }
  if (watched[kDone] === undefined) {
    res.once('finish', onFinish);
    res.once('close', onClose);
  }
  watched[kDone] = { run: listener, outer: watched[kDone] };
}

function onFinish(this: WatchedResponse): void {
  // http2's compatibility response emits `finish` for an aborted stream too; on http1 the event itself is the word,
  // because `writableFinished` counts what other responses have put on the socket.
  tellAll(this, !isHttp2(this) || this.writableFinished);
}

function onClose(this: WatchedResponse): void {
  tellAll(this, false);
}

function tellAll(res: WatchedResponse, finished: boolean): void {
  let listener = res[kDone];
  if (listener === undefined) return;
  res[kDone] = undefined;
  const done = describe(res, finished);
  for (; listener !== undefined; listener = listener.outer) tell(listener.run, done);
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
