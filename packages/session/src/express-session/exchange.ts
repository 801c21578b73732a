import { findUnserialisable } from '../data/json-values.ts';
import { unserialisable } from '../session-error.ts';
import { whenAnswered } from '../store/awaitable.ts';
import type { Awaitable } from '../store/store.ts';
import {
  type CommitPlan,
  compareTexts,
  type DataSnapshot,
  hasOtherCookie,
  planCommit,
  type Snapshot,
} from './commit-plan.ts';
import { Cookie, type CookieOptions } from './cookie.ts';
import { isSecure } from './is-secure.ts';
import type { Settings } from './options.ts';
import { type LoadedRecord, type Texts, textsOf } from './records.ts';
import { reviveRecord, Session } from './session.ts';
import type { SessionExchange, SessionRequest } from './session-request.ts';
import type { TouchThrottle } from './touch-throttle.ts';

/** What should become of the browser's cookie. */
export type CookieFate = 'keep' | 'set' | 'clear';

const nothing: Texts = Object.freeze(Object.create(null));

/** What the middleware knows of one request and its session. */
export class Exchange implements SessionExchange {
  readonly #req: SessionRequest;
  readonly #settings: Settings;
  readonly #throttle: TouchThrottle;
  readonly #cookieOptions: CookieOptions;
  readonly #cookieId: string | undefined;
  #original: DataSnapshot = { id: '', texts: nothing };
  /** What the store is known to hold. */
  #stored: Snapshot | undefined;
  #saved: Snapshot | undefined;
  #touched = false;
  #destroyedId: string | undefined;
  /** What failed without failing the response. */
  fault: unknown;

  constructor(
    req: SessionRequest,
    settings: Settings,
    came: {
      readonly cookieId: string | undefined;
      readonly cookieOptions: CookieOptions;
      readonly throttle: TouchThrottle;
    },
  ) {
    this.#req = req;
    this.#settings = settings;
    this.#throttle = came.throttle;
    this.#cookieOptions = came.cookieOptions;
    this.#cookieId = came.cookieId;
  }

  /** Finds the session of the request, or makes one. */
  open(): Awaitable<void> {
    const id = this.#cookieId;
    if (id === undefined) return this.#begin();
    return whenAnswered(this.#settings.records.get(id), (loaded) => {
      if (loaded === undefined) return this.#begin();
      this.#inflate(id, loaded);
      this.#original = { id, texts: loaded.texts };
    });
  }

  #begin(): void {
    this.generate();
    this.#original = { id: String(this.#req.sessionID), texts: nothing };
  }

  #inflate(id: string, loaded: LoadedRecord): void {
    const session = new Session(this.#req, reviveRecord(loaded.record));
    this.#req.session = session;
    this.#stored = { id, texts: loaded.texts, cookie: session.cookie.data };
    this.#saved = this.#settings.resave ? undefined : this.#stored;
  }

  generate(): void {
    const req = this.#req;
    req.sessionID = this.#settings.genid(req);
    const session = new Session(req);
    session.cookie = this.newCookie();
    req.session = session;
    this.#stored = undefined;
  }

  /** `'auto'` is resolved here and not where options are checked, because a function may answer it. */
  newCookie(): Cookie {
    const cookie = new Cookie(this.#cookieOptions);
    const { secure, sameSite } = this.#cookieOptions;
    if (secure !== 'auto' && sameSite !== 'auto') return cookie;
    const safe = isSecure(this.#req, this.#settings.proxy);
    if (secure === 'auto') cookie.secure = safe;
    if (sameSite === 'auto') cookie.sameSite = safe ? 'none' : 'lax';
    return cookie;
  }

  async save(session: Session): Promise<void> {
    this.#touch(session);
    await this.#write(session, snapshotOf(session));
  }

  async reload(session: Session): Promise<void> {
    const loaded = await this.#settings.records.get(session.id);
    if (loaded === undefined) throw new Error('failed to load session');
    this.#inflate(session.id, loaded);
  }

  async destroy(session: Session): Promise<void> {
    this.#destroyedId = session.id;
    await this.#settings.records.destroy(session.id);
  }

  async regenerate(): Promise<void> {
    try {
      await this.#settings.records.destroy(String(this.#req.sessionID));
    } finally {
      // A handler that does not look at the error must not log its user in under the id from before (session fixation).
      this.generate();
    }
  }

  /** Stores what has to be stored, and says what should become of the cookie. */
  commit(): Awaitable<CookieFate> {
    const { session, sessionID } = this.#req;
    if (session === undefined || session === null) return this.#commitAbsence();
    if (typeof sessionID !== 'string') return 'keep';
    const now = snapshotOf(session);
    const plan = this.#plan(session, now);
    this.#touch(session);
    const fate = plan.setCookie && this.#mayTravel(session.cookie) ? 'set' : 'keep';
    if (plan.store === 'save') {
      return this.#tryStore(fate, () =>
        whenAnswered(this.#write(session, now), (result) => (result === 'ok' ? fate : 'clear')),
      );
    }
    return plan.store === 'touch' ? this.#prolong(session, fate) : fate;
  }

  /** Stores what changed after the head had left. */
  async commitLate(): Promise<void> {
    const { session, sessionID } = this.#req;
    if (session === undefined || session === null || typeof sessionID !== 'string') return;
    const now = snapshotOf(session);
    const before = this.#stored?.id === now.id ? this.#stored.texts : nothing;
    const { changed, deleted } = compareTexts(before, now.texts);
    const differs = changed.length > 0 || deleted.length > 0 || hasOtherCookie(this.#stored, now);
    if (differs) await this.#write(session, now);
  }

  #plan(session: Session, now: Snapshot): CommitPlan {
    return planCommit({
      cookieId: this.#cookieId,
      now,
      original: this.#original,
      saved: this.#saved,
      stored: this.#stored,
      persistent: session.cookie.expires !== null && session.cookie.expires !== undefined,
      rolling: this.#settings.rolling,
      saveUninitialized: this.#settings.saveUninitialized,
    });
  }

  #commitAbsence(): Awaitable<CookieFate> {
    const { sessionID } = this.#req;
    const id = this.#cookieId;
    if (this.#destroyedId !== undefined) return this.#destroyedId === id ? 'clear' : 'keep';
    if (!this.#settings.unsetDestroys || typeof sessionID !== 'string') return 'keep';
    this.#destroyedId = sessionID;
    return this.#tryStore('keep', () =>
      whenAnswered(this.#settings.records.destroy(sessionID), () =>
        sessionID === id ? 'clear' : 'keep',
      ),
    );
  }

  #tryStore(otherwise: CookieFate, ask: () => Awaitable<CookieFate>): Awaitable<CookieFate> {
    return this.#settings.answersRegardless ? this.#despiteFault(ask(), otherwise) : ask();
  }

  async #despiteFault(answer: Awaitable<CookieFate>, otherwise: CookieFate): Promise<CookieFate> {
    try {
      return await answer;
    } catch (error) {
      this.fault = error;
      return otherwise;
    }
  }

  /** Once per request: the lifetime counts from the response, and a `maxAge` set by the handler is not overwritten twice. */
  #touch(session: Session): void {
    if (this.#touched) return;
    this.#touched = true;
    session.touch();
  }

  #write(session: Session, now: Snapshot): Awaitable<'ok' | 'gone' | 'conflict'> {
    const { records } = this.#settings;
    const before = this.#stored?.id === now.id ? this.#stored : undefined;
    const result =
      before === undefined
        ? records.create(now.id, session, now.texts)
        : records.update(now.id, {
            session,
            texts: now.texts,
            ...compareTexts(before.texts, now.texts),
          });
    return whenAnswered(result, (outcome) => {
      this.#stored = now;
      this.#saved = now;
      return outcome;
    });
  }

  #prolong(session: Session, fate: CookieFate): Awaitable<CookieFate> {
    const { records } = this.#settings;
    const { originalMaxAge } = session.cookie;
    const maxAge = typeof originalMaxAge === 'number' ? originalMaxAge : undefined;
    if (!records.canTouch || (!this.#throttle.due(session.id, maxAge) && fate === 'keep'))
      return fate;
    const touched = records.touch(session.id, session);
    // No fault is the response's: what is at stake is when the session expires, not what it holds.
    if (touched === undefined) return fate;
    const prolonged = touched.then(() => fate);
    return this.#despiteFault(prolonged, fate);
  }

  #mayTravel(cookie: Cookie): boolean {
    if (!cookie.secure || isSecure(this.#req, this.#settings.proxy)) return true;
    this.#settings.notices.once(
      'ERR_PORTCULLIS_SESSION_COOKIE_NOT_SET',
      `The cookie ${this.#settings.name} was not set: cookie.secure is on and the request does not look like HTTPS. ` +
        "Behind a proxy, set Express' trust proxy; for development over HTTP, use secure: 'auto'.",
    );
    return false;
  }
}

function snapshotOf(session: Session): Snapshot {
  try {
    return { id: session.id, texts: textsOf(session), cookie: session.cookie.data };
  } catch (error) {
    const lost = findUnserialisable(Object.assign({}, session, { cookie: undefined }));
    if (lost === undefined) throw error;
    throw unserialisable(lost.path, lost.what, lost.hint);
  }
}
