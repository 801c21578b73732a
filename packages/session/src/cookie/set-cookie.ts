/** A cookie's fixed attributes; checked before they come here. */
export interface CookieAttributes {
  readonly name: string;
  readonly path: string;
  readonly domain?: string | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly partitioned?: boolean | undefined;
  readonly priority?: 'low' | 'medium' | 'high' | undefined;
}

/** What differs from response to response. */
export interface CookieMoment {
  /** Seconds; absent: until the browser closes. */
  readonly maxAge?: number | undefined;
  readonly secure: boolean;
}

export interface CookieFormat {
  /** One Set-Cookie value. `suffix` makes the name of a chunk. */
  set(value: string, moment: CookieMoment, suffix?: string): string;
  /** The Set-Cookie value that removes it. */
  clear(secure: boolean, suffix?: string): string;
  /** Octets of a Set-Cookie value without the cookie's value. */
  overhead(moment: CookieMoment, suffix?: string): number;
}

const sameSiteWord = { strict: 'Strict', lax: 'Lax', none: 'None' } as const;
const priorityWord = { low: 'Low', medium: 'Medium', high: 'High' } as const;

/**
 * Renders one cookie. Lifetimes go out as Max-Age alone: every browser since 2011 knows it, it wins over Expires (RFC 6265, 5.3),
 * and does not depend on the client's clock. Clearing sends both, because it must not fail.
 */
export function cookieFormat(attributes: CookieAttributes): CookieFormat {
  const { name } = attributes;
  const fixed = [
    `; Path=${attributes.path}`,
    attributes.domain === undefined ? '' : `; Domain=${attributes.domain}`,
    '; HttpOnly',
    `; SameSite=${sameSiteWord[attributes.sameSite]}`,
    attributes.partitioned === true ? '; Partitioned' : '',
    attributes.priority === undefined ? '' : `; Priority=${priorityWord[attributes.priority]}`,
  ].join('');
  const tail = (moment: CookieMoment): string => {
    const secure = moment.secure ? '; Secure' : '';
    return moment.maxAge === undefined
      ? `${fixed}${secure}`
      : `${fixed}${secure}; Max-Age=${String(moment.maxAge)}`;
  };
  return {
    set: (value, moment, suffix = '') => `${name}${suffix}=${value}${tail(moment)}`,
    clear: (secure, suffix = '') =>
      `${name}${suffix}=${tail({ secure, maxAge: 0 })}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`,
    overhead: (moment, suffix = '') => name.length + suffix.length + 1 + tail(moment).length,
  };
}

/** Adds our lines to a response's Set-Cookie values, in place of earlier ones of the same names: a browser keeps the last, a cache may not. */
export function replaceCookies(
  present: number | string | readonly string[] | undefined,
  lines: readonly string[],
): string | string[] {
  const mine = new Set(lines.map(cookieName));
  const others = setCookieList(present).filter((line) => !mine.has(cookieName(line)));
  const all = [...others, ...lines];
  return all.length === 1 ? (all[0] as string) : all; // one element, as just counted
}

/** Whether a response sets a cookie of this name already; removing it does not count. */
export function setsCookie(
  present: number | string | readonly string[] | undefined,
  name: string,
): boolean {
  return setCookieList(present).some(
    (line) =>
      cookieName(line) === name && !/;\s*(?:max-age=0|expires=thu, 01 jan 1970)/i.test(line),
  );
}

function setCookieList(
  present: number | string | readonly string[] | undefined,
): readonly string[] {
  if (present === undefined) return [];
  return Array.isArray(present) ? present : [String(present)];
}

function cookieName(line: string): string {
  const equals = line.indexOf('=');
  return equals === -1 ? line : line.slice(0, equals).trim();
}
