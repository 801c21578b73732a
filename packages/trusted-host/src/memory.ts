import type { IncomingMessage } from 'node:http';
import { originalTarget, type CheckedHost, type RawHost } from '@portcullis/core/http';

/** Remembers hosts that were allowed, by the header as sent, so that the usual host costs a look-up. */
export interface Memory {
  recall(req: IncomingMessage, raw: RawHost): CheckedHost | undefined;
  remember(raw: RawHost, host: CheckedHost): void;
}

/** Under a wildcard clients choose the names. Each is at most 262 characters long. */
const maxEntries = 256;

export function createMemory(): Memory {
  const hosts = new Map<string, CheckedHost>();
  // Compared before the look-up, which would have to hash a text that is new with every request.
  let last = '';
  let lastHost: CheckedHost | undefined;
  // A name longer than all that are known needs no look-up, which would read it once more for its hash.
  let longest = 0;
  return {
    recall(req, raw) {
      // A target that is no plain path must be compared with the host; HTTP/2 says `authority` for the source.
      if (typeof raw !== 'string' || raw.length > longest || !isPlain(req)) return undefined;
      if (raw !== last) {
        const known = hosts.get(raw);
        if (known === undefined) return undefined;
        last = raw;
        lastHost = known;
      }
      return lastHost;
    },
    remember(raw, host) {
      if (typeof raw !== 'string' || host.source !== 'host') return;
      if (hosts.size >= maxEntries) hosts.clear();
      longest = Math.max(longest, raw.length);
      hosts.set(raw, Object.freeze(host));
    },
  };
}

function isPlain(req: IncomingMessage): boolean {
  return req.httpVersionMajor === 1 && originalTarget(req).charCodeAt(0) === 47;
}
