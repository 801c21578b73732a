import type { ServerResponse } from 'node:http';
import { isHttp2 } from './node-errors.ts';

type Header = readonly [name: string, value: number | string | string[]];

/**
 * Whether a header speaks of the one answer that was thrown away. Vary, CORS and security headers speak of the
 * resource or the site and stay, as does Content-Security-Policy, whose name only looks like the others.
 * The name is in lower case, as `getHeaderNames` gives it.
 */
function isDiscardable(name: string): boolean {
  if (name.startsWith('content-')) return !name.startsWith('content-security-policy');
  return discardable.has(name);
}

const discardable: ReadonlySet<string> = new Set([
  'etag',
  'last-modified',
  'location',
  'cache-control',
  'set-cookie',
  // Of the discarded body's framing, freshness and ranges:
  'transfer-encoding',
  'trailer',
  'expires',
  'accept-ranges',
]);

/** Discardable headers that earlier middleware has set already: they are not the handler's. */
export function keepHeaders(res: ServerResponse): readonly Header[] {
  let kept = nothing;
  for (const name of res.getHeaderNames()) {
    if (!isDiscardable(name)) continue;
    const value = res.getHeader(name) as Header[1]; // it is listed, so it is there
    kept = [...kept, [name, Array.isArray(value) ? [...value] : value]];
  }
  return kept;
}

const nothing: readonly Header[] = [];

/** Gives the response back as it was before the handler answered. */
export function discardAnswer(res: ServerResponse, kept: readonly Header[]): void {
  for (const name of res.getHeaderNames()) {
    if (isDiscardable(name)) res.removeHeader(name);
  }
  for (const [name, value] of kept) res.setHeader(name, value);
  res.statusCode = 200;
  // Empty means Node's own words for the status; http2 has no reason phrase and warns when one is set.
  if (!isHttp2(res)) res.statusMessage = '';
}
