import { createNotices } from '@portcullis/core';
import type { Middleware } from '@portcullis/core';
import { cors as portcullisCors } from './cors.ts';
import { respondAsNpm } from './npm-answer.ts';
import { askOnce } from './npm-ask.ts';
import type {
  CustomOrigin as NpmCustomOrigin,
  NpmCorsDelegate,
  NpmCorsOptions,
  StaticOrigin as NpmStaticOrigin,
} from './npm-options.ts';
import { compileTerms } from './npm-terms.ts';
import type { Terms } from './npm-terms.ts';
import type { CorsOptions as PortcullisOptions } from './options.ts';

/**
 * The options of the `cors` package, and its answers; the README lists what differs.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS` for options that cannot be read, or that a client could abuse.
 */
function cors(options?: NpmCorsOptions | NpmCorsDelegate | null): Middleware {
  const notices = createNotices();
  if (typeof options === 'function') return delegating(options);
  const given = options ?? everybody;
  // Refused there, in our words.
  if (typeof given !== 'object') return portcullisCors(given as PortcullisOptions);
  const terms = compileTerms(given, notices);
  return function corsMiddleware(req, res, next) {
    respondAsNpm(terms, { req, res, next, notices });
  };
}

const everybody: NpmCorsOptions = Object.freeze({});

function delegating(choose: NpmCorsDelegate): Middleware {
  const notices = createNotices();
  const compiled = new WeakMap<NpmCorsOptions, Terms>();
  const compile = (given: NpmCorsOptions): Terms => {
    const terms = compiled.get(given) ?? compileTerms(given, notices);
    compiled.set(given, terms);
    return terms;
  };
  return function corsMiddleware(req, res, next) {
    askOnce<NpmCorsOptions>(
      (done) => choose(req, done),
      (error, given) => {
        if (error) {
          next(error);
          return;
        }
        let terms: Terms;
        try {
          terms = compile(given ?? everybody);
        } catch (fault) {
          next(fault);
          return;
        }
        respondAsNpm(terms, { req, res, next, notices });
      },
    );
  };
}

declare namespace cors {
  export type CorsOptions = NpmCorsOptions;
  export type CorsOptionsDelegate = NpmCorsDelegate;
  export type StaticOrigin = NpmStaticOrigin;
  export type CustomOrigin = NpmCustomOrigin;
}

export = cors;
