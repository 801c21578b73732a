import type { CookieValues } from '../strategy.ts';
import type { CookieFormat, CookieMoment } from './set-cookie.ts';

/** Browsers drop a cookie whose name and value exceed this (RFC 6265bis, 5.6); some count the attributes too, so we do. */
export const cookieLimit = 4096;

/** More would fill the 8 kB that proxies allow for all request headers. */
export const mostChunks = 4;

/** A browser sends few cookies of one name; more than this many combinations of chunks are somebody's game. */
const mostCombinations = 16;

/**
 * Splits a value into the Set-Cookie lines of one cookie, or of chunks `name.0` to `name.3`, and clears those that came with the
 * request and would otherwise be glued to the new ones. Answers `undefined` when
 * `most` of them do not hold it.
 */
export function splitCookie(
  value: string,
  cookie: { readonly format: CookieFormat; readonly moment: CookieMoment; readonly most: number },
  came: CookieValues,
): readonly string[] | undefined {
  const { format, moment, most } = cookie;
  if (format.overhead(moment) + value.length <= cookieLimit) {
    return [...clearChunks(format, moment.secure, came, 0), format.set(value, moment)];
  }
  const room = cookieLimit - format.overhead(moment, '.0');
  const count = Math.ceil(value.length / room);
  if (count > most) return undefined;
  const lines = came.values.length > 0 ? [format.clear(moment.secure)] : [];
  for (let index = 0; index < count; index++) {
    lines.push(
      format.set(value.slice(index * room, (index + 1) * room), moment, `.${String(index)}`),
    );
  }
  return [...lines, ...clearChunks(format, moment.secure, came, count)];
}

/** Octets that `most` cookies hold together. */
export function roomInCookies(format: CookieFormat, moment: CookieMoment, most: number): number {
  if (most === 1) return cookieLimit - format.overhead(moment);
  return most * (cookieLimit - format.overhead(moment, '.0'));
}

/** The lines that remove the cookie and every chunk that came. */
export function clearCookies(
  format: CookieFormat,
  secure: boolean,
  came: CookieValues,
): readonly string[] {
  return [format.clear(secure), ...clearChunks(format, secure, came, 0)];
}

function clearChunks(
  format: CookieFormat,
  secure: boolean,
  came: CookieValues,
  from: number,
): string[] {
  return came.chunks.flatMap((values, index) =>
    index >= from && values.length > 0 ? [format.clear(secure, `.${String(index)}`)] : [],
  );
}

/**
 * Glues chunks together again: up to the first gap, in every combination if some came twice. No counter tells how many there are, and a
 * chunk too many, left over or put there by a sibling sub-domain, must not log anybody out; so the longest comes first, and each that is one shorter
 * after it.
 */
export function joinChunks(chunks: CookieValues['chunks']): readonly string[] {
  let joined: readonly string[] = [''];
  const all: string[] = [];
  for (const values of chunks.slice(0, mostChunks)) {
    if (values.length === 0) break;
    joined = joined
      .flatMap((start) => values.map((value) => start + value))
      .slice(0, mostCombinations);
    all.unshift(...joined);
  }
  return all.slice(0, mostCombinations);
}
