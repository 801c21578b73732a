import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import { type Done, editHead, onDone, onHead } from '../response.ts';
import { describeGot } from '../options/got.ts';
import type { Middleware } from '../types.ts';
import { FunctionCall } from './function-call.ts';
import type { Head } from './head.ts';
import { createNotices, type Notices } from './notices.ts';
import { sendWebResponse } from './web-response.ts';

/** What a function middleware is given of its request. */
export interface Context<State extends object = Record<string, unknown>> {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Shared by all function middleware of this request. */
  readonly state: State;
  /** Sends a web `Response`. Returning it from the function does the same. */
  respond(response: Response): Promise<void>;
  /** Runs `hook` when the head is written, with status and headers still open; inner hooks first. */
  onHead(hook: (res: ServerResponse) => void): void;
  /** Runs `listener` when the response is over. */
  onDone(listener: (done: Done) => void): void;
  /** @throws `ERR_HTTP_HEADERS_SENT` once the head is out. */
  setHeader(name: string, value: OutgoingHttpHeader): void;
}

/** Hands the request on to the rest of the application, once. */
export interface CallNext {
  /** Waits until the response is over, finished or aborted; its head is out by then. */
  (): Promise<Done>;
  /** Waits until the head is about to be sent; it is held until the function returns. */
  (options: { readonly until: 'head' }): Promise<Head>;
}

/** A middleware in the manner of an onion: code before `callNext()`, code after it. */
export type MiddlewareFunction<State extends object = Record<string, unknown>> = (
  ctx: Context<State>,
  callNext: CallNext,
) => unknown;

/** Options of {@link functionMiddleware}. */
export interface FunctionMiddlewareOptions {
  /** For messages. Default: the name of the function. */
  readonly name?: string | undefined;
  /** Warns of a request that is neither handed on nor answered after 5 seconds. Default false. */
  readonly debug?: boolean | undefined;
}

const SILENCE = 5000;

// Through the registry, because two copies of this package may meet on one request.
const STATE: unique symbol = Symbol.for('portcullis.state');

interface StatefulRequest extends IncomingMessage {
  [STATE]?: object;
}

/**
 * Makes a middleware of a function `(ctx, callNext)`.
 *
 * `await callNext()` means what it says: the response is over, and so are all functions further in.
 * To change the answer on its way out, use `ctx.onHead()` or `await callNext({ until: 'head' })`.
 *
 * What the function throws before `callNext()` goes to `next(error)`; while it holds the head, the
 * answer is discarded first. Later there is no answer left to fail: it is warned of once
 * (`ERR_PORTCULLIS_CORE_LATE_ERROR`), and half-sent bodies are destroyed. An error of the rest of
 * the application goes forward to its error handlers, as everywhere in Connect, and is not thrown
 * here; `done.error` has it when it came from a function middleware.
 *
 * @throws TypeError when `fn` is no function, or one of more than two parameters.
 */
export function functionMiddleware<State extends object = Record<string, unknown>>(
  fn: MiddlewareFunction<State>,
  options: FunctionMiddlewareOptions = {},
): Middleware {
  refuseOther(fn);
  const name = options.name ?? (fn.name === '' ? 'an anonymous function' : fn.name);
  const setup = { name, notices: createNotices() };

  function middleware(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) {
    const call = new FunctionCall(setup, { req, res, next });
    if (options.debug === true) watch(call, req, setup);
    void run(call, () => fn(createContext(call, req, res), createCallNext(call)));
  }
  return Object.defineProperty(middleware, 'name', { value: name });
}

function refuseOther(fn: unknown): void {
  if (typeof fn !== 'function') {
    throw new TypeError(
      `functionMiddleware() takes a function (ctx, callNext), got ${describeGot(fn)}`,
    );
  }
  if (fn.length > 2) {
    const got = `${describeGot(fn)} of ${String(fn.length)} parameters`;
    throw new TypeError(
      `functionMiddleware() takes a function (ctx, callNext), got ${got}; mount (req, res, next) as it is`,
    );
  }
}

async function run(call: FunctionCall, fn: () => unknown): Promise<void> {
  let value: unknown;
  try {
    value = await fn();
  } catch (error) {
    call.fail(error);
    return;
  }
  await call.finish(value);
}

function createCallNext(call: FunctionCall): CallNext {
  // The overloads say what the one argument decides.
  return ((options?: { readonly until: 'head' }) => call.callNext(options?.until)) as CallNext;
}

function createContext<State extends object>(
  call: FunctionCall,
  req: StatefulRequest,
  res: ServerResponse,
): Context<State> {
  return {
    req,
    res,
    get state(): State {
      const state = req[STATE] ?? {};
      req[STATE] = state;
      // The caller says what its functions keep there.
      return state as State;
    },
    respond: (response) => sendWebResponse(req, res, response),
    onHead(hook) {
      if (!onHead(res, hook)) throw call.tooLate('the head');
    },
    onDone: (listener) => onDone(res, listener),
    setHeader(name, value) {
      const set = editHead(res, (open) => open.setHeader(name, value));
      if (!set) throw call.tooLate(`"${name}"`);
    },
  };
}

/** Warns of a request that nobody will answer. */
function watch(call: FunctionCall, req: IncomingMessage, { name, notices }: Watched): void {
  const timer = setTimeout(() => {
    if (!call.idle) return;
    // Without the query, which may hold what must not be in a log.
    const path = String(req.url).replace(/\?.*$/s, '');
    notices.once(
      'ERR_PORTCULLIS_CORE_NO_ANSWER',
      `"${name}" has neither called callNext() nor answered ${String(req.method)} ${path} for 5 s`,
    );
  }, SILENCE);
  timer.unref();
}

interface Watched {
  readonly name: string;
  readonly notices: Notices;
}
