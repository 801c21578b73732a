import { isToken } from './token.ts';

/** Always part of the allowed list, whatever is configured. */
export const safelistedHeaders: readonly string[] = [
  'Accept',
  'Accept-Language',
  'Content-Language',
  'Content-Type',
];

export interface HeaderNameFault {
  readonly code: string;
  readonly fault: string;
  readonly hint?: string | undefined;
}

const preflightRequest = new Set([
  'access-control-request-headers',
  'access-control-request-method',
  'access-control-request-private-network',
]);

const responseOnly = new Set([
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-allow-private-network',
  'access-control-expose-headers',
  'access-control-max-age',
]);

const confused = new Set(['cookie', 'cookie2', 'host', 'set-cookie', 'set-cookie2']);

/** Forbidden to pages like the ones above, but copied from list to list: they do no harm and have no effect. */
const neverSent = new Set([
  'accept-charset',
  'accept-encoding',
  'connection',
  'content-length',
  'date',
  'dnt',
  'expect',
  'keep-alive',
  'origin',
  'referer',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/**
 * What is wrong with a name in `allowHeaders`.
 *
 * @see https://fetch.spec.whatwg.org/#forbidden-request-header
 */
export function faultOfAllowedHeader(name: string): HeaderNameFault | undefined {
  if (!isToken(name)) return notAName();
  const lower = name.toLowerCase();
  if (responseOnly.has(lower)) {
    return {
      code: 'CORS_HEADER_RESPONSE_ONLY',
      fault: 'is a header of responses; a page does not send it',
      hint: 'remove it, also from the request that the page makes',
    };
  }
  const forbidden =
    confused.has(lower) || preflightRequest.has(lower) || /^(?:sec|proxy)-/.test(lower);
  if (!forbidden) return undefined;
  return {
    code: 'CORS_HEADER_FORBIDDEN',
    fault: 'is never set by a page, so it cannot be allowed',
    hint: lower.includes('cookie') ? 'cookies are allowed by allowCredentials' : 'remove it',
  };
}

/** Whether a name in `allowHeaders` can have no effect, because pages may not set it. */
export function isNeverSent(name: string): boolean {
  return neverSent.has(name.toLowerCase());
}

/** What is wrong with a name in `exposeHeaders`. */
export function faultOfExposedHeader(name: string): HeaderNameFault | undefined {
  if (!isToken(name)) return notAName();
  const lower = name.toLowerCase();
  if (lower === 'set-cookie' || lower === 'set-cookie2') {
    return {
      code: 'CORS_EXPOSE_SET_COOKIE',
      fault: 'is hidden from every page',
      hint: 'remove it; with allowCredentials the browser stores the cookie by itself',
    };
  }
  if (lower !== 'origin' && !preflightRequest.has(lower) && !responseOnly.has(lower)) {
    return undefined;
  }
  return {
    code: 'CORS_EXPOSE_NEVER_READ',
    fault: 'is read by the browser, not by pages',
    hint: 'remove it; exposeHeaders lists headers of your own responses',
  };
}

/** The allowed names as they are sent: sorted, the safelisted ones included, each once whatever its case. */
export function formatAllowedHeaders(names: readonly string[]): string {
  const byLower = new Map<string, string>();
  for (const name of [...safelistedHeaders, ...names]) {
    const lower = name.toLowerCase();
    if (!byLower.has(lower)) byLower.set(lower, name);
  }
  return [...byLower.values()].sort().join(', ');
}

function notAName(): HeaderNameFault {
  return {
    code: 'CORS_HEADER_NAME',
    fault: 'is not a header name: one word without spaces or separators',
  };
}
