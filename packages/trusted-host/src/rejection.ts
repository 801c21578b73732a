import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Next } from '@portcullis/core';
import { formatHost, type Host, type HostFault, type RawHost } from '@portcullis/core/http';
import type { ResolvedTrustedHostOptions } from './options.ts';

/** Why a request was refused: a fault of the host itself, or `not-allowed`. */
export type RejectionReason = HostFault | 'not-allowed';

/** What is known of a refused request. Holds nothing that a client can forge into a log: only words and checked names. */
export interface Rejection {
  readonly reason: RejectionReason;
  readonly status: number;
  /** The entry that would allow this host, to paste into `allowedHosts`; only for `not-allowed`. */
  readonly entry: string | undefined;
}

const rejected = channel('portcullis:trusted-host:rejected');

/** A request under way. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly next: Next;
  readonly raw: RawHost;
}

export interface Refusal {
  readonly reason: RejectionReason;
  readonly host: Host | undefined;
}

export function reject(
  exchange: Exchange,
  refusal: Refusal,
  options: ResolvedTrustedHostOptions,
): void {
  const rejection = describe(refusal, options.status);
  if (rejected.hasSubscribers) rejected.publish(rejection);
  if (options.onReject === undefined) answer(exchange.res, rejection.status);
  else callBack(options.onReject, exchange, rejection);
}

function describe({ reason, host }: Refusal, status: number): Rejection {
  return {
    reason,
    status: reason === 'not-allowed' ? status : 400,
    // Without the port: that is what people mean by "allow this host".
    entry: host === undefined ? undefined : formatHost({ ...host, port: undefined }),
  };
}

const body = 'Invalid host header';
const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', '19'];

function answer(res: ServerResponse, status: number): void {
  res.writeHead(status, headers).end(body);
}

/** What `onReject` throws, or rejects with, goes where errors go: a bad request must not end the process. */
function callBack(
  onReject: NonNullable<ResolvedTrustedHostOptions['onReject']>,
  { req, res, next }: Exchange,
  rejection: Rejection,
): void {
  try {
    const answered = onReject(req, res, next, rejection);
    if (answered instanceof Promise) void passOn(answered, next);
  } catch (error) {
    next(error);
  }
}

async function passOn(answered: Promise<unknown>, next: Next): Promise<void> {
  try {
    await answered;
  } catch (error) {
    next(error);
  }
}
