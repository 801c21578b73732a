import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeGot } from '../options/got.ts';
import type { ErrorMiddleware, Middleware, Next } from '../types.ts';
import { asFailure, isThenable, reportLate } from './failure.ts';
import { createNotices, type Notices } from './notices.ts';

/** A middleware, an error handler, or a list of them. */
export type Composable = Middleware | ErrorMiddleware | readonly Composable[];

type Layer = Middleware | ErrorMiddleware;

interface Run {
  readonly layers: readonly Layer[];
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly out: Next;
  readonly notices: Notices;
}

/**
 * Makes one middleware of several, run in this order by Connect's rules.
 *
 * An error, thrown, rejected or given to `next`, goes to the next function of four parameters, and
 * out when there is none. A second `next()` of the same function is ignored, a `next(error)` after
 * it is not. What is thrown after `next()` is warned of once (`ERR_PORTCULLIS_CORE_LATE_ERROR`),
 * because the request has moved on.
 *
 * @throws TypeError when something is not a function.
 */
export function compose(...middleware: readonly Composable[]): Middleware {
  const layers = flatten(middleware);
  const notices = createNotices();
  return function composedMiddleware(req, res, next) {
    runFrom(0, { layers, req, res, out: next, notices });
  };
}

function flatten(middleware: readonly Composable[]): readonly Layer[] {
  return middleware.flatMap((item) => {
    if (isList(item)) return flatten(item);
    if (typeof item === 'function') return [item];
    throw new TypeError(`compose() takes middleware functions, got ${describeGot(item)}`);
  });
}

function isList(item: Composable): item is readonly Composable[] {
  return Array.isArray(item);
}

function runFrom(start: number, run: Run, error?: unknown): void {
  // Connect tells an error from none by truth, and so must whoever stands in its place.
  const failed = Boolean(error);
  const index = run.layers.findIndex((layer, at) => at >= start && takesErrors(layer) === failed);
  const layer = run.layers[index];
  if (layer === undefined) return failed ? run.out(error) : run.out();

  let moved = false;
  let ended = false;
  const next: Next = (nextError) => {
    // An error may follow a first `next()`: a response that is refused before its head (a session
    // that could not be saved) has the request fail after it was handed on.
    if (ended || (moved && !nextError)) return;
    ended = Boolean(nextError);
    moved = true;
    runFrom(index + 1, run, nextError);
  };
  const fail = (thrown: unknown): void => {
    if (!moved) return next(asFailure(thrown));
    reportLate(run.notices, layer.name || 'an anonymous middleware', thrown);
  };
  try {
    const result: unknown = takesErrors(layer)
      ? layer(error, run.req, run.res, next)
      : layer(run.req, run.res, next);
    if (isThenable(result)) result.then(undefined, fail);
  } catch (thrown) {
    fail(thrown);
  }
}

function takesErrors(layer: Layer): layer is ErrorMiddleware {
  return layer.length === 4;
}
