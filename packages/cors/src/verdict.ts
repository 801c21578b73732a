import type { IncomingMessage } from 'node:http';
import { httpError } from '@portcullis/core';
import type { OriginAnswer, OriginPredicate } from './origin-rule.ts';
import { isPromise, withinTime } from './promise.ts';
import { isToken } from './token.ts';

/** What the rules say of an origin. */
export interface Verdict {
  /** The rule that allows the origin, or undefined. */
  readonly rule: string | undefined;
  /** The request headers that the verdict depends on. */
  readonly vary: string;
}

/** What a predicate is asked about. */
export interface Asked {
  readonly predicates: readonly OriginPredicate[];
  readonly origin: string;
  readonly req: IncomingMessage;
}

/**
 * Asks predicates in turn until one allows the origin. Answers at once when they do.
 *
 * @throws whatever a predicate throws; the promise rejects likewise.
 */
export function askPredicates(
  asked: Asked,
  index = 0,
  vary = 'Origin',
): Verdict | Promise<Verdict> {
  const predicate = asked.predicates[index];
  if (predicate === undefined) return { rule: undefined, vary };
  const settle = (answer: OriginAnswer): Verdict | Promise<Verdict> => {
    const { allow, names } = readAnswer(answer);
    const all = [vary, ...names].join(', ');
    if (!allow) return askPredicates(asked, index + 1, all);
    return { rule: `function ${predicate.name}`.trimEnd(), vary: all };
  };
  const answer = predicate(asked.origin, asked.req);
  return isPromise(answer)
    ? withinTime(answer, 'An origin predicate').then(settle)
    : settle(answer);
}

function readAnswer(answer: OriginAnswer): { allow: boolean; names: readonly string[] } {
  // A JavaScript predicate may answer anything; only `true` is a yes.
  if (typeof answer !== 'object' || answer === null) return { allow: answer === true, names: [] };
  const given = answer.vary ?? [];
  const names = typeof given === 'string' ? given.split(',').map((name) => name.trim()) : given;
  const wrong = names.find((name) => !isToken(name));
  if (wrong === undefined) return { allow: answer.allow === true, names };
  throw new TypeError(
    `An origin predicate answered vary: ${JSON.stringify(wrong)}, which is no header name`,
  );
}

/**
 * What to call `next` with when a user's function failed. `next(undefined)` would let the request pass, and
 * `next('route')` would make Express skip handlers, so only objects are handed on as they are.
 */
export function toNextError(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) return error;
  const message = `A function in the options of cors failed with ${String(error)}`;
  return httpError(500, 'ERR_PORTCULLIS_CORS_FUNCTION_FAILED', message, { cause: error });
}
