import type { IncomingMessage } from 'node:http';
import { peerAddress, walkClient } from './hops.ts';
import { resolveTrust, type RequestTrust } from './request-trust.ts';

/** The client's IP address without port, seen through the proxies that are trusted. */
export function clientAddress(req: IncomingMessage, given?: RequestTrust): string | undefined {
  const trust = resolveTrust(req, given);
  return trust === undefined ? peerAddress(req) : walkClient(req, trust, given);
}
