import type { Session, SessionData } from './session-type.ts';

/**
 * Importing this module types `req.session` on every request, with the keys you declare in `SessionData`. It cannot be combined with
 * `@types/express-session`, which claims the same property.
 */
declare module 'http' {
  interface IncomingMessage {
    session: Session<SessionData>;
  }
}
