import { channel } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { formatHost, type Host, type HostFault } from '@portcullis/core/http';

/** Why a request was refused: a fault of its host, a host that is not listed, or no https where it is demanded. */
export type RejectionReason = HostFault | 'not-allowed' | 'insecure';

/** Published on the channel `portcullis:https-redirect:rejected`. Only words and checked names, nothing raw. */
export interface Rejection {
  readonly reason: RejectionReason;
  readonly status: number;
  /** The entry that would allow this host, to paste into `allowedHosts`; only for `not-allowed`. */
  readonly entry: string | undefined;
}

const rejected = channel('portcullis:https-redirect:rejected');

export function reject(res: ServerResponse, reason: RejectionReason, host?: Host): void {
  const status = reason === 'insecure' ? 403 : 400;
  if (rejected.hasSubscribers) {
    const entry = host === undefined ? undefined : formatHost({ ...host, port: undefined });
    rejected.publish({ reason, status, entry } satisfies Rejection);
  }
  const body = reason === 'insecure' ? 'HTTPS required' : 'Invalid host header';
  res
    .writeHead(status, [
      'Content-Type',
      'text/plain; charset=utf-8',
      'Content-Length',
      String(body.length),
    ])
    .end(body);
}
