/** A header value as node:http hands it out. */
export type HeaderValue = string | number | readonly string[] | undefined;

export interface CacheControl {
  readonly noTransform: boolean;
  /** The answer belongs to one client or must not be kept at all. */
  readonly unshared: boolean;
}

const nothing: CacheControl = { noTransform: false, unshared: false };

/** Reads the directives that matter here, case-insensitively, blind to what stands inside quotes. */
export function parseCacheControl(value: HeaderValue): CacheControl {
  if (value === undefined) return nothing;
  const text = typeof value === 'object' ? value.join(',') : String(value);
  let noTransform = false;
  let unshared = false;
  for (const directive of withoutQuoted(text).split(',')) {
    const name = directive.trim().toLowerCase();
    if (name === 'no-transform') noTransform = true;
    // `private="X-Field"` limits one field only, yet the rest is then personal as a rule.
    else if (/^(?:private|no-store)(?:\s*=|$)/.test(name)) unshared = true;
  }
  return { noTransform, unshared };
}

function withoutQuoted(text: string): string {
  return text.includes('"') ? text.replace(/"(?:[^"\\]|\\.)*"?/g, '') : text;
}
