import Negotiator from 'negotiator';
import type { Encoding } from './encoding.ts';

/** What one Accept-Encoding value allows. */
export interface Negotiated {
  /** Codings to choose from, the client's best first, ties in the server's order. */
  readonly codings: readonly Encoding[];
  /** The client refused the plain form (`identity;q=0`, or `*;q=0` without an identity member). */
  readonly identityForbidden: boolean;
}

const maximumLength = 1024;
const maximumMembers = 32;
const maximumRemembered = 256;

/** Nothing but the plain form: also the answer to a missing, an empty and an oversized header. */
const identityOnly: Negotiated = Object.freeze({ codings: [], identityForbidden: false });

/**
 * Negotiates content codings (RFC 9110 12.5.3) among `encodings`, remembering what `conclude` made
 * of the last 256 different header values: browsers and libraries send fewer than ten, and parsing
 * one costs microseconds.
 */
export function createNegotiation<Conclusion extends object>(
  encodings: readonly Encoding[],
  conclude: (negotiated: Negotiated) => Conclusion,
): (header: string | undefined) => Conclusion {
  const remembered = new Map<string, Conclusion>();
  const plain = conclude(identityOnly);
  return function negotiate(header) {
    if (header === undefined || header.length === 0 || header.length > maximumLength) return plain;
    const known = remembered.get(header);
    if (known !== undefined) return known;
    const negotiated = conclude(parseAcceptEncoding(header, encodings));
    if (remembered.size >= maximumRemembered) {
      // The oldest goes, because clearing or refusing would let a stream of invented values
      // lock the common ones out.
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest);
        break;
      }
    }
    remembered.set(header, negotiated);
    return negotiated;
  };
}

export function parseAcceptEncoding(header: string, encodings: readonly Encoding[]): Negotiated {
  // A thousand members cost the parser a millisecond; nobody honest sends 33.
  if (countMembers(header) > maximumMembers) return identityOnly;
  const request = { headers: { 'accept-encoding': withoutAlias(header) } };
  const ranked = new Negotiator(request).encodings([...encodings, 'identity'], {
    preferred: encodings,
  });
  const identity = ranked.indexOf('identity');
  const acceptable = identity === -1 ? ranked : ranked.slice(0, identity);
  return {
    codings: acceptable.filter(isOneOf(encodings)),
    identityForbidden: identity === -1,
  };
}

function isOneOf(encodings: readonly Encoding[]): (coding: string) => coding is Encoding {
  return (coding): coding is Encoding => encodings.some((encoding) => encoding === coding);
}

function countMembers(header: string): number {
  let members = 1;
  for (let at = header.indexOf(','); at !== -1; at = header.indexOf(',', at + 1)) members += 1;
  return members;
}

/** `x-gzip` is another name of `gzip` (RFC 9110 8.4.1.3), which the parser does not know. */
function withoutAlias(header: string): string {
  return header.replace(/(?<![^\s,])x-gzip(?![^\s;,])/gi, 'gzip');
}
