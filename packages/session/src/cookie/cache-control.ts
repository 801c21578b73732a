/** What a response that sets our cookie should say to caches when the application said nothing. */
const ours = 'private, no-cache="Set-Cookie"';

export interface PrivateCaching {
  readonly value: string;
  /** The words of the application that had to go. */
  readonly removed?: string | undefined;
}

/**
 * Keeps shared caches from storing a response with a session cookie, because they would hand it to the next visitor
 * (RFC 9111, 7.3). Everything but `private` and `no-store` lets them, `max-age` and even `no-cache` (3). `undefined`: what the application said
 * already keeps them from it.
 */
export function privateCaching(present: string | undefined): PrivateCaching | undefined {
  if (present === undefined || present.trim() === '') return { value: ours };
  const words = present.split(',').map((word) => word.trim());
  const shared = words.filter((word) => /^(?:public|s-maxage(?:\s*=.*)?)$/i.test(word));
  const kept = words.filter((word) => !shared.includes(word) && word !== '');
  const closed = kept.some((word) => /^(?:private|no-store)$/i.test(word));
  if (closed && shared.length === 0) return undefined;
  const value = (closed ? kept : ['private', ...kept]).join(', ');
  return shared.length === 0 ? { value } : { value, removed: shared.join(', ') };
}
