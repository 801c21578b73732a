import { createHash } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { RejectionReason } from './strategy.ts';

/** Published on `portcullis:session:rejected` for each request whose session cookie was refused. */
export interface RejectedEvent {
  readonly cookieName: string;
  readonly reason: RejectionReason;
}

/** Published on `portcullis:session:committed` and `portcullis:session:destroyed`. */
export interface StoredEvent {
  readonly cookieName: string;
  /** Eight hex digits of SHA-256 of the id: enough to follow a session, useless to take it over. */
  readonly session: string;
  readonly kind: 'create' | 'update' | 'renew' | 'rotate' | 'destroy';
}

const rejected = channel('portcullis:session:rejected');
const committed = channel('portcullis:session:committed');
const destroyed = channel('portcullis:session:destroyed');

export function publishRejected(event: RejectedEvent): void {
  if (rejected.hasSubscribers) rejected.publish(event);
}

export function publishStored(cookieName: string, id: string, kind: StoredEvent['kind']): void {
  const target = kind === 'destroy' ? destroyed : committed;
  if (!target.hasSubscribers) return;
  const session = createHash('sha256').update(id).digest('hex').slice(0, 8);
  target.publish({ cookieName, session, kind } satisfies StoredEvent);
}
