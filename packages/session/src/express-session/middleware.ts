import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Middleware, Next } from '@portcullis/core';
import { appendVary } from '@portcullis/core/http';
import { editHead, holdHead, isEnding, onDone } from '@portcullis/core/response';
import { privateCaching } from '../cookie/cache-control.ts';
import { replaceCookies } from '../cookie/set-cookie.ts';
import { pending } from '../store/awaitable.ts';
import type { CookieOptions } from './cookie.ts';
import { type CookieFate, Exchange } from './exchange.ts';
import { resolveSettings, type SessionOptions, type Settings } from './options.ts';
import { pathMatches, requestPath } from './path-match.ts';
import { serializeCookie } from './serialize-cookie.ts';
import { attachExchange, exchangeOf, type SessionRequest } from './session-request.ts';
import { type SignedCookies, signedCookies, toKey } from './signed-cookie.ts';
import { createTouchThrottle } from './touch-throttle.ts';

/** Makes the middleware; the options and what they mean are those of express-session 1.19. */
export function expressSession(options?: SessionOptions | null): Middleware {
  const settings = resolveSettings(options ?? {});
  const throttle = createTouchThrottle();
  const isConnected = watchConnection(settings);
  const [newest] = settings.keys;
  const ownCookies = newest === undefined ? undefined : signedCookies(newest, settings.keys);
  installGenerate(settings, (req) => {
    new Exchange(req, settings, {
      cookieId: undefined,
      cookieOptions: cookieOptionsFor(settings, req),
      throttle,
    }).generate();
  });

  return function sessionMiddleware(request, res, next) {
    // The opt-in types of the main entry claim `session` on every request, with another meaning.
    const req = request as unknown as SessionRequest;
    if (req.session || !isConnected()) return next();
    const cookieOptions = cookieOptionsFor(settings, req);
    if (!pathMatches(requestPath(req), cookieOptions.path || '/')) return next();
    const cookies = ownCookies ?? cookiesOfParser(req);
    if (cookies === undefined) return next(new Error('secret option required for sessions'));

    const cookieId = cookies.idOf(req, settings.name);
    req.sessionStore = settings.store;
    req.sessionID = cookieId;
    const exchange = new Exchange(req, settings, { cookieId, cookieOptions, throttle });
    attachExchange(req, exchange);
    const proceed = (): void => {
      holdUntilCommitted({ exchange, req, settings, cookies }, res, next);
      next();
    };
    openThen(exchange, proceed, next);
  };
}

/** Everything that the end of a request needs. */
interface Ending {
  readonly exchange: Exchange;
  readonly req: SessionRequest;
  readonly settings: Settings;
  readonly cookies: SignedCookies;
}

function openThen(exchange: Exchange, proceed: () => void, next: Next): void {
  let opened: Promise<void> | undefined;
  try {
    opened = pending(exchange.open());
  } catch (error) {
    next(error);
    return;
  }
  if (opened === undefined) proceed();
  // In a tick of its own, because an exception of the app is no failure of the store.
  else
    opened.then(
      () => process.nextTick(proceed),
      (error: unknown) => process.nextTick(next, error),
    );
}

function holdUntilCommitted(ending: Ending, res: ServerResponse, next: Next): void {
  // Code for WebSocket handshakes passes an object that is no response at all.
  if (typeof res?.writeHead !== 'function' || typeof res.setHeader !== 'function') return;
  const { exchange, settings } = ending;
  const finish = (fate: CookieFate, streams: boolean): void => {
    try {
      setCookie(ending, res, fate);
    } catch (error) {
      if (!settings.answersRegardless) throw error;
      exchange.fault = error;
    }
    if (streams) watchLateChanges(ending, res, next);
  };
  if (settings.answersRegardless) {
    // Not earlier, because the error handler of Express cuts off a response that has begun.
    onDone(res, () => {
      if (exchange.fault) next(exchange.fault);
    });
  }
  holdHead(
    res,
    () => {
      // Asked before anything is awaited: of `res.write(a); change(); res.end(b)` the change comes before the end.
      const streams = !isEnding(res);
      const committed = exchange.commit();
      const promise = pending(committed);
      if (promise === undefined) return finish(committed as CookieFate, streams); // it is there already
      return promise.then((fate) => {
        editHead(res, () => finish(fate, streams));
      });
    },
    next,
  );
}

function setCookie(ending: Ending, res: ServerResponse, fate: CookieFate): void {
  if (fate === 'keep') return;
  const { req, settings, cookies, exchange } = ending;
  const { name } = settings;
  const line =
    fate === 'set' && req.session
      ? serializeCookie(name, cookies.sign(req.session.id), req.session.cookie.data)
      : serializeCookie(name, '', { ...exchange.newCookie().data, expires: new Date(0) });
  res.setHeader('Set-Cookie', replaceCookies(res.getHeader('Set-Cookie'), [line]));
  appendVary(res, 'Cookie');
  const present = res.getHeader('Cache-Control');
  const caching = privateCaching(present === undefined ? undefined : String(present));
  if (caching !== undefined) res.setHeader('Cache-Control', caching.value);
}

/** A body may go on for hours after its head, and the handler may change the session until it ends. */
function watchLateChanges({ exchange, settings }: Ending, res: ServerResponse, next: Next): void {
  onDone(res, () => {
    exchange.commitLate().catch((error: unknown) => {
      if (settings.answersRegardless) return process.nextTick(next, error);
      settings.notices.once(
        'ERR_PORTCULLIS_SESSION_LATE_COMMIT',
        `A session that was changed after the head of the response had left could not be stored: ${String(error)}`,
      );
    });
  });
}

function cookieOptionsFor(settings: Settings, req: SessionRequest): CookieOptions {
  return typeof settings.cookie === 'function' ? settings.cookie(req) : settings.cookie;
}

/** Without the option, the secret that cookie-parser was given. */
function cookiesOfParser(req: SessionRequest): SignedCookies | undefined {
  if (!req.secret) return undefined;
  const key = toKey(req.secret);
  return signedCookies(key, [key]);
}

/** Stores say when they lose their connection; until it is back, requests go on without a session. */
function watchConnection(settings: Settings): () => boolean {
  let connected = true;
  const store = settings.store as Partial<EventEmitter>;
  if (typeof store.on === 'function') {
    store.on('disconnect', () => {
      connected = false;
    });
    store.on('connect', () => {
      connected = true;
    });
  }
  return () => connected;
}

/**
 * Stores make new sessions through `generate`. Two middlewares may share one, so it asks the request which of them it belongs to,
 * and only a request of neither gets the options of the last.
 */
function installGenerate(settings: Settings, generate: (req: SessionRequest) => void): void {
  const store = settings.store as { generate?: (req: SessionRequest) => void };
  store.generate = (req) => {
    const exchange = exchangeOf(req);
    if (exchange === undefined) generate(req);
    else exchange.generate();
  };
}
