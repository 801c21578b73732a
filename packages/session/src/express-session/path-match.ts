import type { SessionRequest } from './session-request.ts';

/**
 * Tells whether a browser would send a cookie of this path (RFC 6265, 5.1.4). `/foo` covers `/foo/bar` but not `/foobar`.
 */
export function pathMatches(requestPath: string, cookiePath: string): boolean {
  if (!requestPath.startsWith(cookiePath)) return false;
  return (
    requestPath.length === cookiePath.length ||
    cookiePath.endsWith('/') ||
    requestPath[cookiePath.length] === '/'
  );
}

/** The path that the browser asked for, even when a router has cut off where it is mounted. */
export function requestPath(req: SessionRequest): string {
  const url = req.originalUrl ?? req.url ?? '/';
  const start = url.startsWith('/') ? 0 : startOfPath(url);
  if (start === -1) return '/';
  const end = url.slice(start).search(/[?#]/);
  return (end === -1 ? url.slice(start) : url.slice(start, start + end)) || '/';
}

/** In the absolute form of a target (RFC 9112, 3.2.2) the path follows scheme and authority. */
function startOfPath(url: string): number {
  const scheme = url.indexOf('://');
  return scheme === -1 ? 0 : url.indexOf('/', scheme + 3);
}
