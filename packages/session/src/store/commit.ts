import { channel } from 'node:diagnostics_channel';
import type {
  CookieAction,
  SessionChange,
  SessionPatch,
  SessionRecord,
  StrategyContext,
} from '../strategy.ts';
import { pending, whenAnswered } from './awaitable.ts';
import { expiryTime } from './expiry-time.ts';
import { heldOf, hold, keyOf } from './held.ts';
import { changedNotes, fieldOf, fieldsOf, keyOfField, setField } from './record-fields.ts';
import type { SignedIds } from './signed-id.ts';
import { storeFailed } from './store-error.ts';
import type { Awaitable, LoadedSession, SessionFields, StoreUpdate } from './store.ts';
import type { StoreAccess } from './access.ts';

type Commit = (ctx: StrategyContext, change: SessionChange) => Awaitable<CookieAction>;

const keep: CookieAction = Object.freeze({ kind: 'keep' });

const failedTouches = channel('portcullis:session:touch-failed');

/** Writes what a request changed. */
export function commitTo(access: StoreAccess, ids: SignedIds): Commit {
  const { store, keys, setup, options } = access;
  const set = (record: SessionRecord): CookieAction => ({
    kind: 'set',
    value: ids.sign(record.id),
  });

  const create = (ctx: StrategyContext, next: SessionRecord): Awaitable<CookieAction> => {
    const [key] = keys.of(next.id);
    const session = {
      fields: fieldsOf(next),
      expires: expiryTime(next, setup.lifetimes),
      userId: next.userId,
    };
    return whenAnswered(store.create(key, session), (result) => {
      if (result === 'gone') throw storeFailed('create', new Error('The new id is taken'));
      hold(ctx, { id: next.id, key, loaded: undefined, aged: false });
      return set(next);
    });
  };

  const update = (
    ctx: StrategyContext,
    change: SessionChange,
    previous: SessionRecord,
  ): Awaitable<CookieAction> => {
    const { next } = change;
    const { loaded: base, aged = false } = heldOf(ctx, previous) ?? {};
    const patch = patchOf(change, previous, { base, expires: expiryTime(next, setup.lifetimes) });
    const key = keyOf(keys, ctx, previous);
    return whenAnswered(store.update(key, patch), (result) => {
      // Who ended the session has dealt with its cookie, and what the browser has now may be of a login since.
      if (result === 'gone') return keep;
      // What was read is history now, and a later change in this request must not be compared with it.
      hold(ctx, { id: next.id, key, loaded: undefined, aged: false });
      return next.issuedAt === previous.issuedAt && !aged ? keep : set(next);
    });
  };

  /**
   * No fault is the response's: what is at stake is when the session expires, not what it holds. It waits all the same, because a late
   * touch may bring back what another process has destroyed, and a cookie of a session that is gone may replace one of a login since.
   */
  const renew = (
    ctx: StrategyContext,
    { next }: SessionChange,
    previous: SessionRecord,
  ): Awaitable<CookieAction> => {
    const notes = changedNotes(previous, next).set;
    const expires = expiryTime(next, setup.lifetimes);
    return whenAnswered(
      unlessFailed(() => store.touch(keyOf(keys, ctx, previous), expires, notes)),
      (result) => (result === 'ok' ? set(next) : keep),
    );
  };

  const rotate = (
    ctx: StrategyContext,
    change: SessionChange,
    previous: SessionRecord,
  ): Awaitable<CookieAction> => {
    const { next } = change;
    const [newKey] = keys.of(next.id);
    const base = heldOf(ctx, previous)?.loaded;
    const patch = patchOf(change, previous, { base, expires: expiryTime(next, setup.lifetimes) });
    const rename = { ...patch, grace: change.grace * 1_000 };
    return whenAnswered(store.rename(keyOf(keys, ctx, previous), newKey, rename), (result) => {
      if (result === 'gone') return isLogin(previous, next) ? create(ctx, next) : keep;
      hold(ctx, { id: next.id, key: newKey, loaded: undefined, aged: false });
      return set(next);
    });
  };

  const commit: Commit = (ctx, change) => {
    const { kind, next, previous } = change;
    if (kind === 'create' || previous === undefined) return create(ctx, next);
    if (kind === 'update') return update(ctx, change, previous);
    return kind === 'renew' ? renew(ctx, change, previous) : rotate(ctx, change, previous);
  };
  return options.onError === 'fail' ? commit : ignoringErrors(commit);
}

/** A login proves who is there whatever became of the session before, which may have been ended meanwhile. */
function isLogin(previous: SessionRecord, next: SessionRecord): boolean {
  return next.userId !== undefined && next.authenticatedAt !== previous.authenticatedAt;
}

function patchOf(
  change: SessionChange,
  previous: SessionRecord,
  { base, expires }: { readonly base: LoadedSession | undefined; readonly expires: number },
): StoreUpdate {
  const { next } = change;
  const patch = changedNotes(previous, next);
  const userId = next.userId === previous.userId ? undefined : (next.userId ?? null);
  if (base === undefined) addPatch(patch, change.patch());
  else addChanges(patch, base.fields, next.data);
  return { set: patch.set, deleted: patch.deleted, expires, userId, base };
}

interface WritablePatch {
  readonly set: Record<string, string>;
  readonly deleted: string[];
}

/** Without what was read, the difference between two whole texts. */
function addPatch(patch: WritablePatch, { set, removed }: SessionPatch): void {
  for (const [key, text] of set) setField(patch.set, fieldOf(key), text);
  for (const key of removed) patch.deleted.push(fieldOf(key));
}

/** With what was read, key by key, so that nothing is parsed again. */
function addChanges(patch: WritablePatch, base: SessionFields, data: SessionRecord['data']): void {
  for (const key of Object.keys(data)) {
    const field = fieldOf(key);
    const text: string | undefined = JSON.stringify(data[key]);
    if (text === undefined) {
      if (Object.hasOwn(base, field)) patch.deleted.push(field);
    } else if (base[field] !== text) {
      setField(patch.set, field, text);
    }
  }
  for (const field of Object.keys(base)) {
    const key = keyOfField(field);
    if (key !== undefined && !Object.hasOwn(data, key)) patch.deleted.push(field);
  }
}

/** Answers nothing when the touch failed, and reports it. */
function unlessFailed<T>(touch: () => Awaitable<T>): Awaitable<T | undefined> {
  const report = (error: unknown): undefined => {
    if (failedTouches.hasSubscribers) failedTouches.publish({ error });
  };
  try {
    const touched = touch();
    return pending(touched)?.catch(report) ?? touched;
  } catch (error) {
    return report(error);
  }
}

function ignoringErrors(commit: Commit): Commit {
  return (ctx, change) => {
    try {
      const action = commit(ctx, change);
      return pending(action)?.catch(() => keep) ?? action;
    } catch {
      return keep;
    }
  };
}
