import { difference } from './data/difference.ts';
import { findUnserialisable } from './data/json-values.ts';
import { publishStored } from './events.ts';
import { renderAction } from './cookie-lines.ts';
import type { Fate } from './fates.ts';
import { renewalGrace } from './lifetime.ts';
import type { RequestSession } from './request-session.ts';
import { unserialisable } from './session-error.ts';
import { newIdentity } from './state.ts';
import type { SessionState } from './state.ts';
import type { SessionChange, SessionRecord } from './strategy.ts';
import { isThenable, whenReady } from './thenable.ts';

/** Stores what changed. Answers nothing when there was nothing to wait for, so that a clean request loses no tick. */
export function commitSession(session: RequestSession): void | Promise<void> {
  const { state } = session;
  if (state === undefined || state.degraded || state.failed) return undefined;
  if (state.busy !== undefined) {
    const again = (): void | Promise<void> => commitSession(session);
    return state.busy.then(again, again);
  }
  const work = destroyDoomed(session, state);
  const rest = isThenable(work) ? work.then(() => store(session, state)) : store(session, state);
  if (!isThenable(rest)) return undefined;
  state.busy = Promise.resolve(rest).finally(() => {
    state.busy = undefined;
  });
  return state.busy;
}

function destroyDoomed(session: RequestSession, state: SessionState): void | Promise<void> {
  const { doomed } = state;
  if (doomed === undefined) return undefined;
  const { strategy, cookieName } = session.policy;
  return whenReady(strategy.destroy(session, doomed.record), (action) => {
    if (doomed.record !== undefined) {
      publishStored(cookieName, doomed.record.id, 'destroy');
      noteFate(session, doomed.record.id, 'ended');
    }
    state.doomed = undefined;
    state.lines = renderAction(session, action) ?? state.lines;
  });
}

function store(session: RequestSession, state: SessionState): void | Promise<void> {
  const change = planChange(session, state);
  if (change === undefined) return undefined;
  const { strategy, cookieName, fates } = session.policy;
  if (change === 'empty') {
    state.doomed = { record: state.stored };
    state.stored = undefined;
    state.identity = newIdentity(session.policy, session);
    return destroyDoomed(session, state);
  }
  if (fates.isOvertaken(change, session.began, session.now())) {
    state.stored = change.next;
    return undefined;
  }
  return whenReady(strategy.commit(session, change), (action) => {
    publishStored(cookieName, change.next.id, change.kind);
    noteChange(session, change);
    if (state.doomed !== undefined) {
      // The session was ended while it was being stored: what is there now must go.
      state.doomed = { record: change.next };
      return;
    }
    state.stored = change.next;
    state.lines = renderAction(session, action, change.next) ?? state.lines;
    // What changed while the strategy was at work stays changed: it is compared with what was stored.
    state.reissue = false;
  });
}

function noteChange(session: RequestSession, change: SessionChange): void {
  const { previous, kind, grace } = change;
  if (previous === undefined || kind === 'renew') return;
  if (kind === 'rotate' && grace === 0) noteFate(session, previous.id, 'moved');
  // Where data lives on our side, an unchanged session issued anew takes nothing away.
  else if (!session.policy.strategy.late) noteFate(session, previous.id, 'written');
}

function noteFate(session: RequestSession, id: string, fate: Fate): void {
  const { fates } = session.policy;
  fates.note(id, fate, session.now());
  session.began = fates.moment;
}

/** Says what must be stored: nothing, the end of a session that was emptied, or a change. */
export function planChange(
  session: RequestSession,
  state: SessionState,
): SessionChange | 'empty' | undefined {
  if (state.view === null) return undefined;
  const text = serialise({ view: state.view, flash: state.identity.flash });
  const { stored, identity } = state;
  if (text === '{}' && identity.flash === undefined && identity.userId === undefined) {
    return stored === undefined ? undefined : 'empty';
  }
  const kind = changeKind(session, state, text);
  if (kind === undefined) return undefined;
  // Without a spread, which cost a tenth of a write.
  const next: SessionRecord = {
    id: identity.id,
    createdAt: identity.createdAt,
    renewedAt: identity.renewedAt,
    userId: identity.userId,
    authenticatedAt: identity.authenticatedAt,
    generation: identity.generation,
    transient: identity.transient,
    flash: identity.flash,
    data: state.view as unknown as Record<string, unknown>, // its own keys are data
    text,
    issuedAt: session.now(),
  };
  return {
    kind,
    previous: stored,
    next,
    grace: state.grace,
    patch: () => difference(stored?.text, text),
  };
}

function changeKind(
  session: RequestSession,
  state: SessionState,
  text: string,
): SessionChange['kind'] | undefined {
  const { stored } = state;
  if (stored === undefined) return 'create';
  renewId(session, state, stored);
  if (state.identity.id !== stored.id) return 'rotate';
  // A message added or taken makes a new object; a user bound, a new id.
  if (text !== stored.text || state.identity.flash !== stored.flash) return 'update';
  const age = session.now() - stored.issuedAt;
  return state.reissue || age >= session.policy.lifetimes.reissueAfter ? 'renew' : undefined;
}

function renewId(session: RequestSession, state: SessionState, stored: SessionRecord): void {
  const { renewAfter } = session.policy.lifetimes;
  if (renewAfter === undefined || state.identity.id !== stored.id) return;
  const now = session.now();
  if (now - (stored.renewedAt ?? stored.createdAt) < renewAfter) return;
  state.identity.id = session.policy.strategy.newId(session);
  state.identity.renewedAt = now;
  state.grace = renewalGrace;
}

/** The data as JSON text. Values that would be lost are looked for even when the text is unchanged: JSON drops some without a trace. */
function serialise(state: { readonly view: object; readonly flash: object | undefined }): string {
  const { view, flash } = state;
  const lost =
    findUnserialisable(view) ?? (flash === undefined ? undefined : findUnserialisable(flash));
  if (lost !== undefined) throw unserialisable(lost.path, lost.what, lost.hint);
  try {
    return JSON.stringify(view);
  } catch (error) {
    throw unserialisable('session', 'an object whose toJSON() throws', String(error));
  }
}
