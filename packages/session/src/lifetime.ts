import type { RejectionReason, SessionLifetimes } from './strategy.ts';

/** Clocks of two servers differ; a token from the future is accepted within this. It never lengthens a lifetime. */
const skew = 60;

/** A fortnight, as in Starlette. */
export const defaultMaxAge: number = 14 * 86_400;

/** RFC 6265bis caps Max-Age at 400 days, so no cookie can be older. */
export const longestCookieAge: number = 400 * 86_400;

/** Seconds for which an id that the server replaced still works: requests sent with it may be on their way. */
export const renewalGrace = 30;

/** Says why a session of these times is over, or `undefined` when it lives. A session exactly `maxAge` old still lives. */
export function expiry(
  times: { readonly createdAt: number; readonly issuedAt: number },
  lifetimes: SessionLifetimes,
  now: number,
): RejectionReason | undefined {
  if (times.issuedAt > now + skew || times.createdAt > now + skew) return 'future';
  if (now - times.issuedAt > (lifetimes.idle ?? longestCookieAge)) return 'expired-idle';
  if (lifetimes.absolute !== undefined && now - times.createdAt > lifetimes.absolute) {
    return 'expired-absolute';
  }
  return undefined;
}

/** Seconds for which the browser should keep the cookie; `undefined` means until it closes. */
export function cookieMaxAge(
  times: { readonly createdAt: number; readonly transient?: boolean | undefined },
  lifetimes: SessionLifetimes,
  now: number,
): number | undefined {
  if (lifetimes.idle === undefined || times.transient === true) return undefined;
  const left =
    lifetimes.absolute === undefined ? lifetimes.idle : times.createdAt + lifetimes.absolute - now;
  // Never 0, because Max-Age=0 deletes a session that still lives.
  return Math.max(1, Math.min(lifetimes.idle, left, longestCookieAge));
}
