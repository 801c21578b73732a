import type { IncomingMessage } from 'node:http';
import type { Middleware, Notices } from '@portcullis/core';
import { nothingGranted } from './access-control.ts';
import { mayConnect } from './cross-site.ts';
import { explain } from './explain.ts';
import type { CorsExplanation, CorsQuestion } from './explain.ts';
import { grant, grantOf } from './grant.ts';
import type { CorsOptions } from './options.ts';
import { parseOrigin } from './origin.ts';
import type { EffectiveCorsOptions, Policy } from './policy.ts';
import { compileLater, lookUpPolicies } from './policy-lookup.ts';
import type { CorsOptionsFor, PolicyLookup, PolicySource } from './policy-lookup.ts';
import { isPromise } from './promise.ts';
import { fail, respond } from './respond.ts';
import type { Exchange } from './respond.ts';
import { askPredicates } from './verdict.ts';

/** What `cors()` returns: a middleware that can be asked about its policy. */
export interface CorsMiddleware extends Middleware {
  /** The options in use, checked and frozen; undefined when a function chooses them for each request. */
  readonly options: EffectiveCorsOptions | undefined;
  /**
   * Says what would happen to a request: whether the page may read the response, by which rule, with which headers,
   * and what the browser's console would print.
   *
   * @throws TypeError when a function chooses the options: ask `cors(options)` about the options themselves.
   */
  explain(question: CorsQuestion): CorsExplanation;
  /**
   * Replaces the options from the next request on.
   *
   * @throws `ERR_PORTCULLIS_OPTIONS`, and then keeps the old ones.
   */
  reconfigure(options: CorsOptions | CorsOptionsFor): void;
  /**
   * Whether the sender of a request may connect, by the rules of a WebSocket handshake: for servers that see requests
   * before Express does, such as the `allowRequest` of socket.io.
   */
  allowsConnection(req: IncomingMessage): Promise<boolean>;
}

type Unresolved = Omit<Exchange, 'policy'>;

/** Makes the middleware around a policy, or around a function that finds one for each request. */
export function createCors(notices: Notices, initial: PolicySource): CorsMiddleware {
  let source = initial;

  const corsMiddleware: Middleware = (req, res, next) => {
    if (typeof source === 'function') choose(source, { req, res, next, notices });
    else respond({ req, res, next, policy: source, notices });
  };

  const members = {
    explain(question: CorsQuestion): CorsExplanation {
      if (typeof source !== 'function') return explain(source, question);
      throw new TypeError(
        'explain() needs fixed options: ask cors(options), with the options that the function returns',
      );
    },
    reconfigure(options: CorsOptions | CorsOptionsFor): void {
      source =
        typeof options === 'function'
          ? lookUpPolicies(options, notices)
          : compileLater(options, notices);
    },
    async allowsConnection(req: IncomingMessage): Promise<boolean> {
      const policy = typeof source === 'function' ? await source(req) : source;
      return policy === false || allowsConnection(policy, req);
    },
  };
  Object.defineProperty(corsMiddleware, 'options', {
    enumerable: true,
    get: () => (typeof source === 'function' ? undefined : source.effective),
  });
  // `options` was defined in the line above.
  return Object.assign(corsMiddleware, members) as CorsMiddleware;
}

function choose(lookUp: PolicyLookup, request: Unresolved): void {
  let policy: ReturnType<PolicyLookup>;
  try {
    policy = lookUp(request.req);
  } catch (error) {
    fail(request, error);
    return;
  }
  if (!isPromise(policy)) proceed(policy, request);
  else {
    void policy.then(
      (found) => proceed(found, request),
      (error: unknown) => fail(request, error),
    );
  }
}

function proceed(policy: Policy | false, request: Unresolved): void {
  if (policy !== false) {
    respond({ ...request, policy });
    return;
  }
  // This instance promises nothing; it only takes back what an outer one has promised.
  const { res, next, notices } = request;
  const outer = grantOf(res);
  if (outer !== undefined && !res.headersSent) {
    grant(res, { ...outer, values: nothingGranted, notices });
  }
  next();
}

async function allowsConnection(policy: Policy, req: IncomingMessage): Promise<boolean> {
  const { origin } = req.headers;
  let rule = origin === undefined ? undefined : policy.origins.match(origin);
  if (rule === undefined && origin !== undefined && parseOrigin(origin) !== undefined) {
    ({ rule } = await askPredicates({ predicates: policy.predicates, origin, req }));
  }
  return mayConnect(req, { origin, rule }, policy);
}
