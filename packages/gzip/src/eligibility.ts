import type { ServerResponse } from 'node:http';
import { parseCacheControl } from './cache-control.ts';
import type { GzipReason } from './decisions.ts';
import type { Exchange } from './exchange.ts';

/** Why a response must be left as it is, or `undefined` when it may be compressed. */
export function findObstacle(exchange: Exchange): GzipReason | undefined {
  const { req, res } = exchange;
  const { statusCode } = res;
  if (!hasContent(statusCode) || (req.method === 'CONNECT' && statusCode < 300)) return 'no-body';
  return byType(exchange) ?? byHeaders(res, statusCode);
}

function hasContent(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

function byType(exchange: Exchange): GzipReason | undefined {
  const { req, res, settings } = exchange;
  const contentType = res.getHeader('Content-Type');
  if (settings.filter === undefined) {
    if (contentType === undefined) return 'no-type';
    const facts = settings.classify(String(contentType));
    return facts.compressible && !facts.excluded ? undefined : 'filtered';
  }
  if (contentType !== undefined && settings.classify(String(contentType)).excluded) {
    return 'filtered';
  }
  try {
    return settings.filter(req, res) ? undefined : 'filtered';
  } catch (error) {
    settings.notices.once(
      'ERR_PORTCULLIS_GZIP_FILTER',
      `@portcullis/gzip: the option "filter" threw, so the response is sent uncompressed: ${String(error)}`,
    );
    return 'filtered';
  }
}

function byHeaders(res: ServerResponse, status: number): GzipReason | undefined {
  const coding = res.getHeader('Content-Encoding');
  if (coding !== undefined) {
    if (String(coding).trim().toLowerCase() !== 'identity') return 'encoded';
    // Not a value for the wire (RFC 9110 8.4.1): people write it to opt out.
    res.removeHeader('Content-Encoding');
    return 'opt-out';
  }
  if (status === 206 || res.hasHeader('Content-Range')) return 'range';
  if (parseCacheControl(res.getHeader('Cache-Control')).noTransform) return 'no-transform';
  const transfer = res.getHeader('Transfer-Encoding');
  if (transfer !== undefined && String(transfer).trim().toLowerCase() !== 'chunked') {
    return 'transfer-encoding';
  }
  return integrityFields.some((name) => res.hasHeader(name)) ? 'digest' : undefined;
}

// RFC 9530 and RFC 9421: they speak of the bytes or the head as the application made them.
const integrityFields: readonly string[] = [
  'Content-Digest',
  'Repr-Digest',
  'Digest',
  'Content-MD5',
  'Signature-Input',
];
