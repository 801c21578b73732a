import { defaultMaxAge, longestCookieAge } from '../lifetime.ts';

/** The options that make up a cookie, as resolved. */
export interface CookieChoice {
  readonly cookieName?: string | undefined;
  readonly path: string;
  readonly domain?: string | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly httpsOnly: boolean | 'auto';
  readonly partitioned?: boolean | undefined;
  readonly maxAge: number | null;
  readonly absoluteMaxAge: number | null;
}

export interface CookieFault {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly path: keyof CookieChoice;
  readonly message: string;
  readonly hint: string;
}

/** Browsers give name and value 4096 bytes together, and keys are derived from a name of at most about a thousand. */
const longestName = 256;

/** RFC 9110 tokens; a cookie's name is one (RFC 6265, 4.1.1). */
export function isCookieName(text: string): boolean {
  return text.length <= longestName && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** A path that can stand in a Set-Cookie: anything else would end the attribute, or the header. */
export function isCookiePath(text: string): boolean {
  return /^\/[\x20-\x3a\x3c-\x7e]*$/.test(text);
}

export function isCookieDomain(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i.test(text);
}

/** Browsers compare prefixes without regard to case, so a name that looks like one is one. */
const prefixes = ['__Host-Http-', '__Host-', '__Secure-', '__Http-'] as const;

/** The name the cookie really gets: `__Host-` in front where its promises are kept anyway and nobody chose a name. */
export function chooseCookieName(choice: CookieChoice): string {
  if (choice.cookieName !== undefined) return choice.cookieName;
  const host = choice.httpsOnly === true && choice.path === '/' && choice.domain === undefined;
  return host ? '__Host-session' : 'session';
}

/** Finds every combination that browsers refuse in silence, and lifetimes that cannot be meant. */
export function lintCookie(choice: CookieChoice): readonly CookieFault[] {
  return [...lintPrefix(choice), ...lintAttributes(choice), ...lintLifetimes(choice)];
}

function lintPrefix(choice: CookieChoice): CookieFault[] {
  const name = choice.cookieName?.toLowerCase();
  const prefix = prefixes.find((each) => name?.startsWith(each.toLowerCase()) === true);
  if (prefix === undefined) return [];
  const faults: CookieFault[] = [];
  const refuse = (path: keyof CookieChoice, message: string, hint: string): void => {
    faults.push({ severity: 'error', code: 'COOKIE_PREFIX', path, message, hint });
  };
  if (choice.httpsOnly !== true) {
    refuse(
      'httpsOnly',
      `browsers refuse a ${prefix} cookie that is not Secure`,
      'set httpsOnly: true',
    );
  }
  if (!prefix.startsWith('__Host-')) return faults;
  if (choice.path !== '/') {
    refuse('path', `browsers refuse a ${prefix} cookie with another path than /`, "set path: '/'");
  }
  if (choice.domain !== undefined) {
    refuse('domain', `browsers refuse a ${prefix} cookie with a domain`, 'remove domain');
  }
  return faults;
}

function lintAttributes(choice: CookieChoice): CookieFault[] {
  const faults: CookieFault[] = [];
  if (choice.sameSite === 'none' && choice.httpsOnly === false) {
    faults.push({
      severity: 'error',
      code: 'COOKIE_SAME_SITE',
      path: 'sameSite',
      message: "browsers refuse a cookie with sameSite 'none' that is not Secure",
      hint: 'set httpsOnly: true',
    });
  }
  if (choice.partitioned === true && choice.httpsOnly !== true) {
    faults.push({
      severity: 'error',
      code: 'COOKIE_PARTITIONED',
      path: 'partitioned',
      message: 'browsers refuse a partitioned cookie that is not Secure',
      hint: 'set httpsOnly: true',
    });
  }
  return faults;
}

function lintLifetimes({ maxAge, absoluteMaxAge }: CookieChoice): CookieFault[] {
  if (maxAge === null) return [];
  if (maxAge > longestCookieAge) {
    return [
      {
        severity: 'warning',
        code: 'COOKIE_MAX_AGE',
        path: 'maxAge',
        message: `${String(maxAge)} seconds are more than 400 days, the longest that browsers keep a cookie`,
        hint: "maxAge is in seconds; write '14d' if you meant milliseconds",
      },
    ];
  }
  // Whoever leaves maxAge alone and gives a short absoluteMaxAge means just that.
  if (absoluteMaxAge === null || maxAge <= absoluteMaxAge || maxAge === defaultMaxAge) return [];
  return [
    {
      severity: 'warning',
      code: 'ABSOLUTE_MAX_AGE',
      path: 'absoluteMaxAge',
      message: `ends every session ${inDays(absoluteMaxAge)} after it began, so maxAge, ${inDays(maxAge)}, is never reached`,
      hint: 'set absoluteMaxAge to what you want at most, or to null; both are in seconds',
    },
  ];
}

function inDays(seconds: number): string {
  return seconds < 172_800 ? `${String(seconds)} seconds` : `${(seconds / 86_400).toFixed(0)} days`;
}
