/** What a cookie may carry besides its value. */
export interface CookieAttributes {
  readonly expires?: Date | null | false | undefined;
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly secure?: boolean | 'auto' | undefined;
  readonly partitioned?: boolean | undefined;
  readonly priority?: string | undefined;
  readonly sameSite?: boolean | string | undefined;
}

/** RFC 6265, 4.1.1; RFC 2616's token for the name. */
const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const domainPattern =
  /^\.?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const pathPattern = /^[\x20-\x3a\x3c-\x7e]*$/;

const priorities: ReadonlyMap<string, string> = new Map([
  ['low', 'Low'],
  ['medium', 'Medium'],
  ['high', 'High'],
]);
const sameSites: ReadonlyMap<string, string> = new Map([
  ['true', 'Strict'],
  ['strict', 'Strict'],
  ['lax', 'Lax'],
  ['none', 'None'],
]);

/**
 * Renders a Set-Cookie value byte for byte as express-session does, whose order of attributes apps' tests compare.
 *
 * @throws TypeError for what a browser would refuse.
 */
export function serializeCookie(name: string, value: string, attributes: CookieAttributes): string {
  if (!namePattern.test(name)) throw new TypeError('argument name is invalid');
  const { expires, domain, path, priority, sameSite } = attributes;
  let text = `${name}=${encodeURIComponent(value)}`;
  if (domain) text += `; Domain=${checked('domain', domain, domainPattern.test(domain))}`;
  if (path) text += `; Path=${checked('path', path, pathPattern.test(path))}`;
  if (expires) text += `; Expires=${dateText(expires)}`;
  text += flags(attributes);
  if (priority) text += `; Priority=${wordFor('priority', priority, priorities)}`;
  if (sameSite) text += `; SameSite=${wordFor('sameSite', sameSite, sameSites)}`;
  return text;
}

function flags({ httpOnly, secure, partitioned }: CookieAttributes): string {
  return `${httpOnly ? '; HttpOnly' : ''}${secure ? '; Secure' : ''}${partitioned ? '; Partitioned' : ''}`;
}

function dateText(expires: unknown): string {
  // By its tag, because a Date of another realm (a test runner's, a vm's) is no instance of ours.
  if (!isDate(expires) || Number.isNaN(expires.valueOf())) {
    throw new TypeError('option expires is invalid');
  }
  return expires.toUTCString();
}

function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}

function wordFor(option: string, value: unknown, words: ReadonlyMap<string, string>): string {
  const word = words.get(String(value).toLowerCase());
  return checked(option, word ?? '', word !== undefined);
}

function checked(option: string, value: string, valid: boolean): string {
  if (!valid) throw new TypeError(`option ${option} is invalid`);
  return value;
}
