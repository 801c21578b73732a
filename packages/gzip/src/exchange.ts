import type { ServerResponse } from 'node:http';
import type { Codec } from './codec.ts';
import type { GzipReason } from './decisions.ts';
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

/** What was found out about a request before the application ran, beside its response. */
export interface Exchange {
  readonly res: ServerResponse;
  /** Of the middleware nearest to the handler, when several are mounted. */
  settings: Settings;
  /** `undefined`: the client gets the plain form, for `plainReason`. */
  choice: Choice | undefined;
  plainReason: GzipReason;
  /** If-None-Match as the client sent it, before `etag: 'suffix'` rewrote it. */
  readonly ifNoneMatch: string | undefined;
}
