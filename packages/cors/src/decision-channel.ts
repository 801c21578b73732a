import { channel } from 'node:diagnostics_channel';
import type { PreflightFailure } from './preflight.ts';

/** Published on the diagnostics channel `portcullis:cors:decision` for every request with an Origin. */
export interface CorsDecision {
  readonly kind: 'actual' | 'preflight' | 'handshake' | 'enforce';
  readonly allowed: boolean;
  /** The `Origin` header as it came; undefined when a check failed for want of it. */
  readonly origin: string | undefined;
  /** The entry of `allowOrigins` that allowed the origin. */
  readonly rule: string | undefined;
  readonly method: string | undefined;
  readonly url: string | undefined;
  /** Of a preflight. */
  readonly failures?: readonly PreflightFailure[] | undefined;
}

const decisions = channel('portcullis:cors:decision');

/** Whether anybody listens; asked before a message is made, so that nobody pays for messages that are not read. */
export function isWatched(): boolean {
  return decisions.hasSubscribers;
}

export function publishDecision(decision: CorsDecision): void {
  decisions.publish(decision);
}
