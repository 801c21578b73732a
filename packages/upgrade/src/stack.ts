import type { Next } from '@portcullis/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { argumentError } from './options.ts';
import type { UpgradeErrorHandler, UpgradeMiddleware, UpgradeStack } from './types.ts';

export type Layer = UpgradeMiddleware | UpgradeErrorHandler;

/** One request on its way through the layers. */
export interface StackRun {
  readonly layers: readonly Layer[];
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Nobody answered: the end of the stack, or an error that no handler took. */
  readonly out: Next;
  /** Whether it is too late for any layer to answer. */
  readonly isSettled: () => boolean;
  /** Hears what went wrong when it is too late. */
  readonly tooLate: (error: unknown) => void;
}

/**
 * Lists the functions of a stack in order.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS` when there is something else in it.
 */
export function flattenStack(stack: UpgradeStack, path = 'stack'): readonly Layer[] {
  if (typeof stack === 'function') return [stack];
  if (isList(stack)) {
    return stack.flatMap((item, index) => flattenStack(item, `${path}[${String(index)}]`));
  }
  const expected = 'a (req, res, next) function, an app or a list of them';
  const got = typeof stack;
  const message = `${path}: expected ${expected}, got ${got}`;
  throw argumentError({ code: 'UPGRADE_STACK', path, expected, got, message });
}

/**
 * Runs the layers by Connect's rules, with one difference from core's `compose`: an error after
 * `next()` is not only noted. The request may be waiting for its session to be saved, and the save
 * that fails is reported just so; the handshake must then be refused.
 */
export function runStack(run: StackRun): void {
  runFrom(0, run);
}

function runFrom(start: number, run: StackRun, error?: unknown): void {
  const failed = Boolean(error);
  if (run.isSettled()) {
    if (failed) run.tooLate(error);
    return;
  }
  const index = run.layers.findIndex((layer, at) => at >= start && takesErrors(layer) === failed);
  const layer = run.layers[index];
  if (layer === undefined) return failed ? run.out(error) : run.out();

  let moved = false;
  const next: Next = (reason) => {
    // Express's word for "leave this route": not an error.
    const nextError = reason === 'route' ? undefined : reason;
    if (moved && !nextError) return;
    moved = true;
    runFrom(index + 1, run, nextError);
  };
  const fail = (thrown: unknown): void => {
    next(thrown || new Error('A middleware failed without saying why'));
  };
  try {
    const result = takesErrors(layer)
      ? layer(error, run.req, run.res, next)
      : layer(run.req, run.res, next);
    if (isThenable(result)) result.then(undefined, fail);
  } catch (thrown) {
    fail(thrown);
  }
}

function isList(stack: UpgradeStack): stack is readonly UpgradeStack[] {
  return Array.isArray(stack);
}

function takesErrors(layer: Layer): layer is UpgradeErrorHandler {
  return layer.length === 4;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
