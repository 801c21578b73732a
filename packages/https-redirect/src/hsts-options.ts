import type { HostPattern } from '@portcullis/core/http';
import { o, type Report, type Spec } from '@portcullis/core/options';
import { hostListSpec } from './host-options.ts';
import type { HstsOptions, ResolvedHttpsRedirectOptions } from './options.ts';

export interface ResolvedHsts {
  readonly maxAge: number;
  readonly includeSubDomains: boolean;
  readonly preload: boolean;
  readonly excludeHosts: readonly HostPattern[] | undefined;
}

export const year: number = 365 * 24 * 60 * 60;

export const hstsSpec: Spec<boolean | 'clear' | ResolvedHsts, boolean | 'clear' | HstsOptions> =
  o.either(
    o.boolean(),
    o.literal('clear'),
    o.object({
      maxAge: o.withDefault(o.duration({ min: 0 }), year),
      includeSubDomains: o.withDefault(o.boolean(), true),
      preload: o.withDefault(o.boolean(), false),
      excludeHosts: o.optional(hostListSpec),
    }),
  );

/** The conditions of the browsers' preload list: a site that does not meet them is refused there, after the release. */
export function checkPreload({ hsts }: ResolvedHttpsRedirectOptions, report: Report): void {
  if (typeof hsts !== 'object') return;
  if (!Number.isInteger(hsts.maxAge)) {
    report.error({
      code: 'OUT_OF_RANGE',
      path: 'hsts.maxAge',
      message: 'is not a whole number of seconds',
      hint: "write seconds such as 31536000, or '365d'",
    });
  }
  if (!hsts.preload) return;
  if (hsts.maxAge < year) {
    report.error({
      code: 'PRELOAD_TOO_SHORT',
      path: 'hsts.maxAge',
      message: `is ${hsts.maxAge} seconds, and preload needs at least ${year} (a year)`,
      hint: "write maxAge: '365d', or leave preload out",
    });
  }
  if (!hsts.includeSubDomains) {
    report.error({
      code: 'PRELOAD_WITHOUT_SUBDOMAINS',
      path: 'hsts.includeSubDomains',
      message: 'is false, and preload needs it',
      hint: 'set includeSubDomains to true, or leave preload out',
    });
  }
}
