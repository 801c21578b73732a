import { canonicalHost, defaultPort, isCanonicalHost } from './origin.ts';

/** One entry of `allowOrigins` given as text, in canonical form. */
export interface OriginPattern {
  readonly scheme: string;
  /** Without the leading `*.`. */
  readonly host: string;
  /** Empty for the scheme's default, `*` for any. */
  readonly port: string;
  /** Any name below `host`, however deep, but not `host` itself. */
  readonly subdomains: boolean;
}

/** Why a text cannot be an origin pattern. */
export interface OriginFault {
  readonly fault: string;
  readonly code: string;
  readonly hint?: string | undefined;
}

const label = /^[a-z0-9_-]{1,63}$/;

/**
 * Reads an origin or a pattern as people write it in configuration: `https://app.example`, `https://*.example.com`,
 * `http://localhost:*`, `capacitor://localhost`. Letter case, a lone trailing slash, a default port and non-ASCII
 * names are brought into the form that browsers send.
 */
export function parseOriginPattern(text: string): OriginPattern | OriginFault {
  const [, givenScheme, rest] = /^([^/]*):\/\/(.*)$/s.exec(text) ?? [];
  if (givenScheme === undefined || rest === undefined) return withoutScheme(text);
  const scheme = givenScheme.toLowerCase();
  const schemeFault = faultOfScheme(scheme, rest);
  if (schemeFault !== undefined) return schemeFault;
  const authority = rest.endsWith('/') ? rest.slice(0, -1) : rest;
  if (/[\s\p{Cc}/\\?#@]/u.test(authority)) return notOnlyAnOrigin(scheme, authority);
  const [, givenHost = '', colon, givenPort = ''] =
    /^((?:\*\.)?\[[^\]]*\]|[^:[\]]*)(?:(:)(.*))?$/s.exec(authority) ?? [];
  const port = readPort(scheme, givenPort, colon !== undefined);
  if (typeof port !== 'string') return port;
  const host = readHost(scheme, givenHost);
  return 'fault' in host ? host : { scheme, port, ...host };
}

/** The pattern as text: what messages and `explain` show, and for an exact origin what browsers send. */
export function formatOriginPattern({ scheme, host, port, subdomains }: OriginPattern): string {
  return `${scheme}://${subdomains ? '*.' : ''}${host}${port === '' ? '' : `:${port}`}`;
}

/** Whether a pattern stands for one single origin. */
export function isExact(pattern: OriginPattern): boolean {
  return !pattern.subdomains && pattern.port !== '*';
}

function withoutScheme(text: string): OriginFault {
  const bare = text.replace(/^\/\//, '');
  const guess = parseOriginPattern(`https://${bare}`);
  const local = /^(?:localhost|127\.|\[::1\])/i.test(bare);
  return {
    code: 'CORS_ORIGIN_SCHEME',
    fault: 'an origin starts with a scheme',
    hint: 'fault' in guess ? undefined : `write "${local ? 'http' : 'https'}://${bare}"`,
  };
}

function faultOfScheme(scheme: string, rest: string): OriginFault | undefined {
  if (scheme === 'file') {
    return {
      code: 'CORS_NULL_ORIGIN',
      fault: 'browsers send the origin of file: pages as "null"',
      hint: 'serve the page over http, for example from http://localhost',
    };
  }
  if (scheme === 'ws' || scheme === 'wss') {
    return {
      code: 'CORS_ORIGIN_SCHEME',
      fault: 'the origin is that of the page, also for a WebSocket',
      hint: `write "${scheme === 'ws' ? 'http' : 'https'}://${rest}"`,
    };
  }
  if (scheme.includes('*')) {
    return {
      code: 'CORS_PATTERN_PLACEMENT',
      fault: '"*" cannot stand for a scheme',
      hint: `list "https://${rest}" and "http://${rest}"`,
    };
  }
  if (/^[a-z][a-z0-9+.-]{0,63}$/.test(scheme)) return undefined;
  return { code: 'CORS_ORIGIN_SCHEME', fault: `"${scheme}" is not a scheme` };
}

function notOnlyAnOrigin(scheme: string, authority: string): OriginFault {
  // What follows the last "@" is the host; a backslash ends it, as in a URL.
  const host = authority
    .trim()
    .replace(/[/\\?#].*$/s, '')
    .replace(/^.*@/s, '');
  const guess = /[\s\p{Cc}]/u.test(host) ? undefined : parseOriginPattern(`${scheme}://${host}`);
  return {
    code: 'CORS_ORIGIN_NOT_AN_ORIGIN',
    fault: 'an origin has no user, path, query, fragment or space',
    hint:
      guess === undefined || 'fault' in guess ? undefined : `write "${formatOriginPattern(guess)}"`,
  };
}

function readPort(scheme: string, port: string, given: boolean): string | OriginFault {
  if (!given || port === defaultPort(scheme)) return '';
  if (port === '*') return port;
  if (/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65535) return port;
  return {
    code: 'CORS_ORIGIN_PORT',
    fault: 'a port is a number from 1 to 65535 without leading zeros, or "*"',
  };
}

function readHost(
  scheme: string,
  given: string,
): Pick<OriginPattern, 'host' | 'subdomains'> | OriginFault {
  const subdomains = given.startsWith('*.');
  const text = subdomains ? given.slice(2) : given;
  if (text.includes('*')) return misplacedWildcard(scheme, given);
  const host = canonicalHost(text);
  if (host === undefined || !isNameOrAddress(host)) {
    return { code: 'CORS_ORIGIN_NOT_AN_ORIGIN', fault: `"${text}" is not a host name or address` };
  }
  const address = isAddress(host);
  if (address && subdomains) {
    return { code: 'CORS_PATTERN_PLACEMENT', fault: 'an address has no subdomains' };
  }
  if (address && host !== text.toLowerCase()) {
    return {
      code: 'CORS_ORIGIN_IP',
      fault: 'browsers send addresses in their canonical form',
      hint: `write "${scheme}://${host}"`,
    };
  }
  return { host, subdomains };
}

function misplacedWildcard(scheme: string, given: string): OriginFault {
  const base = given.replace(/^[*.]+/, '');
  const usable = base !== '' && !base.includes('*');
  return {
    code: 'CORS_PATTERN_PLACEMENT',
    fault: '"*" in a host may only stand for whole labels at its start',
    hint: usable
      ? `write "${scheme}://*.${base}" for its subdomains`
      : 'allow every origin with "*" alone, or list the hosts',
  };
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || /^[0-9.]+$/.test(host);
}

function isNameOrAddress(host: string): boolean {
  if (!isCanonicalHost(host)) return false;
  return host.startsWith('[') || host.split('.').every((part) => label.test(part));
}
