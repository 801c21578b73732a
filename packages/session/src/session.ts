import type { IncomingMessage } from 'node:http';
import { defineMiddleware } from '@portcullis/core';
import type { Middleware, Next, Notices, RequiredMiddlewareFactory } from '@portcullis/core';
import { fillSlot, sessionAccessor, sessionOf, slotFor, slotOf } from './accessor.ts';
import { sessionOptions } from './options.ts';
import type { ResolvedSessionOptions, SessionOptions } from './options.ts';
import { resolvePolicy } from './policy.ts';
import { RequestSession } from './request-session.ts';
import { holdResponse } from './respond.ts';
import { misuse } from './session-error.ts';
import type { Session } from './session-type.ts';
import type { SessionStrategy, UserSession } from './strategy.ts';
import { isThenable } from './thenable.ts';

/** What {@link session} returns: the middleware, and what can be done with sessions outside a response. */
export interface SessionMiddleware extends Middleware {
  /**
   * Reads the session of a request, one without a response too, such as a WebSocket handshake, and puts it on the request. Without a
   * response changes are stored by `save()`, with a store only: a cookie cannot be set any more.
   */
  load<T extends object = Record<string, unknown>>(req: IncomingMessage): Promise<Session<T>>;
  /** The live sessions of a user who called `login`. Stores that keep users only. */
  list(userId: string | number): Promise<readonly UserSession[]>;
  /**
   * Ends sessions of a user: all, all `except` one, or `only` one, named by its `session.id` or the `handle` that `list` gives.
   * Answers how many. Stores that keep users only.
   */
  revoke(
    userId: string | number,
    which?: { readonly except?: string | undefined; readonly only?: string | undefined },
  ): Promise<number>;
}

/**
 * Keeps a session per visitor: in an encrypted cookie, or in a store.
 *
 * The session is on `req.session` (typed: `sessionOf(req)`), read when first looked at, and stored before the first byte of the
 * response leaves. Mount it before what uses sessions.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS` when an option cannot be used.
 * @example
 * app.use(session({ secretKey: process.env.SECRET_KEY }));
 */
export const session: RequiredMiddlewareFactory<SessionOptions, SessionMiddleware> =
  defineMiddleware<SessionOptions, ResolvedSessionOptions, SessionMiddleware>({
    name: 'session',
    options: sessionOptions,
    order: { after: ['trustedHost', 'httpsRedirect', 'cors', 'gzip'] },
    setup: (options) => createSession(options, () => Math.floor(Date.now() / 1000)),
  });

/** Makes the middleware with a clock of the caller's. */
export function createSession(
  options: ResolvedSessionOptions,
  now: () => number,
): SessionMiddleware {
  const policy = resolvePolicy(options, now);
  const { strategy, property, notices } = policy;
  const slot = slotFor(property);
  const accessor = sessionAccessor(slot);
  const readsAhead = strategy.eager && !policy.lazy;

  function install(own: RequestSession): RequestSession {
    fillSlot(own.req, slot, own);
    Object.defineProperty(own.req, property, accessor);
    return own;
  }

  /** Another middleware, or another copy of this package, may have put its session there. */
  function ownOf(req: IncomingMessage): RequestSession | undefined {
    const there = slotOf(req, slot);
    return there?.policy === policy ? there : undefined;
  }

  const middleware: Middleware = function sessionMiddleware(req, res, next) {
    if (property in req) {
      if (ownOf(req) === undefined) noticeTaken(notices, property);
      next();
      return;
    }
    const own = new RequestSession(policy, { req, res });
    install(own);
    holdResponse(own, res, next);
    if (readsAhead) readAhead(own, next);
    else next();
  };

  return Object.assign(middleware, {
    async load<T extends object>(req: IncomingMessage): Promise<Session<T>> {
      await (ownOf(req) ?? install(new RequestSession(policy, { req }))).load();
      return sessionOf<T>(req, property);
    },
    async list(userId: string | number) {
      if (strategy.list === undefined) throw unsupported('list', strategy);
      return strategy.list(String(userId));
    },
    async revoke(
      userId: string | number,
      which?: { readonly except?: string | undefined; readonly only?: string | undefined },
    ) {
      if (strategy.revoke === undefined) throw unsupported('revoke', strategy);
      return strategy.revoke(String(userId), which);
    },
  });
}

function readAhead(own: RequestSession, next: Next): void {
  let loading: unknown;
  try {
    loading = own.load();
  } catch (error) {
    return next(error);
  }
  if (!isThenable(loading)) return next();
  // Outside of the promise: what the application throws is its own uncaught exception, not our unhandled rejection.
  loading.then(
    () => process.nextTick(next),
    (error: unknown) => process.nextTick(next, error),
  );
}

function noticeTaken(notices: Notices, property: string): void {
  notices.once(
    'ERR_PORTCULLIS_SESSION_PROPERTY_TAKEN',
    `req.${property} is there already, so this session() does nothing; give it another option property and cookieName, or remove one`,
  );
}

function unsupported(method: string, strategy: SessionStrategy): Error {
  return misuse(
    'ERR_PORTCULLIS_SESSION_UNSUPPORTED',
    `${method}() needs sessions in a store that knows users; ${strategy.name} sessions do not`,
  );
}
