import { isIPv4 } from 'node:net';

/**
 * The longest text that can be a serialised origin: a scheme of 64 characters, `://`, a name of 253 and `:65535`.
 * Longer ones are refused unread, which also bounds what a user's RegExp can be made to chew on.
 */
export const maxOriginLength = 326;

/** A serialised origin (RFC 6454 section 6.2, Fetch) that is not `null`, in its parts. */
export interface Origin {
  readonly scheme: string;
  /** Lower case; an IPv6 address keeps its brackets. */
  readonly host: string;
  /** Empty when it is the default of the scheme. */
  readonly port: string;
}

// Every label ends at a dot and every part at a character outside its class, so a failure costs a few passes, not more.
const grammar =
  /^([a-z][a-z0-9+.-]{0,63}):\/\/(\[[0-9a-f:]{2,39}\]|(?:[a-z0-9_-]{1,63}\.){0,126}[a-z0-9_-]{1,63})(?::([1-9][0-9]{0,4}))?$/;

/** A host whose last label reads as a number must be an IPv4 address: the URL Standard's "ends in a number". */
const endsInNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * Reads an origin exactly as browsers write it: lower case, no path, no default port, addresses in canonical form.
 * Everything else is `undefined`, `null` and two origins joined by a comma included.
 */
export function parseOrigin(text: string): Origin | undefined {
  if (text.length > maxOriginLength) return undefined;
  const [, scheme, host, port = ''] = grammar.exec(text) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  if (!isCanonicalHost(host) || !isCanonicalPort(scheme, port)) return undefined;
  return { scheme, host, port };
}

/** Whether a host is written as a URL parser would write it. Expects the characters of the grammar above. */
export function isCanonicalHost(host: string): boolean {
  if (host.startsWith('[')) return canonicalHost(host) === host;
  if (host.length > 253) return false;
  return !endsInNumber.test(host) || isIPv4(host);
}

/** The form of a host that a browser would put into an origin, or undefined when no URL can have it. */
export function canonicalHost(host: string): string | undefined {
  // A URL parser would cut these off and hide the mistake.
  if (/[\s\p{Cc}/\\?#@%]/u.test(host)) return undefined;
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return undefined;
  }
}

/** The port that an origin of this scheme never shows. */
export function defaultPort(scheme: string): string | undefined {
  if (scheme === 'https') return '443';
  return scheme === 'http' ? '80' : undefined;
}

function isCanonicalPort(scheme: string, port: string): boolean {
  return port === '' || (Number(port) <= 65535 && port !== defaultPort(scheme));
}
