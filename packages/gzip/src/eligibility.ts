import type { ServerResponse } from 'node:http';
import { parseCacheControl } from './cache-control.ts';
import type { GzipReason } from './decisions.ts';
import type { Settings } from './settings.ts';

// Header names are in lower case in this file, because Node lowers them for each of these look-ups
// on every response, and a text that is lower already costs nothing.

/** Why a response must be left as it is, or `undefined` when it may be compressed. */
export function findObstacle(res: ServerResponse, settings: Settings): GzipReason | undefined {
  return findCommonObstacle(res, settings) ?? findRareObstacle(res);
}

/**
 * The same without the rare obstacles, for responses that stay plain anyway: all that is at stake
 * there is a Vary too many, and such a response should cost next to nothing.
 */
export function findCommonObstacle(
  res: ServerResponse,
  settings: Settings,
): GzipReason | undefined {
  const { statusCode } = res;
  if (!hasContent(statusCode) || isTunnel(res)) return 'no-body';
  return byType(res, settings) ?? byHeaders(res, statusCode);
}

function isTunnel(res: ServerResponse): boolean {
  return res.statusCode < 300 && res.req.method === 'CONNECT';
}

function hasContent(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

function byType(res: ServerResponse, settings: Settings): GzipReason | undefined {
  const contentType = res.getHeader('content-type');
  if (settings.filter === undefined) {
    if (contentType === undefined) return 'no-type';
    const facts = settings.classify(String(contentType));
    return facts.compressible && !facts.excluded ? undefined : 'filtered';
  }
  if (contentType !== undefined && settings.classify(String(contentType)).excluded) {
    return 'filtered';
  }
  try {
    return settings.filter(res.req, res) ? undefined : 'filtered';
  } catch (error) {
    settings.notices.once(
      'ERR_PORTCULLIS_GZIP_FILTER',
      `@portcullis/gzip: the option "filter" threw, so the response is sent uncompressed: ${String(error)}`,
    );
    return 'filtered';
  }
}

function byHeaders(res: ServerResponse, status: number): GzipReason | undefined {
  const coding = res.getHeader('content-encoding');
  if (coding !== undefined) {
    if (String(coding).trim().toLowerCase() !== 'identity') return 'encoded';
    // Not a value for the wire (RFC 9110 8.4.1): people write it to opt out.
    res.removeHeader('content-encoding');
    return 'opt-out';
  }
  const cacheControl = res.getHeader('cache-control');
  if (cacheControl !== undefined && parseCacheControl(cacheControl).noTransform) {
    return 'no-transform';
  }
  return status === 206 || res.hasHeader('content-range') ? 'range' : undefined;
}

function findRareObstacle(res: ServerResponse): GzipReason | undefined {
  const transfer = res.getHeader('transfer-encoding');
  if (transfer !== undefined && String(transfer).trim().toLowerCase() !== 'chunked') {
    return 'transfer-encoding';
  }
  return integrityFields.some((name) => res.hasHeader(name)) ? 'digest' : undefined;
}

// RFC 9530 and RFC 9421: they speak of the bytes or the head as the application made them.
const integrityFields: readonly string[] = [
  'content-digest',
  'repr-digest',
  'digest',
  'content-md5',
  'signature-input',
];
