import { isReserved, reservedNames } from './data/reserved.ts';
import { misuse } from './session-error.ts';
import type { LoginOptions, RegenerateOptions, SessionCallback } from './session-type.ts';
import type { RejectionReason } from './strategy.ts';

/** What the methods of a session do; there is one per request, however often `req.session` is replaced. */
export interface SessionControl {
  readonly id: string;
  readonly isNew: boolean;
  readonly rejected: RejectionReason | undefined;
  save(): Promise<void>;
  reload(): Promise<void>;
  touch(): void;
  regenerate(options: RegenerateOptions): Promise<SessionObject>;
  destroy(): Promise<void>;
  update(apply: (data: SessionObject) => void): Promise<void>;
  login(userId: string, options: LoginOptions): Promise<SessionObject>;
  logout(): Promise<SessionObject>;
  addFlash(kind: string, message: unknown): void;
  takeFlash(kind: string): unknown[];
}

/**
 * `req.session`. Data are its own enumerable properties, so `Object.keys`, spread, `in` and `JSON.stringify` see them and nothing
 * else; the methods sit on the prototype, and what they work on is private.
 */
export class SessionObject {
  readonly #control: SessionControl;

  constructor(control: SessionControl) {
    this.#control = control;
  }

  get id(): string {
    return this.#control.id;
  }

  get isNew(): boolean {
    return this.#control.isNew;
  }

  get rejected(): RejectionReason | undefined {
    return this.#control.rejected;
  }

  save(callback?: SessionCallback): unknown {
    return answer(this, this.#control.save(), callback);
  }

  reload(callback?: SessionCallback): unknown {
    return answer(this, this.#control.reload(), callback);
  }

  touch(): this {
    this.#control.touch();
    return this;
  }

  regenerate(first?: RegenerateOptions | SessionCallback, second?: SessionCallback): unknown {
    const [options, callback] = typeof first === 'function' ? [{}, first] : [first ?? {}, second];
    return answer(this, this.#control.regenerate(options), callback);
  }

  destroy(callback?: SessionCallback): unknown {
    return answer(this, this.#control.destroy(), callback);
  }

  update(apply: (data: SessionObject) => void): unknown {
    return answer(this, this.#control.update(apply), undefined);
  }

  login(userId: string | number, options: LoginOptions = {}): unknown {
    const known = typeof userId === 'number' ? String(userId) : userId;
    if (typeof known !== 'string' || known === '') {
      throw misuse(
        'ERR_PORTCULLIS_SESSION_USER_ID',
        'session.login() takes the id of a user: a number, or text that is not empty',
      );
    }
    return answer(this, this.#control.login(known, options), undefined);
  }

  logout(): unknown {
    return answer(this, this.#control.logout(), undefined);
  }

  flash(kind: string, ...message: readonly unknown[]): unknown {
    if (message.length === 0) return this.#control.takeFlash(kind);
    this.#control.addFlash(kind, message[0]);
    return undefined;
  }
}

// Accessors instead of plain methods, because assigning to a method's name would shadow it without a word.
const members = Object.getOwnPropertyDescriptors(SessionObject.prototype);
for (const name of reservedNames) {
  const { value, ...own }: PropertyDescriptor = members[name];
  const method: unknown = value;
  Object.defineProperty(SessionObject.prototype, name, {
    ...(method === undefined ? own : { get: () => method }),
    set() {
      throw reservedKey(name);
    },
  });
}
// With Object.prototype's own setter, `req.session[name] = value` of a careless program would swap the methods for the visitor's data.
Object.defineProperty(SessionObject.prototype, '__proto__', {
  get(this: SessionObject): unknown {
    return Object.getPrototypeOf(this);
  },
  set() {
    throw reservedKey('__proto__');
  },
});
// And `req.session[first][second] = value` would write into the sessions of all visitors.
Object.seal(SessionObject.prototype);

const none: readonly string[] = Object.freeze([]);

/** Fills a session with data. Answers the keys it left out because they are ours: records of other programs may hold some. */
export function fillSession(session: SessionObject, data: object): readonly string[] {
  let skipped = none;
  const target = session as unknown as Record<string, unknown>; // its own keys are data
  const source = data as Readonly<Record<string, unknown>>; // only its own keys are read
  for (const key of Object.keys(source)) {
    if (isReserved(key)) skipped = [...skipped, key];
    else target[key] = source[key];
  }
  return skipped;
}

export function emptySession(session: SessionObject): void {
  for (const key of Object.keys(session)) Reflect.deleteProperty(session, key);
}

export function reservedKey(name: string): Error {
  return misuse(
    'ERR_PORTCULLIS_SESSION_RESERVED_KEY',
    `session.${name} belongs to the session itself and cannot hold data; use another name`,
  );
}

/** A promise nobody awaits must not end the process: the request still fails, because the commit before the head tries again. */
function answer(
  session: SessionObject,
  work: Promise<unknown>,
  callback: SessionCallback | undefined,
): unknown {
  if (callback === undefined) {
    work.catch(() => undefined);
    return work;
  }
  // Out of the promise, so that what the callback throws is not taken for a failure of the session.
  const report = (error?: unknown): void => process.nextTick(callback, error);
  work.then(() => report(), report);
  return session;
}
