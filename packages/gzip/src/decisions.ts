import { channel } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Encoding } from './encoding.ts';

/**
 * Why a response was compressed, or was not.
 * - `compressed`, `cached`, `streamed`: sent coded; as a whole, from the variant cache, in pieces
 * - `head`: a HEAD answer with the head of a coded GET; `head-unknown`: its GET cannot be foreseen
 * - `identity`: the client takes no coding, or likes the plain form better
 * - `unacceptable`: the client refuses every form
 * - `no-body`: the status has no content; `no-type`: no Content-Type; `filtered`: by its type, by
 *   `excludeContentTypes` or by `filter`
 * - `encoded`: already coded; `opt-out`: `Content-Encoding: identity` from the application
 * - `no-transform`: said in Cache-Control; `range`: a part of something; `transfer-encoding`: other
 *   than chunked; `digest`: a digest or signature covers the plain bytes
 * - `small`: below `minimumSize`; `not-smaller`: compression gained less than 3 %
 * - `cross-site`: refused by `breach.crossSite`
 * - `overload`: too much work waits already; `error`: the codec failed; `aborted`: the client left
 */
export type GzipReason =
  | 'compressed'
  | 'cached'
  | 'streamed'
  | 'head'
  | 'head-unknown'
  | 'identity'
  | 'unacceptable'
  | 'no-body'
  | 'no-type'
  | 'filtered'
  | 'encoded'
  | 'opt-out'
  | 'no-transform'
  | 'range'
  | 'transfer-encoding'
  | 'digest'
  | 'small'
  | 'not-smaller'
  | 'cross-site'
  | 'overload'
  | 'error'
  | 'aborted';

/** What the channel `portcullis:gzip:decision` carries, once per response. */
export interface GzipDecision {
  readonly reason: GzipReason;
  readonly method: string | undefined;
  readonly status: number;
  readonly contentType: string | undefined;
  /** The coding of the answer, if any. */
  readonly encoding: Encoding | undefined;
  /** Length of the body before and after, where they are known at that time. */
  readonly bytes: number | undefined;
  readonly encodedBytes: number | undefined;
}

/** What the response does not tell of a decision. */
export interface Outcome {
  readonly encoding?: Encoding | undefined;
  readonly bytes?: number | undefined;
  readonly encodedBytes?: number | undefined;
}

const decisions = channel('portcullis:gzip:decision');

/** Whether anybody wants to know: asked first where the outcome would have to be put together. */
export function isWatched(): boolean {
  return decisions.hasSubscribers;
}

/** Publishes a decision; costs a property read while nobody subscribes. */
export function reportDecision(res: ServerResponse, reason: GzipReason, outcome?: Outcome): void {
  if (!decisions.hasSubscribers) return;
  const contentType = res.getHeader('Content-Type');
  const decision: GzipDecision = {
    reason,
    method: res.req.method,
    status: res.statusCode,
    contentType: contentType === undefined ? undefined : String(contentType),
    encoding: outcome?.encoding,
    bytes: outcome?.bytes,
    encodedBytes: outcome?.encodedBytes,
  };
  decisions.publish(decision);
}
