import type { ServerResponse } from 'node:http';
import type { Next } from '@portcullis/core';
import { appendVary } from '@portcullis/core/http';
import { editHead, holdHead, isEnding, onDone } from '@portcullis/core/response';
import { commitSession, planChange } from './commit.ts';
import { privateCaching } from './cookie/cache-control.ts';
import { replaceCookies, setsCookie } from './cookie/set-cookie.ts';
import type { RequestSession } from './request-session.ts';
import { unreadable, unstored } from './session-error.ts';
import type { SessionState } from './state.ts';
import { isThenable } from './thenable.ts';

/**
 * Has the session stored before the first byte of the response leaves. Done before anybody looks at the session, because in
 * `res.end(JSON.stringify(req.session))` JavaScript has picked `end` already when `req.session` is read.
 */
export function holdResponse(session: RequestSession, res: ServerResponse, next: Next): void {
  // Code for WebSocket handshakes calls middleware with an object that is no response at all.
  if (typeof res.writeHead !== 'function' || typeof res.setHeader !== 'function') return;
  holdHead(res, () => release(session, res), next);
}

function release(session: RequestSession, res: ServerResponse): void | Promise<void> {
  // An untouched request ends here.
  if (session.state === undefined && !session.isRenewedUnseen()) return undefined;
  // Asked before anything is awaited: of `res.write(a); change(); res.end(b)` the change comes before the end.
  const streams = !isEnding(res);
  let state: SessionState;
  try {
    state = session.open();
  } catch (error) {
    return Promise.reject(unreadable(error));
  }
  const fail = (error: unknown): never => {
    state.failed = true;
    throw unstored(error);
  };
  let work: void | Promise<void>;
  try {
    work = commitSession(session);
  } catch (error) {
    return fail(error);
  }
  const finish = (): void => {
    writeHeaders(session, state, res);
    if (streams) watchLateChanges(session, state, res);
  };
  if (!isThenable(work)) return finish();
  return work.then(() => {
    editHead(res, finish);
  }, fail);
}

function writeHeaders(session: RequestSession, state: SessionState, res: ServerResponse): void {
  appendVary(res, 'Cookie');
  if (state.lines.length === 0) return;
  const cookies = res.getHeader('Set-Cookie');
  if (setsCookie(cookies, session.cookieName)) noticeCookieTaken(session);
  res.setHeader('Set-Cookie', replaceCookies(cookies, state.lines));
  state.lines = [];
  const present = res.getHeader('Cache-Control');
  const caching = privateCaching(present === undefined ? undefined : String(present));
  if (caching === undefined) return;
  res.setHeader('Cache-Control', caching.value);
  if (caching.removed !== undefined) {
    session.policy.notices.once(
      'ERR_PORTCULLIS_SESSION_SHARED_CACHE',
      `A response that sets the session cookie said Cache-Control: ${caching.removed}; that became private, because a shared cache would give one visitor's session to all`,
    );
  }
}

function noticeCookieTaken({ policy }: RequestSession): void {
  policy.notices.once(
    'ERR_PORTCULLIS_SESSION_COOKIE_TAKEN',
    `A response had set the cookie ${policy.cookieName} already, and the session's took its place; two session() in one app need two cookieName`,
  );
}

/** A store takes changes made while the body streams; a cookie cannot, so that is said once. */
export function watchLateChanges(
  session: RequestSession,
  state: SessionState,
  res: ServerResponse,
): void {
  const { policy } = session;
  if (state.degraded) return;
  onDone(res, () => {
    if (policy.strategy.late) void commitLate(session);
    else if (hasLateChange(session, state)) {
      policy.notices.once(
        'ERR_PORTCULLIS_SESSION_CHANGED_LATE',
        'A session was changed after the head of the response had left, so the change could not be put into the cookie; change sessions before the first write',
      );
    }
  });
}

async function commitLate(session: RequestSession): Promise<void> {
  try {
    await commitSession(session);
  } catch (error) {
    session.policy.notices.once(
      'ERR_PORTCULLIS_SESSION_LATE_COMMIT',
      `A session that was changed after the head of the response had left could not be stored: ${unstored(error).message}`,
    );
  }
}

function hasLateChange(session: RequestSession, state: SessionState): boolean {
  try {
    const plan = planChange(session, state);
    return plan === 'empty' || (plan !== undefined && plan.kind !== 'renew');
  } catch {
    return true;
  }
}
