import { appendVary } from '@portcullis/core/http';
import type { ServerResponse } from 'node:http';
import { parseCacheControl } from './cache-control.ts';
import type { GzipReason } from './decisions.ts';
import { isWatched, reportDecision } from './decisions.ts';
import { findCommonObstacle } from './eligibility.ts';
import type { Encoding } from './encoding.ts';
import { codedEtag, validatedEtag } from './etag.ts';
import type { Choice, Exchange } from './exchange.ts';
import type { Settings } from './settings.ts';

/** Content-Length as the application set it, if it is a number. */
export function announcedLength(res: ServerResponse): number | undefined {
  const header = res.getHeader('content-length');
  if (header === undefined) return undefined;
  const length = Number(header);
  return Number.isInteger(length) && length >= 0 ? length : undefined;
}

/** Bodies below this stay plain. */
export function smallestLength(settings: Settings, choice: Choice | undefined): number {
  // An empty body only grows, whatever the client or the options say.
  return choice?.required === true ? 1 : Math.max(1, settings.minimumSize);
}

/** Says that the form of this answer depends on Accept-Encoding (RFC 9110 12.5.5). */
export function markVariation(res: ServerResponse): void {
  appendVary(res, 'Accept-Encoding');
}

/**
 * Turns the head of the plain form into that of a coded one.
 *
 * @param length - Exact length of the coded body; `undefined` when it is not known in time, or when
 *   trailers follow, which only a chunked body can carry.
 */
export function applyCoding(exchange: Exchange, encoding: Encoding, length?: number): void {
  const { res, settings } = exchange;
  markVariation(res);
  res.setHeader('Content-Encoding', encoding);
  // Both framings at once are forbidden (RFC 9112 6.2), and the application's own one stands.
  if (length === undefined || res.hasHeader('transfer-encoding')) {
    res.removeHeader('Content-Length');
  } else {
    res.setHeader('Content-Length', length);
  }
  // Ranges would count coded bytes, which differ from one run of a codec to the next.
  if (res.hasHeader('accept-ranges')) res.removeHeader('accept-ranges');
  const etag = res.getHeader('etag');
  if (etag === undefined) return;
  const coded = codedEtag(String(etag), encoding, settings.etag);
  if (coded === undefined) res.removeHeader('ETag');
  else if (coded !== etag) res.setHeader('ETag', coded);
}

/**
 * A 304 must carry the Vary and the ETag of the 200 (RFC 9110 15.4.5), whose type it often does not
 * tell: without one it is taken for a response that varies.
 */
export function markNotModified(
  res: ServerResponse,
  settings: Settings,
  ifNoneMatch: string | undefined,
): void {
  const contentType = res.getHeader('content-type');
  if (contentType !== undefined) {
    const facts = settings.classify(String(contentType));
    if (facts.excluded || (settings.filter === undefined && !facts.compressible)) return;
  }
  if (parseCacheControl(res.getHeader('cache-control')).noTransform) return;
  markVariation(res);
  const etag = res.getHeader('etag');
  if (etag === undefined || ifNoneMatch === undefined) return;
  res.setHeader('ETag', validatedEtag(String(etag), ifNoneMatch, settings.etag));
}

/** A part carries the Vary that the whole would have (RFC 9110 15.3.7); the rest stays as it is. */
export function markLeftAlone(res: ServerResponse, obstacle: GzipReason): void {
  if (obstacle === 'range' && res.statusCode === 206) markVariation(res);
  reportDecision(res, obstacle);
}

/** Why an answer stays plain for its client, and how the client asked. */
export interface PlainCase {
  readonly reason: GzipReason;
  readonly ifNoneMatch: string | undefined;
}

/** The head of an answer that stays plain for this client and varies all the same. */
export function markPlainHead(res: ServerResponse, settings: Settings, plain: PlainCase): void {
  if (res.statusCode === 304) {
    markNotModified(res, settings, plain.ifNoneMatch);
    return;
  }
  const obstacle = findCommonObstacle(res, settings);
  if (obstacle !== undefined) {
    markLeftAlone(res, obstacle);
    return;
  }
  const length = announcedLength(res);
  if (length !== undefined && length < settings.minimumSize) {
    if (isWatched()) reportDecision(res, 'small', { bytes: length });
    return;
  }
  markVariation(res);
  if (isWatched()) reportDecision(res, plain.reason, { bytes: length });
}
