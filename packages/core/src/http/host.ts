import { domainToASCII } from 'node:url';
import { formatIpv6, parseIpv4, parseIpv6 } from './ip-address.ts';

/** A host in its one canonical form: ASCII lower case, no trailing dot, IPv6 compressed and without brackets. */
export interface Host {
  readonly hostname: string;
  /** As written; `undefined` when no port was written, also when it would be the scheme's default. */
  readonly port: number | undefined;
  readonly kind: 'name' | 'ipv4' | 'ipv6';
}

/** Why a request's host cannot be used; a word for programs and logs, never the client's bytes. */
export type HostFault =
  | 'missing'
  | 'empty'
  | 'duplicate'
  | 'too-long'
  | 'bad-name'
  | 'bad-port'
  | 'bad-ipv6'
  | 'ambiguous-ipv4'
  | 'userinfo'
  | 'target-mismatch'
  | 'authority-mismatch'
  | 'bad-target'
  | 'bad-forwarded';

/** 253 characters of name, a trailing dot, a colon and five digits leave two to spare. */
export const maxHostLength = 262;

const maxName = 253;

/** Parses `example.com`, `example.com:8080`, `192.0.2.1`, `[::1]:3000`; `undefined` for anything outside the grammar. */
export function parseHost(text: string): Host | undefined {
  const host = explainHost(text);
  return typeof host === 'string' ? undefined : host;
}

/**
 * Parses like {@link parseHost} and says what was wrong.
 *
 * The grammar is narrower than RFC 3986's reg-name: no percent-encoding, no sub-delims, no empty port, no
 * leading zeros. No browser and no known proxy sends those, and applications disagree about them.
 */
export function explainHost(text: string): Host | HostFault {
  if (text.length === 0) return 'empty';
  if (text.length > maxHostLength) return 'too-long';
  return text.charCodeAt(0) === 91 /* [ */ ? explainIpv6(text) : explainName(text);
}

function explainIpv6(text: string): Host | HostFault {
  const close = text.indexOf(']');
  const address = parseIpv6(text.slice(1, Math.max(close, 1)));
  if (address === undefined) return text.includes('@') ? 'userinfo' : 'bad-ipv6';
  const hostname = formatIpv6(address);
  if (close === text.length - 1) return { hostname, port: undefined, kind: 'ipv6' };
  if (text.charCodeAt(close + 1) !== 58 /* : */) return 'bad-ipv6';
  const port = parsePort(text, close + 2);
  return port === undefined ? 'bad-port' : { hostname, port, kind: 'ipv6' };
}

function explainName(text: string): Host | HostFault {
  const end = scanName(text);
  if (end < 0) return text.includes('@') ? 'userinfo' : 'bad-name';
  const port = end === text.length ? undefined : parsePort(text, end + 1);
  if (port === undefined && end !== text.length) return 'bad-port';
  const dotted = text.charCodeAt(end - 1) === 46; /* . */
  const hostname = text.slice(0, dotted ? end - 1 : end).toLowerCase();
  if (hostname.length > maxName) return 'too-long';
  if (looksNumeric(hostname)) {
    return parseIpv4(hostname) === undefined ? 'ambiguous-ipv4' : { hostname, port, kind: 'ipv4' };
  }
  // A punycode label that browsers refuse or read otherwise would make `new URL` throw or disagree about the host.
  if (hostname.includes('xn--') && domainToASCII(hostname) !== hostname) return 'bad-name';
  return { hostname, port, kind: 'name' };
}

/**
 * Labels of 1 to 63 characters with a dot between, and perhaps one after. Nothing behind can fail, so it never goes
 * back; twice as fast as looking at each character. `_` is not in RFC 1034, but container names have it.
 */
const namePattern = /[\w-]{1,63}(?:\.[\w-]{1,63})*\.?/y;

/** Where the name ends: at the colon or at the end of the text; -1 when something else comes first. */
function scanName(text: string): number {
  namePattern.lastIndex = 0;
  if (!namePattern.test(text)) return -1;
  const end = namePattern.lastIndex;
  return end === text.length || text.charCodeAt(end) === 58 /* : */ ? end : -1;
}

/** The URL Standard reads a host as IPv4 when its last label is a number, in decimal, octal or hexadecimal. */
function looksNumeric(hostname: string): boolean {
  // Most names end in a letter that no number ends in.
  const final = hostname.charCodeAt(hostname.length - 1);
  if (final > 102 /* f */ && final !== 120 /* x */) return false;
  const start = hostname.lastIndexOf('.') + 1;
  const first = hostname.charCodeAt(start);
  if (first < 48 || first > 57) return false;
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(hostname.slice(start));
}

function parsePort(text: string, start: number): number | undefined {
  const length = text.length - start;
  if (length < 1 || length > 5 || text.charCodeAt(start) === 48) return undefined;
  let port = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return undefined;
    port = port * 10 + code - 48;
  }
  return port > 65535 ? undefined : port;
}

/** Writes the host as a Host header or URL authority has it: `example.com:8080`, `[::1]:3000`. */
export function formatHost(host: Pick<Host, 'hostname' | 'port' | 'kind'>): string {
  const name = host.kind === 'ipv6' ? `[${host.hostname}]` : host.hostname;
  return host.port === undefined ? name : `${name}:${host.port}`;
}
