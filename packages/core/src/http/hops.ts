import type { IncomingMessage } from 'node:http';
import { parseForwarded, type ForwardedElement } from './forwarded.ts';
import { parseAddress } from './ip-address.ts';
import { isTrusted, resolveFamily, type RequestTrust } from './request-trust.ts';
import type { Trust } from './trust.ts';

/** Longest list of forwarded values looked at; a longer one is malformed. */
const maxEntries = 64;

export function peerAddress(req: IncomingMessage): string | undefined {
  return req.socket?.remoteAddress;
}

/** All lines of a header as one list; `undefined` when there is none. Empty members are kept. */
export function headerList(req: IncomingMessage, name: string): string[] | undefined {
  const text = headerText(req, name);
  return text === undefined ? undefined : splitList(text);
}

export function splitList(text: string): string[] {
  return text.split(',').map(trimSpace);
}

/** Spaces and tabs only, as RFC 9110 section 5.6.3 has it: `trim()` also drops the no-break space, which the app keeps. */
function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

/** All lines of a header joined with a comma; `undefined` when there is none or it is empty. */
export function headerText(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  // Adapters may keep several lines as a list, which prints with commas. Express takes an empty header for none.
  return value === undefined || value === '' ? undefined : String(value);
}

/** The `Forwarded` header: its elements, `undefined` without one, `'malformed'`. */
export function forwardedElements(
  req: IncomingMessage,
): readonly ForwardedElement[] | undefined | 'malformed' {
  const value = headerText(req, 'forwarded');
  if (value === undefined) return undefined;
  const elements = parseForwarded(value);
  return elements === undefined || elements.length > maxEntries ? 'malformed' : elements;
}

/** Addresses from the nearest hop outwards, without the peer; `null` is an entry that is no address. */
function forwardedFor(
  req: IncomingMessage,
  given?: RequestTrust,
): readonly (string | undefined | null)[] {
  if (resolveFamily(req, given) === 'forwarded') {
    const elements = forwardedElements(req);
    if (elements === undefined || elements === 'malformed') return [];
    return elements.map((element) => element.for).reverse();
  }
  const list = headerList(req, 'x-forwarded-for') ?? [];
  return list
    .filter((entry) => entry !== '')
    .slice(-maxEntries)
    .map((entry) => stripPort(entry))
    .reverse();
}

/** Proxies of Azure and others write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function stripPort(entry: string): string | null {
  const bare =
    /^\[([^\]]*)\](?::[0-9]{1,5})?$/.exec(entry)?.[1] ??
    /^([0-9.]+):[0-9]{1,5}$/.exec(entry)?.[1] ??
    entry;
  return parseAddress(bare) === undefined ? null : bare;
}

/**
 * The address of the client: from the peer outwards as long as each hop is trusted, so that a client's own
 * prefix is never reached. `undefined` on a Unix socket and when a proxy hides it.
 */
export function walkClient(
  req: IncomingMessage,
  trust: Trust,
  given?: RequestTrust,
): string | undefined {
  let address = peerAddress(req);
  if (!isTrusted(trust, address, 0)) return address;
  let hop = 1;
  for (const next of forwardedFor(req, given)) {
    // What a hop wrote that is no address cannot be walked past, and must not be believed.
    if (next === null) return address;
    address = next;
    if (!isTrusted(trust, address, hop++)) return address;
  }
  return address;
}

/**
 * Which member of a list of `length` forwarded values to use: proxies append, so it is counted from the right,
 * one for each trusted hop. The caller has asked for the peer (hop 0) already.
 */
export function hopIndex(
  req: IncomingMessage,
  trust: Trust,
  length: number,
  given?: RequestTrust,
): number {
  if (length < 2) return 0;
  const addresses = forwardedFor(req, given);
  let hops = 1;
  while (hops < length) {
    const address = addresses[hops - 1];
    if (address === null) break;
    // Beyond the last address, `true` and a number of hops still reach as far as the operator said.
    if (!isTrusted(trust, address, hops)) break;
    hops++;
  }
  return length - hops;
}
