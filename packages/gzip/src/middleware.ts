import type { Middleware } from '@portcullis/core';
import { appendVary, isWebSocketHandshake } from '@portcullis/core/http';
import { onHead, transformBody } from '@portcullis/core/response';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { parseCacheControl } from './cache-control.ts';
import { decideBody } from './decide.ts';
import { withoutSuffixes } from './etag.ts';
import type { Exchange } from './exchange.ts';
import type { PlainCase } from './head.ts';
import { markPlainHead } from './head.ts';
import type { Settings } from './settings.ts';

// Not Symbol.for: another copy of this package may keep another shape. It then finds our
// Content-Encoding and leaves the response alone.
const kExchange: unique symbol = Symbol('portcullis.gzip');

type MarkedResponse = ServerResponse & { [kExchange]?: Exchange; flush?: () => void };

export function createMiddleware(settings: Settings): Middleware {
  const { negotiate, assumedAcceptEncoding, refuseCrossSite, refuseUnacceptable } = settings;
  const rewritesConditions = settings.etag === 'suffix';
  return function gzipMiddleware(req, res: MarkedResponse, next) {
    const { headers } = req;
    res.flush = flush;
    if (mustPassUntouched(req)) {
      next();
      return;
    }
    // Typed as a list too, which Node never makes of this field: it joins the lines.
    const acceptEncoding = headers['accept-encoding'] as string | undefined;
    // An empty value asks for no coding (RFC 9110 12.5.3), but for a coding that the options enforce.
    const { choice, unacceptable } = negotiate(acceptEncoding || assumedAcceptEncoding);
    if (unacceptable && refuseUnacceptable) {
      answerNotAcceptable(res);
      return;
    }
    const ifNoneMatch = headers['if-none-match'];
    adaptConditions(headers, rewritesConditions);
    if (refuseCrossSite && isExposed(headers)) {
      register(res, { settings, choice: undefined, plainReason: 'cross-site', ifNoneMatch });
    } else if (choice === undefined && !unacceptable && ifNoneMatch === undefined) {
      // Nothing is allocated for the plainest of requests, which should cost next to nothing.
      registerPlain(res, settings);
    } else {
      const plainReason = unacceptable ? 'unacceptable' : 'identity';
      register(res, { settings, choice, plainReason, ifNoneMatch });
    }
    next();
  };
}

/** What npm's `compression` adds, and streaming handlers therefore call: sends what was written. */
function flush(this: ServerResponse): void {
  // Before the first byte there is nothing to send, and the head must stay open to changes.
  if (this.headersSent) this.flushHeaders();
}

/** The protocol or the client leaves no room for a transformation. */
function mustPassUntouched(req: IncomingMessage): boolean {
  const { headers } = req;
  if (headers.upgrade !== undefined && isWebSocketHandshake(req)) return true;
  const cacheControl = headers['cache-control'];
  return cacheControl !== undefined && parseCacheControl(cacheControl).noTransform;
}

/** Another site can make a browser ask with the visitor's cookies, and then measure the answer. */
function isExposed(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && headers.cookie !== undefined;
}

/** What was made of the ETag must not mislead an application that knows only the one it gave. */
function adaptConditions(headers: IncomingHttpHeaders, suffixes: boolean): void {
  if (suffixes) hideSuffixes(headers);
  if (headers.range !== undefined) dropWeaklyConditionedRange(headers);
}

/** The application compares with the tags that it gave, not with those that it never saw. */
function hideSuffixes(headers: IncomingHttpHeaders): void {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) headers['if-none-match'] = withoutSuffixes(ifNoneMatch);
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) headers['if-match'] = withoutSuffixes(ifMatch);
}

/**
 * A weak tag never matches in If-Range (RFC 9110 13.1.5). `send`, and with it Express, takes it for a match, and a
 * client that resumes a coded download would get its rest from the plain form.
 */
function dropWeaklyConditionedRange(headers: IncomingHttpHeaders): void {
  if (String(headers['if-range']).startsWith('W/')) delete headers.range;
}

function answerNotAcceptable(res: ServerResponse): void {
  res.statusCode = 406;
  appendVary(res, 'Accept-Encoding');
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end('No acceptable content coding.\n');
}

function register(res: MarkedResponse, found: Omit<Exchange, 'res'>): void {
  const { settings, choice, plainReason, ifNoneMatch } = found;
  const outer = res[kExchange];
  if (outer !== undefined) {
    // The inner of two instances knows its routes better.
    Object.assign(outer, { settings, choice, plainReason });
  } else if (choice !== undefined) {
    const exchange = { res, settings, choice, plainReason, ifNoneMatch };
    res[kExchange] = exchange;
    transformBody(res, decideBody, exchange);
  } else {
    onHead(res, (head) => markPlainHead(head, settings, { reason: plainReason, ifNoneMatch }));
  }
}

const plainest: PlainCase = { reason: 'identity', ifNoneMatch: undefined };

function registerPlain(res: MarkedResponse, settings: Settings): void {
  const outer = res[kExchange];
  if (outer === undefined) onHead(res, markPlainestHead, settings);
  else Object.assign(outer, { settings, choice: undefined, plainReason: plainest.reason });
}

function markPlainestHead(res: ServerResponse, settings: Settings): void {
  markPlainHead(res, settings, plainest);
}
