import type { Encoding } from './encoding.ts';

/** What becomes of a strong entity tag when the body is coded; RFC 9110 8.8.3.3 forbids keeping it. */
export type EtagMode = 'weaken' | 'suffix' | 'drop' | 'keep';

/** The tag of the coded form; `undefined` means that the header goes. */
export function codedEtag(etag: string, encoding: Encoding, mode: EtagMode): string | undefined {
  if (mode === 'keep' || isWeak(etag)) return etag;
  if (mode === 'drop') return undefined;
  if (mode === 'suffix' && /^".*"$/.test(etag)) return `${etag.slice(0, -1)}-${encoding}"`;
  return `W/${etag}`;
}

/**
 * Takes `-gzip` and its like off the tags of an If-None-Match or If-Match list, so that the
 * application compares with the tag that it gave.
 */
export function withoutSuffixes(list: string): string {
  return list.replace(/("[^"]*)-(?:zstd|br|gzip|deflate)"/g, '$1"');
}

/**
 * The tag for a 304, in the form in which the client sent it (RFC 9110 15.4.5: the tag that the
 * 200 would have had), or the given one when the request does not name it in another form.
 */
export function validatedEtag(etag: string, ifNoneMatch: string, mode: EtagMode): string {
  if (mode === 'keep' || mode === 'drop' || isWeak(etag)) return etag;
  const opaque = etag.slice(1, -1);
  for (const match of ifNoneMatch.matchAll(/(W\/)?"([^"]*)"/g)) {
    const [whole, weak, tag] = match;
    if (mode === 'weaken' && weak !== undefined && tag === opaque) return whole;
    if (mode === 'suffix' && tag !== opaque && withoutSuffixes(whole) === etag) return whole;
  }
  return etag;
}

function isWeak(etag: string): boolean {
  return etag.startsWith('W/');
}
