import type { IncomingMessage } from 'node:http';
import type { ExpressStore } from '../store/express-store.ts';
import type { Session } from './session.ts';

/** A request as express-session leaves it. Sockets make their own, with no more than an id and a store. */
export interface SessionRequest {
  readonly headers?: IncomingMessage['headers'] | undefined;
  readonly socket?: IncomingMessage['socket'] | undefined;
  readonly url?: string | undefined;
  session?: Session | null | undefined;
  sessionID?: string | undefined;
  sessionStore?: ExpressStore | undefined;
  originalUrl?: string | undefined;
  secure?: boolean | undefined;
  /** From cookie-parser. */
  secret?: string | undefined;
  cookies?: Readonly<Record<string, unknown>> | undefined;
  signedCookies?: Readonly<Record<string, unknown>> | undefined;
}

/** What a session's methods ask of the middleware that made it. */
export interface SessionExchange {
  save(session: Session): Promise<void>;
  reload(session: Session): Promise<void>;
  destroy(session: Session): Promise<void>;
  regenerate(): Promise<void>;
  generate(): void;
}

// Registered, so that two copies of the package, or a request of another realm, agree on it.
const slot = Symbol.for('portcullis:session:express-session');

/** The middleware's state for a request; sockets have none. */
export function exchangeOf(req: object): SessionExchange | undefined {
  return (req as Record<symbol, SessionExchange | undefined>)[slot];
}

/** Attaches the middleware's state to a request. */
export function attachExchange(req: object, exchange: SessionExchange): void {
  (req as Record<symbol, SessionExchange>)[slot] = exchange;
}
