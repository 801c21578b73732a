import { findWeakness, o } from '@portcullis/core/options';
import type { Secret, SecretValue, Spec } from '@portcullis/core/options';
import { isCookieDomain, isCookiePath } from '../cookie/lint.ts';

/** What every migration codec needs to know. */
export interface MigrationOptions {
  /** The last moment it is used: a date such as `'2027-03-31'`, or a `Date`. Required, because old formats must go away. */
  until: string | Date;
  /** The keys the old cookies were signed with. Weak ones are taken, with one warning. */
  keys: SecretValue | readonly SecretValue[];
  /** The old cookie's name, as the old library had it by default. */
  cookieName?: string | undefined;
  /** The old cookie's path, to remove it. Default `/`. */
  path?: string | undefined;
  /** The old cookie's domain, to remove it. */
  domain?: string | undefined;
}

export interface ResolvedMigration {
  readonly until: number;
  readonly keys: readonly Secret[];
  readonly cookieName: string;
  readonly path: string;
  readonly domain: string | undefined;
}

const until: Spec<number, string | Date> = o.custom("a date such as '2027-03-31'", (value) => {
  const text = typeof value === 'string' ? value : '';
  const time = value instanceof Date ? value.getTime() : Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
});

/** Whatever a Set-Cookie line can carry, because cookie-session began with `express:sess`. */
function isOldCookieName(text: string): boolean {
  return /^[!-~]+$/.test(text) && !/[;=,"]/.test(text);
}

/** The fields all codecs share. */
export function migrationFields(cookieName: string): {
  readonly [Name in keyof ResolvedMigration]: Spec<ResolvedMigration[Name]>;
} {
  return {
    until,
    keys: o.list(o.secret({ acceptWeak: true }), { min: 1, single: true }),
    cookieName: o.withDefault(
      o.string({ expected: 'a cookie name', check: isOldCookieName }),
      cookieName,
    ),
    path: o.withDefault(
      o.string({ expected: "a path that begins with / and holds no ';'", check: isCookiePath }),
      '/',
    ),
    domain: o.optional(
      o.string({
        expected: "a domain such as 'example.com'",
        // With a dot in front, as old applications have it.
        check: (text) => isCookieDomain(text.replace(/^\./, '')),
      }),
    ),
  };
}

/** The same length as `secretKey` must have. */
const leastKeyLength = 32;

export function findWeakKey(keys: readonly Secret[]): string | undefined {
  return keys
    .map((key) => findWeakness(key, leastKeyLength))
    .find((weakness) => weakness !== undefined);
}
