/**
 * Types `req.session` on every request. Importing it anywhere does so everywhere, therefore it is an entry of its own; it cannot be
 * combined with `@types/express-session`, which claims the same property.
 *
 * @packageDocumentation
 */
import type { Session } from './session-type.ts';

/** What your sessions hold. Empty here: declare your keys in it, with `declare module '@portcullis/session/global'`. */
export interface SessionData {}

declare module 'http' {
  interface IncomingMessage {
    /** `null` after `destroy()` or `req.session = null`, which the type does not say, because every use would have to. */
    session: Session<SessionData>;
  }
}
