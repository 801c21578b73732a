import {
  defineMiddleware,
  httpError,
  type Middleware,
  type RequiredMiddlewareFactory,
} from '@portcullis/core';
import { forwardedHosts, rawHost, setCheckedHost, type RequestTrust } from '@portcullis/core/http';
import { compileAllowList } from './allow-list.ts';
import { decide, type Decision, type Policy } from './decision.ts';
import { createMemory } from './memory.ts';
import { definition, type ResolvedTrustedHostOptions, type TrustedHostOptions } from './options.ts';
import { reject, type Exchange } from './rejection.ts';
import { redirectToWww } from './www.ts';

/**
 * Refuses requests whose Host is malformed or not listed, before anything else reads it.
 *
 * Mount it first. What it has checked is at `getHost(req)` and `absoluteUrl(req, path)`.
 *
 * @param options - Checked here, once; all problems are reported in one error.
 * @throws `ERR_PORTCULLIS_OPTIONS` when an option cannot be used.
 * @example
 * app.use(trustedHost({ allowedHosts: ['example.com', '*.example.com'] }));
 */
export const trustedHost: RequiredMiddlewareFactory<TrustedHostOptions> = defineMiddleware<
  TrustedHostOptions,
  ResolvedTrustedHostOptions
>({
  name: 'trustedHost',
  options: definition,
  order: { before: ['httpsRedirect', 'cors', 'gzip', 'session'] },
  setup: createTrustedHost,
});

function createTrustedHost(options: Readonly<ResolvedTrustedHostOptions>): Middleware {
  const trust: RequestTrust = Object.freeze({
    trust: options.trustProxy,
    forwarded: options.forwarded,
  });
  const policy: Policy = {
    allowList: compileAllowList(options.allowedHosts),
    allowMissing: options.allowMissing,
    wwwRedirect: options.wwwRedirect,
    exempt: options.exempt,
    trust,
  };
  const memory = createMemory();

  function act(exchange: Exchange, decision: Decision): void {
    const { req, next } = exchange;
    switch (decision.kind) {
      case 'accept':
        if (decision.lasting) memory.remember(exchange.raw, decision.host);
        setCheckedHost(req, decision.host);
        return next();
      case 'pass':
        return next();
      case 'www':
        return redirectToWww(exchange, decision.host, trust);
      case 'refuse':
        return reject(exchange, decision, options);
    }
  }

  async function actLater(exchange: Exchange, pending: Promise<Decision>): Promise<void> {
    let decision: Decision;
    try {
      decision = await pending;
    } catch (error) {
      exchange.next(undecided(error));
      return;
    }
    act(exchange, decision);
  }

  function examine(exchange: Exchange): void {
    let decision: Decision | Promise<Decision>;
    try {
      decision = decide(exchange.req, exchange.raw, policy);
    } catch (error) {
      exchange.next(undecided(error));
      return;
    }
    if (decision instanceof Promise) void actLater(exchange, decision);
    else act(exchange, decision);
  }

  return function trustedHostMiddleware(req, res, next) {
    const raw = rawHost(req);
    const known = memory.recall(req, raw);
    if (known === undefined || forwardedHosts(req, trust) !== undefined) {
      examine({ req, res, next, raw });
      return;
    }
    setCheckedHost(req, known);
    next();
  };
}

function undecided(cause: unknown): Error {
  return httpError(
    503,
    'ERR_PORTCULLIS_TRUSTED_HOST_UNDECIDED',
    'A predicate of allowedHosts, or exempt, failed; see the cause.',
    { cause },
  );
}
