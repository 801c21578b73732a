import type { IncomingMessage } from 'node:http';
import type { Notices } from '@portcullis/core';
import { corsOptions } from './options.ts';
import type { CorsOptions } from './options.ts';
import { compilePolicy } from './policy.ts';
import type { Policy } from './policy.ts';
import { isPromise, withinTime } from './promise.ts';

/**
 * Chooses the options for one request. Return one of a few fixed objects: each is checked and compiled once.
 * `false` leaves the request alone, and takes back what an outer `cors()` has put on its response.
 * It has five seconds.
 */
export type CorsOptionsFor = (
  req: IncomingMessage,
) => CorsOptions | false | PromiseLike<CorsOptions | false>;

/** Where an instance's policy comes from: fixed, or looked up for each request. */
export type PolicySource = Policy | PolicyLookup;

export interface PolicyLookup {
  (req: IncomingMessage): Policy | false | Promise<Policy | false>;
}

/** How many option objects an instance compiles before it says that this is the wrong way round. */
const manyPolicies = 100;

const nothingReturned =
  'The function given to cors() returned undefined; return options, or false for requests without CORS';

/** Checks and compiles options after construction; warnings come once per instance. */
export function compileLater(options: CorsOptions, notices: Notices): Policy {
  const resolved = corsOptions.resolve(options);
  for (const { code, message, hint } of resolved.warnings) {
    // Every rule of this package has a hint.
    notices.once(`ERR_PORTCULLIS_${code}`, `${corsOptions.package}: ${message}; ${String(hint)}`);
  }
  return compilePolicy(resolved.options);
}

export function lookUpPolicies(choose: CorsOptionsFor, notices: Notices): PolicyLookup {
  const compiled = new WeakMap<CorsOptions, Policy>();
  let count = 0;
  const toPolicy = (options: CorsOptions | false | undefined): Policy | false => {
    if (options === false) return false;
    // JavaScript callers forget a return; without this, the default options would apply in silence.
    if (options === undefined) throw new TypeError(nothingReturned);
    const known = compiled.get(options);
    if (known !== undefined) return known;
    const policy = compileLater(options, notices);
    compiled.set(options, policy);
    count++;
    if (count === manyPolicies) {
      notices.once(
        'ERR_PORTCULLIS_CORS_OPTIONS_EACH_TIME',
        'The function given to cors() has returned a hundred different objects, and each was checked anew. ' +
          'Make the options once, outside of it, and return one of them.',
      );
    }
    return policy;
  };
  return (req) => {
    const chosen = choose(req);
    if (!isPromise(chosen)) return toPolicy(chosen);
    return withinTime(chosen, 'The function given to cors()').then(toPolicy);
  };
}
