import { serializeCookie, type CookieAttributes } from './serialize-cookie.ts';

/** Options of {@link Cookie}, as express-session documents them; times are milliseconds. */
export interface CookieOptions {
  /** Milliseconds the session lives after a response; `null` makes a cookie that ends with the browser. */
  maxAge?: number | null | undefined;
  /** Prefer `maxAge`. */
  expires?: Date | null | false | undefined;
  originalMaxAge?: number | null | undefined;
  path?: string | undefined;
  domain?: string | undefined;
  httpOnly?: boolean | undefined;
  /** `'auto'` follows the connection. */
  secure?: boolean | 'auto' | undefined;
  /** `'auto'` is `none` on a secure connection and `lax` on any other. */
  sameSite?: boolean | 'lax' | 'strict' | 'none' | 'auto' | undefined;
  priority?: 'low' | 'medium' | 'high' | undefined;
  partitioned?: boolean | undefined;
}

/** The cookie of one session, which may differ from session to session. */
export interface Cookie {
  path: string;
  httpOnly: boolean;
  domain?: string | undefined;
  secure?: boolean | 'auto' | undefined;
  sameSite?: boolean | string | undefined;
  priority?: string | undefined;
  partitioned?: boolean | undefined;
  originalMaxAge: number | null | false | undefined;
  /** Assigning it makes it the lifetime that later responses start again from. */
  expires: Date | null | false | undefined;
  /** Milliseconds that are left; assigning it sets `expires`. */
  maxAge: number | null | false | undefined;
  readonly data: CookieAttributes & { readonly originalMaxAge: unknown };
  serialize(name: string, value: string): string;
  toJSON(): object;
}

interface CookieConstructor {
  new (options?: CookieOptions): Cookie;
  (this: Cookie, options?: CookieOptions): void;
  readonly prototype: Cookie;
}

interface CookieFields extends Cookie {
  _expires: Date | null | false | undefined;
}

/**
 * Makes a cookie.
 *
 * A function and not a class, because stores from before classes call it on objects of their own.
 */
// A function expression has no construct signature of its own.
export const Cookie: CookieConstructor = function Cookie(
  this: CookieFields,
  options?: CookieOptions,
): void {
  this.path = '/';
  this.maxAge = null;
  this.httpOnly = true;
  if (options) {
    if (typeof options !== 'object') throw new TypeError('argument options must be a object');
    // Inherited ones too: configuration libraries layer objects by their prototypes.
    for (const key in options) {
      // In the order given: of `expires` and `maxAge` the last one counts.
      if (key !== 'data') (this as unknown as Record<string, unknown>)[key] = valueOf(options, key);
    }
  }
  this.originalMaxAge ??= this.maxAge;
} as unknown as CookieConstructor;

function valueOf(options: object, key: string): unknown {
  return (options as Record<string, unknown>)[key];
}

Object.defineProperties(Cookie.prototype, {
  expires: {
    enumerable: true,
    configurable: true,
    get(this: CookieFields) {
      return this._expires;
    },
    set(this: CookieFields, date: CookieFields['_expires']) {
      this._expires = date;
      this.originalMaxAge = this.maxAge;
    },
  },
  maxAge: {
    enumerable: true,
    configurable: true,
    get(this: CookieFields) {
      return this.expires instanceof Date ? this.expires.valueOf() - Date.now() : this.expires;
    },
    set(this: CookieFields, age: unknown) {
      if (age && typeof age !== 'number' && !(age instanceof Date)) {
        throw new TypeError('maxAge must be a number or Date');
      }
      this.expires =
        typeof age === 'number' ? new Date(Date.now() + age) : (age as CookieFields['_expires']);
    },
  },
  data: {
    enumerable: true,
    configurable: true,
    get(this: CookieFields) {
      return {
        originalMaxAge: this.originalMaxAge,
        partitioned: this.partitioned,
        priority: this.priority,
        expires: this._expires,
        secure: this.secure,
        httpOnly: this.httpOnly,
        domain: this.domain,
        path: this.path,
        sameSite: this.sameSite,
      };
    },
  },
  serialize: {
    configurable: true,
    writable: true,
    value(this: Cookie, name: string, value: string): string {
      return serializeCookie(name, value, this.data);
    },
  },
  toJSON: {
    configurable: true,
    writable: true,
    value(this: Cookie): object {
      return this.data;
    },
  },
});
