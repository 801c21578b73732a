import type { Cookie } from './cookie.ts';
import type { Texts } from './records.ts';

/** The data of a session at one moment. */
export interface DataSnapshot {
  readonly id: string;
  readonly texts: Texts;
}

/** A session at one moment. */
export interface Snapshot extends DataSnapshot {
  readonly cookie: Cookie['data'];
}

/** What the rules of express-session go by when the response begins. */
export interface CommitFacts {
  /** The id that came with the request. */
  readonly cookieId: string | undefined;
  readonly now: Snapshot;
  /** As the handler got it. */
  readonly original: DataSnapshot;
  /** As it was saved last, or as it needs no save. */
  readonly saved: Snapshot | undefined;
  /** As the store is known to hold it. */
  readonly stored: Snapshot | undefined;
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
  if (save || hasOtherCookie(facts.stored, now)) return { setCookie, store: 'save' };
  return { setCookie, store: isNew ? undefined : 'touch' };
}

/**
 * A cookie is no data, and express-session leaves it to `touch`; but touches are few here, and not every store writes the cookie
 * then: a "remember me" after the login would be lost.
 */
export function hasOtherCookie(stored: Snapshot | undefined, now: Snapshot): boolean {
  return stored !== undefined && stored.id === now.id && !isSameCookie(stored.cookie, now.cookie);
}

const attributes = [
  'httpOnly',
  'secure',
  'domain',
  'path',
  'sameSite',
  'priority',
  'partitioned',
] as const;

function isSameCookie(before: Cookie['data'], after: Cookie['data']): boolean {
  return (
    isSameAge(before.originalMaxAge, after.originalMaxAge) &&
    attributes.every((name) => before[name] === after[name])
  );
}

/** To the second, because assigning an age loses a millisecond now and then. */
function isSameAge(before: unknown, after: unknown): boolean {
  if (typeof before !== 'number' || typeof after !== 'number') return before === after;
  return Math.abs(before - after) < 1_000;
}

function isSame(before: DataSnapshot, after: DataSnapshot): boolean {
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
