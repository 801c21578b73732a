import { renewalGrace } from './lifetime.ts';
import type { SessionPolicy } from './policy.ts';
import { fillSession, SessionObject } from './session-object.ts';
import type { SessionControl } from './session-object.ts';
import type { Loaded, RejectionReason, SessionRecord, StrategyContext } from './strategy.ts';

/** What was found, or data that came out of another library's cookie. */
export type Found =
  | (Loaded & {
      /** The id is another library's, and known to whoever has its key: it gets one of ours. */
      readonly foreignId?: boolean | undefined;
    })
  | {
      readonly kind: 'migrated';
      readonly data: Readonly<Record<string, unknown>>;
      readonly foreignId?: undefined;
    };

/** Who the session is, as far as it is not data. */
export interface Identity {
  id: string;
  createdAt: number;
  renewedAt?: number | undefined;
  userId?: string | undefined;
  authenticatedAt?: number | undefined;
  generation?: string | undefined;
  transient?: boolean | undefined;
  flash?: Record<string, readonly unknown[]> | undefined;
}

/** One request's session once somebody has looked at it. */
export interface SessionState {
  /** What `req.session` gives. */
  view: SessionObject | null;
  identity: Identity;
  /** What the strategy holds now; `undefined` when it holds nothing. */
  stored: SessionRecord | undefined;
  /** To be destroyed before anything else is stored. */
  doomed: { readonly record: SessionRecord | undefined } | undefined;
  /** When the id is another one than that of `stored`: seconds for which the old one still works. */
  grace: number;
  /** A new cookie is wanted although nothing changed. */
  reissue: boolean;
  isNew: boolean;
  readonly rejected: RejectionReason | undefined;
  /** The store is away: nothing is written, the browser's cookie stays. */
  readonly degraded: boolean;
  /** A commit failed and its error went to `next`; the response to that must not fail again. */
  failed: boolean;
  /** Set-Cookie values waiting for the head. */
  lines: readonly string[];
  busy: Promise<void> | undefined;
}

export function newIdentity(policy: SessionPolicy, ctx: StrategyContext): Identity {
  return {
    id: policy.strategy.newId(ctx),
    createdAt: policy.now(),
    renewedAt: undefined,
    userId: undefined,
    authenticatedAt: undefined,
    generation: undefined,
    transient: undefined,
    flash: undefined,
  };
}

export function identityOf(record: SessionRecord): Identity {
  const { id, createdAt, renewedAt, userId, authenticatedAt, generation, transient, flash } =
    record;
  return { id, createdAt, renewedAt, userId, authenticatedAt, generation, transient, flash };
}

/** Makes the state of a request from what its cookies led to. */
export function openState(
  policy: SessionPolicy,
  ctx: StrategyContext & SessionControl,
  found: Found,
): SessionState {
  const view = new SessionObject(ctx);
  const stored = found.kind === 'session' ? fillFrom(policy, view, found.record) : undefined;
  if (found.kind === 'migrated') fill(policy, view, found.data);
  const identity = stored === undefined ? newIdentity(policy, ctx) : identityOf(stored);
  if (found.foreignId === true) {
    identity.id = policy.strategy.newId(ctx);
    identity.createdAt = policy.now();
    identity.renewedAt = policy.now();
  }
  // One literal without spreads: this runs for every request that uses its session, and spreads made it four times as dear.
  return {
    view,
    identity,
    stored,
    doomed: undefined,
    grace: found.foreignId === true ? renewalGrace : 0,
    reissue: found.kind === 'session' && found.reissue === true,
    isNew: stored === undefined && found.kind !== 'migrated',
    rejected: found.kind === 'rejected' ? found.reason : undefined,
    degraded: found.kind === 'degraded',
    failed: false,
    lines: noLines,
    busy: undefined,
  };
}

const noLines: readonly string[] = Object.freeze([]);

/** A record with names of ours in it is compared as it was filled in, so that reading it is not a change. */
function fillFrom(
  policy: SessionPolicy,
  view: SessionObject,
  record: SessionRecord,
): SessionRecord {
  if (fill(policy, view, record.data)) return record;
  return { ...record, text: JSON.stringify(view) };
}

function fill(policy: SessionPolicy, view: SessionObject, data: object): boolean {
  const skipped = fillSession(view, data);
  if (skipped.length === 0) return true;
  policy.notices.once(
    'ERR_PORTCULLIS_SESSION_RESERVED_KEY',
    `A stored session holds ${skipped.map((key) => JSON.stringify(key)).join(', ')}; these names belong to the session itself, so they were left out`,
  );
  return false;
}
