import type { ServerResponse } from 'node:http';
import { type Done, onDone } from '../response.ts';

// Through the registry, because two copies of this package may meet on one response.
const UNWINDING: unique symbol = Symbol.for('portcullis.unwinding');

/** A function middleware that is at work on a response. */
export interface Frame {
  /** Tells it that the response is over. */
  readonly over: (done: Done) => void;
  /** Fulfilled when it has returned. */
  readonly returned: Promise<void>;
}

/** The function middleware of one response, from the outermost to the innermost. */
export interface Unwinding {
  readonly frames: Frame[];
  /** Set when the response is over. */
  done: Done | undefined;
  /** What an inner function failed with; the error itself goes forward, to the error handlers. */
  error: unknown;
}

interface UnwoundResponse extends ServerResponse {
  [UNWINDING]?: Unwinding;
}

export function unwindingOf(res: UnwoundResponse): Unwinding {
  const known = res[UNWINDING];
  if (known !== undefined) return known;
  const unwinding: Unwinding = { frames: [], done: undefined, error: undefined };
  Object.defineProperty(res, UNWINDING, { value: unwinding });
  onDone(res, (done) => {
    const error = done.error ?? unwinding.error;
    unwinding.done = error === undefined ? done : { ...done, error };
    void unwind(unwinding.frames, unwinding.done);
  });
  return unwinding;
}

/** Inner functions return before the outer ones learn of the end, whatever they still wait for. */
async function unwind(frames: readonly Frame[], done: Done): Promise<void> {
  for (const frame of frames.toReversed()) {
    frame.over(done);
    await frame.returned;
  }
}
