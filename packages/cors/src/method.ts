import { isToken } from './token.ts';

/** What `'*'` in `allowMethods` stands for, in the order in which it is sent. */
export const anyMethod: readonly string[] = [
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
];

export interface MethodFault {
  readonly code: string;
  readonly fault: string;
  readonly hint?: string | undefined;
}

/**
 * What a browser makes of a method before it sends it.
 *
 * @see https://fetch.spec.whatwg.org/#concept-method-normalize
 */
export function normalizeMethod(text: string): string {
  const upper = text.toUpperCase();
  // Fetch upper-cases six methods and no other: a page that sends "patch" really asks for "patch".
  return upper !== 'PATCH' && anyMethod.includes(upper) ? upper : text;
}

/**
 * Whether a browser lets a method pass without looking for it in the answer.
 *
 * @see https://fetch.spec.whatwg.org/#cors-safelisted-method
 */
export function isSafelistedMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'POST';
}

/** Brings a configured method into the form in which a preflight asks for it. */
export function parseMethod(text: string): string | MethodFault {
  if (!isToken(text)) {
    return { code: 'CORS_METHOD_NAME', fault: 'a method is one word without spaces or separators' };
  }
  const upper = text.toUpperCase();
  if (upper === 'CONNECT' || upper === 'TRACE' || upper === 'TRACK') {
    return {
      code: 'CORS_METHOD_FORBIDDEN',
      fault: `browsers never send ${upper}`,
      hint: 'remove it',
    };
  }
  const normalized = normalizeMethod(text);
  if (normalized !== text) return normalized;
  if ((upper === 'PATCH' || upper === 'QUERY') && text !== upper) {
    return {
      code: 'CORS_METHOD_CASE',
      fault: `methods are case-sensitive, and browsers do not turn "${text}" into "${upper}"`,
      hint: `write "${upper}"`,
    };
  }
  return text;
}
