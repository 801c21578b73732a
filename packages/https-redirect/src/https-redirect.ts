import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createNotices,
  defineMiddleware,
  httpError,
  type Middleware,
  type MiddlewareFactory,
  type Next,
  type Notices,
} from '@portcullis/core';
import {
  appendVary,
  explainScheme,
  requestScheme,
  type RequestTrust,
  type SchemeDecision,
} from '@portcullis/core/http';
import { compileHsts } from './hsts.ts';
import { compileDestination, type Destination } from './location.ts';
import { warnOfLoop } from './loop.ts';
import {
  definition,
  type HttpsRedirectOptions,
  type ResolvedHttpsRedirectOptions,
} from './options.ts';
import { reject } from './rejection.ts';

/**
 * Answers insecure requests with a redirect to https (wss for WebSocket handshakes), or with 403.
 *
 * Mount it after `trustedHost()`, whose checked host it redirects to, and before everything else.
 *
 * @param options - Checked here, once; all problems are reported in one error.
 * @throws `ERR_PORTCULLIS_OPTIONS` when an option cannot be used.
 * @example
 * app.use(httpsRedirect({ trustProxy: 'loopback', exempt: ['/health'] }));
 */
export const httpsRedirect: MiddlewareFactory<HttpsRedirectOptions> = defineMiddleware<
  HttpsRedirectOptions,
  ResolvedHttpsRedirectOptions
>({
  name: 'httpsRedirect',
  options: definition,
  order: { after: ['trustedHost'], before: ['cors', 'gzip', 'session'] },
  setup: createHttpsRedirect,
});

function createHttpsRedirect(options: Readonly<ResolvedHttpsRedirectOptions>): Middleware {
  const trust: RequestTrust = Object.freeze({
    trust: options.trustProxy,
    forwarded: options.forwarded,
    protoHeaders: options.protoHeaders,
  });
  if (!options.enabled)
    return function httpsRedirectMiddleware(_req, _res, next) {
      next();
    };
  const { exempt } = options;
  const writeHsts = compileHsts(options.hsts, trust);
  const destinationOf = compileDestination(options, trust);
  const notices = createNotices();

  function answerInsecure(req: IncomingMessage, res: ServerResponse): void {
    const decision = explainScheme(req, trust);
    warn(req, decision, notices);
    for (const header of decision.headers) appendVary(res, header);
    if (options.insecure === 'reject') return reject(res, 'insecure');
    const destination = destinationOf(req);
    if (!destination.ok) return reject(res, destination.reason, destination.host);
    if (!destination.listed) warnOfUncheckedHost(notices);
    redirect(res, destination, statusFor(req, options.status));
  }

  function handleInsecure(req: IncomingMessage, res: ServerResponse, next: Next): void {
    let passes: boolean;
    try {
      passes = exempt?.(req) === true;
    } catch (error) {
      next(undecided(error));
      return;
    }
    if (passes) next();
    else answerInsecure(req, res);
  }

  return function httpsRedirectMiddleware(req, res, next) {
    if (requestScheme(req, trust) === 'https') {
      writeHsts?.(req, res);
      next();
    } else handleInsecure(req, res, next);
  };
}

function undecided(cause: unknown): Error {
  return httpError(
    503,
    'ERR_PORTCULLIS_HTTPS_REDIRECT_UNDECIDED',
    'The function exempt failed; see the cause.',
    { cause },
  );
}

function warn(req: IncomingMessage, { headers, fault }: SchemeDecision, notices: Notices): void {
  if (headers.length === 0) warnOfLoop(req, notices);
  if (fault === undefined) return;
  notices.once(
    'ERR_PORTCULLIS_HTTPS_REDIRECT_BAD_SCHEME',
    `A trusted proxy sent a ${headers.join(' or ')} header that names neither http nor https. ` +
      'It was ignored. Let the proxy overwrite the header, not pass on what clients send.',
  );
}

function warnOfUncheckedHost(notices: Notices): void {
  notices.once(
    'ERR_PORTCULLIS_HTTPS_REDIRECT_UNCHECKED_HOST',
    'httpsRedirect() sends clients to whatever well-formed host they name, because nobody has checked it. ' +
      'Mount trustedHost() before it (paths that are exempt there are not checked), or give it the option allowedHosts or host.',
  );
}

/** RFC 9110 section 15.4: after 301 and 302 clients may change POST to GET and lose the body; not after these. */
function statusFor(req: IncomingMessage, status: ResolvedHttpsRedirectOptions['status']): number {
  if (req.method === 'GET' || req.method === 'HEAD') return status;
  if (status === 301) return 308;
  return status === 302 ? 307 : status;
}

function redirect(
  res: ServerResponse,
  { location, header }: Extract<Destination, { ok: true }>,
  status: number,
): void {
  if (header !== undefined) appendVary(res, header);
  // Set by a middleware before us: it would cross the network in the clear.
  res.removeHeader('Set-Cookie');
  res.statusCode = status;
  res.setHeader('Location', location);
  res.setHeader('Content-Length', 0);
  res.end();
}
