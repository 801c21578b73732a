import { isSecure } from '@portcullis/core/http';
import { clearCookies, mostChunks, roomInCookies, splitCookie } from './cookie/chunks.ts';
import { cookieFormat } from './cookie/set-cookie.ts';
import { cookieMaxAge } from './lifetime.ts';
import { leftovers } from './load.ts';
import type { SessionPolicy } from './policy.ts';
import type { RequestSession } from './request-session.ts';
import { tooLarge } from './session-error.ts';
import type { CookieAction, SessionRecord } from './strategy.ts';

/**
 * Turns what the strategy wants into the Set-Cookie values of this response; `undefined` when the browser's cookie stays as it is.
 *
 * @throws `ERR_PORTCULLIS_SESSION_TOO_LARGE`
 */
export function renderAction(
  session: RequestSession,
  action: CookieAction,
  record?: SessionRecord,
): readonly string[] | undefined {
  if (action.kind === 'keep') return undefined;
  const { policy, req, cookies } = session;
  const encrypted = isSecure(req, policy.trust);
  const secure = policy.httpsOnly === 'auto' ? encrypted : policy.httpsOnly;
  const others = leftovers(session).map(({ codec, name }) =>
    cookieFormat({ name, path: codec.path, domain: codec.domain, sameSite: 'lax' }).clear(secure),
  );
  if (action.kind === 'clear' || record === undefined) {
    const came = cookies.values.length > 0 || cookies.chunks.length > 0;
    if (!came) return others;
    const older =
      cookies.values.length > 1 && policy.hostOnly !== undefined
        ? clearCookies(policy.hostOnly, secure, cookies)
        : [];
    return [...others, ...older, ...clearCookies(policy.format, secure, cookies)];
  }
  noticeRefusedCookie(policy, secure, encrypted);
  const most = policy.strategy.chunks ? mostChunks : 1;
  const moment = { secure, maxAge: cookieMaxAge(record, policy.lifetimes, session.now()) };
  const lines = splitCookie(action.value, { format: policy.format, moment, most }, cookies);
  if (lines === undefined) {
    const room = roomInCookies(policy.format, moment, most);
    throw tooLarge(action.value.length, room, record.text);
  }
  if (action.value.length > roomInCookies(policy.format, moment, 1))
    noticeChunks(policy, action.value.length);
  return [...others, ...lines];
}

/** Browsers drop such cookies in silence, and the login page comes back for ever. */
function noticeRefusedCookie(policy: SessionPolicy, secure: boolean, encrypted: boolean): void {
  if (secure && !encrypted) {
    policy.notices.once(
      'ERR_PORTCULLIS_SESSION_COOKIE_INSECURE',
      `The session cookie ${policy.cookieName} is Secure, but the request looks like plain http, where browsers refuse it. ` +
        `Behind a proxy that ends TLS, set trustProxy; for development without TLS, set httpsOnly: 'auto'`,
    );
  }
  if (!secure && policy.sameSite === 'none') {
    policy.notices.once(
      'ERR_PORTCULLIS_SESSION_COOKIE_SAME_SITE',
      `The session cookie ${policy.cookieName} has sameSite 'none' and the request looks like plain http; browsers refuse it. ` +
        'Behind a proxy that ends TLS, set trustProxy',
    );
  }
}

function noticeChunks(policy: SessionPolicy, size: number): void {
  policy.notices.once(
    'ERR_PORTCULLIS_SESSION_COOKIE_CHUNKS',
    `A session takes ${String(size)} bytes and is split over several cookies, which every request carries; a store (option store) suits large sessions better`,
  );
}
