import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Codec } from './codec.ts';
import type { Settings } from './settings.ts';

/** The codecs that fit one client. */
export interface Choice {
  /** For whole bodies, and for pieces of a body whose length is announced. */
  readonly best: Codec;
  /** For bodies without an announced end. */
  readonly open: Codec;
  /** The client refuses the plain form, so even small bodies are coded. */
  readonly required: boolean;
}

/** One request, and what was found out about it before the application ran. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Of the middleware nearest to the handler, when several are mounted. */
  settings: Settings;
  /** `undefined`: the client gets the plain form. */
  choice: Choice | undefined;
  /** If-None-Match as the client sent it, before `etag: 'suffix'` rewrote it. */
  readonly ifNoneMatch: string | undefined;
  /** The body transformation is in place. */
  registered: boolean;
}
