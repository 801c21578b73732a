import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Done, holdHead } from '../response.ts';
import type { Next } from '../types.ts';
import { describeGot } from '../options/got.ts';
import { createDeferred, type Deferred } from './deferred.ts';
import { asFailure, reportLate } from './failure.ts';
import { createHead, type Head } from './head.ts';
import type { Notices } from './notices.ts';
import { type Unwinding, unwindingOf } from './unwinding.ts';
import { isWebResponse, sendWebResponse } from './web-response.ts';

/** What all calls of one function middleware share. */
export interface FunctionSetup {
  readonly name: string;
  readonly notices: Notices;
}

/** One request in the hands of a function middleware, from its call to its return. */
export class FunctionCall {
  readonly #setup: FunctionSetup;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #next: Next;
  readonly #unwinding: Unwinding;
  readonly #over: Deferred<Done> = createDeferred();
  readonly #returned: Deferred<void> = createDeferred();
  /** While the function holds the head: lets it go. */
  #release: Deferred<void> | undefined;
  /** Why the function waits for a head that will not come; no news when it fails with it. */
  #noHead: Error | undefined;
  #called = false;

  constructor(
    setup: FunctionSetup,
    { req, res, next }: { req: IncomingMessage; res: ServerResponse; next: Next },
  ) {
    this.#setup = setup;
    this.#req = req;
    this.#res = res;
    this.#next = next;
    this.#unwinding = unwindingOf(res);
  }

  /** Whether the request is neither handed on nor answered. */
  get idle(): boolean {
    return !this.#called && !this.#res.headersSent && this.#unwinding.done === undefined;
  }

  callNext(until: 'head' | undefined): Promise<Done | Head> {
    // A misspelt word would silently wait for the end.
    if (until !== undefined && until !== 'head') {
      throw new TypeError(`callNext() can wait until 'head', got ${describeGot(until)}`);
    }
    if (this.#called) return this.#calledTwice();
    this.#called = true;
    const { done, frames } = this.#unwinding;
    frames.push({ over: this.#over.resolve, returned: this.#returned.promise });
    if (done !== undefined) this.#over.resolve(done);
    const result = until === 'head' ? this.#hold() : this.#over.promise;
    // Within the call, so that what the function set up around it (AsyncLocalStorage) is there.
    this.#next();
    return result;
  }

  /** The function returned. */
  async finish(value: unknown): Promise<void> {
    try {
      if (isWebResponse(value)) await this.#answer(value);
      this.#letGo();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#returned.resolve();
    }
  }

  /** The function threw or rejected. */
  fail(thrown: unknown): void {
    this.#fail(thrown);
    this.#returned.resolve();
  }

  /** The error for a change of the head that comes too late. */
  tooLate(what: string): Error {
    const { name } = this.#setup;
    const advice =
      "use ctx.onHead() before callNext(), or await callNext({ until: 'head' }) instead of callNext()";
    const error = new Error(`"${name}" cannot change ${what}: the head is out; ${advice}`);
    return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' });
  }

  #calledTwice(): Promise<never> {
    const { name, notices } = this.#setup;
    const error = new Error(`callNext() was called twice in "${name}"`);
    notices.once('ERR_PORTCULLIS_CORE_CALLED_TWICE', error.message);
    const rejected = Promise.reject(error);
    // Whoever does not wait for it must not end the process.
    rejected.catch(() => undefined);
    return rejected;
  }

  #hold(): Promise<Head> {
    const head = createDeferred<Head>();
    const release = createDeferred<void>();
    this.#release = release;
    const send = (): Promise<Done> => {
      this.#letGo();
      return this.#over.promise;
    };
    const gate = (): Promise<void> => {
      head.resolve(createHead(this.#res, (what) => this.tooLate(what), send));
      return release.promise;
    };
    if (!holdHead(this.#res, gate, this.#next)) {
      this.#letGo();
      head.reject(this.tooLate('the head'));
    }
    void this.#over.promise.then(() => {
      this.#noHead = new Error('The response was over before it had a head');
      head.reject(this.#noHead);
    });
    return head.promise;
  }

  #letGo(): void {
    this.#release?.resolve();
    this.#release = undefined;
  }

  async #answer(response: Response): Promise<void> {
    if (this.idle) return sendWebResponse(this.#req, this.#res, response);
    if (this.#called || this.#unwinding.done?.outcome !== 'aborted') {
      const { name, notices } = this.#setup;
      const reason = this.#called ? 'handed the request on' : 'answered';
      const message = `"${name}" returned a Response after it had ${reason}; it was not sent`;
      notices.once('ERR_PORTCULLIS_CORE_RESPONSE_IGNORED', message);
    }
    return response.body?.cancel();
  }

  #fail(thrown: unknown): void {
    const res = this.#res;
    if (thrown !== undefined && thrown === this.#noHead) return;
    if (this.idle) {
      this.#record(thrown);
      return this.#next(asFailure(thrown));
    }
    if (this.#release !== undefined && this.#unwinding.done === undefined) {
      this.#record(thrown);
      // The response discards what it holds, and hands the error on itself.
      return this.#release.reject(asFailure(thrown));
    }
    reportLate(this.#setup.notices, this.#setup.name, thrown);
    const midBody = res.headersSent && !res.writableEnded && this.#unwinding.done === undefined;
    // A body that just stops would read as a whole one; http2 wants an error to say so.
    if (midBody) res.destroy(new Error(`"${this.#setup.name}" failed`, { cause: thrown }));
  }

  #record(thrown: unknown): void {
    this.#unwinding.error ??= thrown;
  }
}
