import type { IncomingMessage, ServerResponse } from 'node:http';
import { applyUpdate } from './apply-update.ts';
import { commitSession } from './commit.ts';
import { noCookies } from './cookie/scan.ts';
import { findSession } from './load.ts';
import type { SessionPolicy } from './policy.ts';
import { watchLateChanges } from './respond.ts';
import { misuse, notLoaded, unreadable } from './session-error.ts';
import { emptySession, fillSession, reservedKey, SessionObject } from './session-object.ts';
import type { SessionControl } from './session-object.ts';
import type { LoginOptions, RegenerateOptions } from './session-type.ts';
import { identityOf, newIdentity, openState } from './state.ts';
import type { Found, SessionState } from './state.ts';
import type { CookieValues, RejectionReason, SessionRecord, StrategyContext } from './strategy.ts';
import { isThenable } from './thenable.ts';

/** A session that could not be read is not an empty one: to store it would log its owner out. */
const unread: Found = { kind: 'degraded' };

/** The session of one request, from the first look at `req.session` to the head of the response. */
export class RequestSession implements StrategyContext, SessionControl {
  readonly policy: SessionPolicy;
  readonly req: IncomingMessage;
  readonly res: ServerResponse | undefined;
  held: unknown = undefined;
  cookies: CookieValues = noCookies;
  state: SessionState | undefined = undefined;
  #reading: Found | Promise<Found> | undefined = undefined;
  /** What the session is opened with; nothing until it has been read or could not be. */
  #found: Found | undefined = undefined;
  /** What happened to sessions after this moment happened meanwhile. */
  began: number;

  constructor(
    policy: SessionPolicy,
    exchange: { readonly req: IncomingMessage; readonly res?: ServerResponse | undefined },
  ) {
    this.policy = policy;
    this.req = exchange.req;
    this.res = exchange.res;
    this.began = policy.fates.moment;
  }

  get cookieName(): string {
    return this.policy.cookieName;
  }

  now(): number {
    return this.policy.now();
  }

  /** Reads the session, once for all who ask. What failed is tried again when somebody asks again. */
  load(): Found | Promise<Found> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  open(): SessionState {
    if (this.state !== undefined) return this.state;
    const state = openState(this.policy, this, this.#found ?? this.#readNow());
    this.state = state;
    if (this.res?.headersSent === true) watchLateChanges(this, state, this.res);
    return state;
  }

  /** With `touch: 'always'` a session is renewed although nobody looked at it. */
  isRenewedUnseen(): boolean {
    const { touch, cookieName } = this.policy;
    return touch === 'always' && this.req.headers.cookie?.includes(cookieName) === true;
  }

  /** What `req.session = value` does. */
  assign(value: unknown): void {
    const state = this.open();
    if (value === state.view) return;
    if (value === null || value === undefined) {
      this.#end(state);
      return;
    }
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw misuse(
        'ERR_PORTCULLIS_SESSION_VALUE',
        'req.session can only be set to an object, or to null to end the session',
      );
    }
    const view = new SessionObject(this);
    const [reserved] = fillSession(view, value);
    if (reserved !== undefined) throw reservedKey(reserved);
    state.view = view;
  }

  get id(): string {
    return this.open().identity.id;
  }

  get isNew(): boolean {
    return this.open().isNew;
  }

  get rejected(): RejectionReason | undefined {
    return this.open().rejected;
  }

  async save(): Promise<void> {
    this.open();
    if (this.res?.headersSent === true && !this.policy.strategy.late) {
      throw misuse(
        'ERR_PORTCULLIS_SESSION_HEAD_SENT',
        'The head of the response has left, so the session can no longer be put into its cookie; save before the first write',
      );
    }
    await commitSession(this);
  }

  async reload(): Promise<void> {
    const state = this.open();
    const { stored } = state;
    const { strategy } = this.policy;
    if (stored === undefined || strategy.reload === undefined) {
      this.#restore(state, stored);
      return;
    }
    const loaded = await strategy.reload(this, stored);
    if (loaded.kind !== 'session') {
      throw misuse(
        'ERR_PORTCULLIS_SESSION_GONE',
        'The session does not exist any more, so it cannot be read again',
      );
    }
    this.#restore(state, loaded.record);
  }

  touch(): void {
    this.open().reissue = true;
  }

  async regenerate({ keep = false, grace = 0 }: RegenerateOptions): Promise<SessionObject> {
    const state = this.open();
    const kept = dataToKeep(state, keep);
    if (keep === true) {
      state.identity = { ...state.identity, id: this.#newId(), renewedAt: this.now() };
    } else {
      state.identity = newIdentity(this.policy, this);
    }
    return this.#rotate(state, kept, grace);
  }

  async login(userId: string, { keep = false, remember }: LoginOptions): Promise<SessionObject> {
    const state = this.open();
    const generation = await this.policy.strategy.generation?.(userId);
    const { flash } = state.identity;
    const identity = newIdentity(this.policy, this);
    const authenticatedAt = identity.createdAt;
    const transient = remember === false ? true : undefined;
    state.identity = { ...identity, userId, authenticatedAt, generation, transient, flash };
    return this.#rotate(state, dataToKeep(state, keep), 0);
  }

  async logout(): Promise<SessionObject> {
    const state = this.open();
    this.#end(state);
    const view = new SessionObject(this);
    state.view = view;
    return view;
  }

  async destroy(): Promise<void> {
    this.#end(this.open());
    await commitSession(this);
  }

  async update(apply: (data: SessionObject) => void): Promise<void> {
    const state = this.open();
    const { strategy } = this.policy;
    if (strategy.update !== undefined && state.stored !== undefined) await this.save();
    const stored = state.stored as SessionRecord | undefined; // saving ends a session that was emptied
    if (strategy.update === undefined || stored === undefined) {
      if (state.view !== null) applyUpdate(apply, state.view);
      await this.save();
      return;
    }
    const record = await strategy.update(this, stored, (data) => {
      applyUpdate(apply, data as unknown as SessionObject); // data is all that apply may use
    });
    this.#restore(state, record);
  }

  addFlash(kind: string, message: unknown): void {
    const state = this.open();
    const waiting = messagesOf(state, kind) ?? [];
    state.identity.flash = { ...state.identity.flash, [kind]: [...waiting, message] };
  }

  takeFlash(kind: string): unknown[] {
    const state = this.open();
    const taken = messagesOf(state, kind);
    if (taken === undefined) return [];
    const { [kind]: _, ...rest } = { ...state.identity.flash };
    state.identity.flash = Object.keys(rest).length === 0 ? undefined : rest;
    return [...taken];
  }

  #read(): Found | Promise<Found> {
    try {
      const found = findSession(this);
      if (!isThenable(found)) return this.#keep(found);
      return found.then(
        (later) => this.#keep(later),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  #keep(found: Found): Found {
    // Only a session that could not be read before has a state now, and holds nothing.
    this.state = undefined;
    this.#found = found;
    return found;
  }

  #failed(error: unknown): never {
    this.#reading = undefined;
    this.#found = unread;
    throw unreadable(error);
  }

  #readNow(): Found {
    const { lazy, property, strategy } = this.policy;
    if (lazy || strategy.eager) throw notLoaded(property);
    const found = this.load();
    if (!isThenable(found)) return found;
    found.catch(() => undefined);
    throw misuse(
      'ERR_PORTCULLIS_SESSION_STRATEGY',
      `The session strategy ${strategy.name} is not eager, so read() must answer at once, without a promise`,
    );
  }

  #newId(): string {
    return this.policy.strategy.newId(this);
  }

  /** The old object stays readable, because Passport copies from it after `regenerate`. */
  #rotate(state: SessionState, data: object, grace: number): SessionObject {
    const view = new SessionObject(this);
    fillSession(view, data);
    state.view = view;
    state.grace = grace;
    return view;
  }

  #end(state: SessionState): void {
    state.doomed ??= { record: state.stored };
    state.stored = undefined;
    state.identity = newIdentity(this.policy, this);
    state.view = null;
  }

  #restore(state: SessionState, record: SessionRecord | undefined): void {
    const view = state.view ?? new SessionObject(this);
    emptySession(view);
    // From the text, because the application has changed the objects that were read first.
    if (record !== undefined) fillSession(view, JSON.parse(record.text) as object);
    state.view = view;
    state.stored = record;
    if (record === undefined) return;
    state.identity = identityOf(record);
  }
}

/** Own keys only, because a kind may be called `constructor`. */
function messagesOf({ identity }: SessionState, kind: string): readonly unknown[] | undefined {
  const { flash } = identity;
  return flash !== undefined && Object.hasOwn(flash, kind) ? flash[kind] : undefined;
}

function dataToKeep(state: SessionState, keep: boolean | readonly string[]): object {
  if (state.view === null || keep === false) return {};
  const entries = Object.entries(state.view);
  if (keep === true) return Object.fromEntries(entries);
  return Object.fromEntries(entries.filter(([key]) => keep.includes(key)));
}
