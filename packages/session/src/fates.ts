import type { SessionChange } from './strategy.ts';

/**
 * What became of a session: it was `ended`, or `moved` to another id, or its data was `written` to a cookie.
 * No two requests see each other's cookies, so the later response would undo the earlier one.
 */
export type Fate = 'ended' | 'moved' | 'written';

/** Remembers for a while what requests of this process did to sessions, so that slower ones do not undo it. */
export interface Fates {
  /** Grows with every note. A request takes it when it begins: what is noted later happened meanwhile. */
  readonly moment: number;
  note(id: string, fate: Fate, now: number): void;
  /** Answers whether a request that began at `moment` must leave the browser's cookie, and the record, as they are. */
  isOvertaken(change: SessionChange, moment: number, now: number): boolean;
}

interface Note {
  readonly fate: Fate;
  readonly moment: number;
  /** Seconds since 1970. */
  readonly until: number;
}

/** Seconds: longer than nearly every response that was being made then. */
const lifetime = 60;

/**
 * Seconds for which requests with the old cookie may still arrive, sent before the browser heard of the new one. Short, because a browser
 * whose login was broken off goes on with the old cookie. After a logout there is nothing to go on with.
 */
const arriving: Readonly<Record<Fate, number>> = { ended: lifetime, moved: 5, written: -1 };

/** About ten megabytes; beyond that the oldest go early. */
const mostNotes = 50_000;

/** Makes {@link Fates}: a Map entry for each change, and no timer. */
export function createFates(): Fates {
  // Every note stands equally long, so the oldest come first.
  const notes = new Map<string, Note>();
  let moment = 0;
  return {
    get moment() {
      return moment;
    },
    note(id, fate, now) {
      for (const [old, { until }] of notes) {
        if (until >= now && notes.size < mostNotes) break;
        notes.delete(old);
      }
      moment++;
      notes.delete(id);
      notes.set(id, { fate, moment, until: now + lifetime });
    },
    isOvertaken(change, began, now) {
      const note = change.previous && notes.get(change.previous.id);
      if (note === undefined || note.until < now) return false;
      const age = now - (note.until - lifetime);
      if (note.moment <= began && age > arriving[note.fate]) return false;
      return note.fate === 'written' ? change.kind === 'renew' : !isBegunAnew(change);
    },
  };
}

/** A login, or a session begun anew, stands on its own; a new id for the session as it was does not. */
function isBegunAnew({ kind, next }: SessionChange): boolean {
  return kind === 'rotate' && next.renewedAt === undefined;
}
