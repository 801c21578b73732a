import type { IncomingMessage } from 'node:http';
import { forwardedElements, headerText, hopIndex, peerAddress, splitList } from './hops.ts';
import {
  isTrusted,
  resolveFamily,
  resolveProtoHeaders,
  resolveTrust,
  type RequestTrust,
} from './request-trust.ts';
import type { Trust } from './trust.ts';

/** `wss` counts as `https`, `ws` as `http`. */
export type Scheme = 'http' | 'https';

/** How the scheme of a request was found. */
export interface SchemeDecision {
  readonly scheme: Scheme;
  /** Names of headers whose presence or absence decided, for `Vary`; none when the connection itself did. */
  readonly headers: readonly string[];
  /** A trusted proxy sent something that is no scheme; it was ignored, or read as not secure. */
  readonly fault: 'bad-scheme' | 'bad-forwarded' | undefined;
}

const defaultHeaders: readonly string[] = ['x-forwarded-proto'];
const forwardedHeader: readonly string[] = ['forwarded'];

/** The scheme the client used: of its connection to us, or what a trusted proxy says of its own. */
export function requestScheme(req: IncomingMessage, given?: RequestTrust): Scheme {
  const trust = resolveTrust(req, given);
  if (trust === undefined || !isTrusted(trust, peerAddress(req), 0)) return socketScheme(req);
  return forwardedScheme(req, trust, given).scheme;
}

export function isSecure(req: IncomingMessage, given?: RequestTrust): boolean {
  return requestScheme(req, given) === 'https';
}

/** Like {@link requestScheme}, and says what decided. */
export function explainScheme(req: IncomingMessage, given?: RequestTrust): SchemeDecision {
  const trust = resolveTrust(req, given);
  if (trust === undefined || !isTrusted(trust, peerAddress(req), 0)) return fromSocket(req, []);
  const decision = forwardedScheme(req, trust, given);
  return { ...decision, headers: decision.headers.map(canonicalName) };
}

function canonicalName(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function socketScheme(req: IncomingMessage): Scheme {
  return (req.socket as { encrypted?: boolean } | undefined)?.encrypted === true ? 'https' : 'http';
}

function fromSocket(
  req: IncomingMessage,
  headers: readonly string[],
  fault?: SchemeDecision['fault'],
): SchemeDecision {
  return { scheme: socketScheme(req), headers, fault };
}

function forwardedScheme(req: IncomingMessage, trust: Trust, given?: RequestTrust): SchemeDecision {
  const named = resolveProtoHeaders(req, given);
  if (named === undefined && resolveFamily(req, given) === 'forwarded') {
    return fromForwarded(req, trust, given);
  }
  const headers = named ?? defaultHeaders;
  for (const name of headers) {
    const text = headerText(req, name);
    if (text === undefined) continue;
    const scheme =
      schemeOf(name, text.toLowerCase()) ??
      schemeOfHop(req, trust, { name, text: text.toLowerCase(), given });
    return scheme === undefined
      ? fromSocket(req, headers, 'bad-scheme')
      : { scheme, headers, fault: undefined };
  }
  return fromSocket(req, headers);
}

interface NamedText {
  readonly name: string;
  readonly text: string;
  readonly given: RequestTrust | undefined;
}

function schemeOfHop(
  req: IncomingMessage,
  trust: Trust,
  { name, text, given }: NamedText,
): Scheme | undefined {
  const list = splitList(text);
  return schemeOf(name, list[hopIndex(req, trust, list.length, given)]);
}

function fromForwarded(req: IncomingMessage, trust: Trust, given?: RequestTrust): SchemeDecision {
  const headers = forwardedHeader;
  const elements = forwardedElements(req);
  if (elements === 'malformed') return { scheme: 'http', headers, fault: 'bad-forwarded' };
  const proto = elements?.[hopIndex(req, trust, elements.length, given)]?.proto;
  if (proto === undefined) return fromSocket(req, headers);
  const scheme = schemeOf('forwarded', proto);
  if (scheme === undefined) return fromSocket(req, headers, 'bad-scheme');
  return { scheme, headers, fault: undefined };
}

const standardHeaders: ReadonlySet<string> = new Set(['x-forwarded-proto', 'forwarded']);

/** Only these words, whole and in lower case: `httpsfoo` is not secure. */
function schemeOf(name: string, word: string | undefined): Scheme | undefined {
  // Azure's header holds the certificate's details; that it is there is the message.
  if (name === 'x-arr-ssl') return 'https';
  if (word === 'https' || word === 'wss') return 'https';
  if (word === 'http' || word === 'ws') return 'http';
  // `Front-End-Https: on`, `X-Forwarded-Ssl: off`
  if (standardHeaders.has(name)) return undefined;
  if (word === 'on') return 'https';
  return word === 'off' ? 'http' : undefined;
}
