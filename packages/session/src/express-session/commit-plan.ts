import type { Texts } from './records.ts';

/** A session at one moment. */
export interface Snapshot {
  readonly id: string;
  readonly texts: Texts;
}

/** What the rules of express-session go by when the response begins. */
export interface CommitFacts {
  /** The id that came with the request. */
  readonly cookieId: string | undefined;
  readonly now: Snapshot;
  /** As the handler got it. */
  readonly original: Snapshot;
  /** As it was saved last, or as it needs no save. */
  readonly saved: Snapshot | undefined;
  /** Whether the cookie outlives the browser. */
  readonly persistent: boolean;
  readonly rolling: boolean;
  readonly saveUninitialized: boolean;
}

/** What has to be done before the first byte. */
export interface CommitPlan {
  readonly setCookie: boolean;
  readonly store: 'save' | 'touch' | undefined;
}

/** Decides as express-session documents `resave`, `rolling` and `saveUninitialized`. */
export function planCommit(facts: CommitFacts): CommitPlan {
  const { cookieId, now, original, saved, saveUninitialized } = facts;
  const isNew = cookieId !== now.id;
  const modified = !isSame(original, now);
  const setCookie = isNew
    ? saveUninitialized || modified
    : facts.rolling || (facts.persistent && modified);
  const uninitialized = !saveUninitialized && saved === undefined && isNew;
  const save = uninitialized ? modified : saved === undefined || !isSame(saved, now);
  if (save) return { setCookie, store: 'save' };
  return { setCookie, store: isNew ? undefined : 'touch' };
}

function isSame(before: Snapshot, after: Snapshot): boolean {
  if (before.id !== after.id) return false;
  for (const key in after.texts) if (before.texts[key] !== after.texts[key]) return false;
  for (const key in before.texts) {
    if (key !== 'cookie' && !Object.hasOwn(after.texts, key)) return false;
  }
  return true;
}

/** The keys that differ. */
export function compareTexts(
  before: Texts,
  after: Texts,
): { readonly changed: readonly string[]; readonly deleted: readonly string[] } {
  return {
    changed: Object.keys(after).filter((key) => before[key] !== after[key]),
    deleted: Object.keys(before).filter((key) => key !== 'cookie' && !Object.hasOwn(after, key)),
  };
}
