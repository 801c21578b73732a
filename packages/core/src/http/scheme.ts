import type { IncomingMessage } from 'node:http';
import { forwardedElements, headerList, hopIndex, peerAddress } from './hops.ts';
import { isTrusted, resolveFamily, resolveTrust, type RequestTrust } from './request-trust.ts';
import type { Trust } from './trust.ts';

export type Scheme = 'http' | 'https';

/** How the scheme of a request was found. */
export interface SchemeDecision {
  readonly scheme: Scheme;
  /** The connection itself, or the canonical name of the header that decided. */
  readonly source: 'socket' | (string & {});
  /** A trusted proxy sent a value that is no scheme; it was ignored. */
  readonly fault: 'bad-scheme' | 'bad-forwarded' | undefined;
}

/** `https` or `http` (also for `wss` and `ws`), seen from the client: a trusted proxy's word counts. */
export function requestScheme(req: IncomingMessage, given?: RequestTrust): Scheme {
  const trust = resolveTrust(req, given);
  if (trust === undefined || !isTrusted(trust, peerAddress(req), 0)) return socketScheme(req);
  return readForwardedScheme(req, trust, given).scheme;
}

export function isSecure(req: IncomingMessage, given?: RequestTrust): boolean {
  return requestScheme(req, given) === 'https';
}

/** Like {@link requestScheme}, with the reason. */
export function explainScheme(req: IncomingMessage, given?: RequestTrust): SchemeDecision {
  const trust = resolveTrust(req, given);
  if (trust === undefined || !isTrusted(trust, peerAddress(req), 0)) return fromSocket(req);
  return readForwardedScheme(req, trust, given);
}

function socketScheme(req: IncomingMessage): Scheme {
  return (req.socket as { encrypted?: boolean } | undefined)?.encrypted === true ? 'https' : 'http';
}

function fromSocket(req: IncomingMessage, fault?: SchemeDecision['fault']): SchemeDecision {
  return { scheme: socketScheme(req), source: 'socket', fault };
}

function readForwardedScheme(
  req: IncomingMessage,
  trust: Trust,
  given?: RequestTrust,
): SchemeDecision {
  if (given?.protoHeaders !== undefined) return fromHeaders(req, trust, given);
  if (resolveFamily(req, given) === 'forwarded') return fromForwarded(req, trust, given);
  return fromHeaders(req, trust, { ...given, protoHeaders: ['x-forwarded-proto'] });
}

function fromHeaders(req: IncomingMessage, trust: Trust, given: RequestTrust): SchemeDecision {
  for (const name of given.protoHeaders ?? []) {
    const list = headerList(req, name);
    if (list === undefined) continue;
    const value = list[hopIndex(req, trust, list.length, given)] ?? '';
    const scheme = schemeOf(name, value);
    if (scheme === undefined) return fromSocket(req, 'bad-scheme');
    return { scheme, source: canonicalName(name), fault: undefined };
  }
  return fromSocket(req);
}

function fromForwarded(req: IncomingMessage, trust: Trust, given?: RequestTrust): SchemeDecision {
  const elements = forwardedElements(req);
  if (elements === 'malformed')
    return { scheme: 'http', source: 'Forwarded', fault: 'bad-forwarded' };
  if (elements === undefined || elements.length === 0) return fromSocket(req);
  const proto = elements[hopIndex(req, trust, elements.length, given)]?.proto;
  if (proto === undefined) return fromSocket(req);
  const scheme = schemeOf('forwarded', proto);
  if (scheme === undefined) return fromSocket(req, 'bad-scheme');
  return { scheme, source: 'Forwarded', fault: undefined };
}

const schemes: Readonly<Record<string, Scheme>> = {
  https: 'https',
  wss: 'https',
  on: 'https',
  http: 'http',
  ws: 'http',
  off: 'http',
};

function schemeOf(name: string, value: string): Scheme | undefined {
  // Azure's header holds the certificate's details; that it is there is the message.
  if (name === 'x-arr-ssl') return value === '' ? undefined : 'https';
  const word = value.toLowerCase();
  return Object.hasOwn(schemes, word) ? schemes[word] : undefined;
}

function canonicalName(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
