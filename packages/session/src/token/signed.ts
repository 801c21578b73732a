import { sign, unsign } from 'cookie-signature';
import { expiry } from '../lifetime.ts';
import type { SessionRecord, StrategySetup } from '../strategy.ts';
import { deriveKeys } from './keys.ts';
import type { DerivedKey } from './keys.ts';
import { formatPayload, parsePayload } from './payload.ts';
import { longestToken, parseBase64url } from './token.ts';
import type { TokenFormat } from './token.ts';

/**
 * `1`, then base64url of key id (2) | issued (4) | created (4) | id (8), then base64url of the payload, then `.` and the
 * HMAC-SHA256 of all that. Fixed widths need no separators, and 18 bytes leave no padding.
 */
const version = '1';
const headBytes = 18;
const headLength = 24;
const bodyAt = version.length + headLength;
const issuedAt = 2;
const createdAt = 6;
const idAt = 10;
/** Base64 of 32 bytes without padding. */
const macLength = 43;

/** Signed tokens: anyone who holds one can read it, nobody can change it. */
export function signedTokens(setup: StrategySetup): TokenFormat {
  const keys = deriveKeys(setup.secrets, 'sign-data', setup.cookieName);
  const newest = keys[0] as DerivedKey; // options require one secret
  return {
    idBytes: headBytes - idAt,
    seal: (record) => sign(format(record, newest.kid), newest.key),
    open(token, now) {
      const head = readHead(token);
      if (head === undefined) {
        return { reason: token.length > longestToken ? 'oversize' : 'malformed' };
      }
      const kid = head.readUInt16BE(0);
      const candidates = keys.filter((key) => key.kid === kid);
      if (candidates.length === 0) return { reason: 'unknown-key' };
      const key = candidates.find((candidate) => unsign(token, candidate.key) !== false);
      if (key === undefined) return { reason: 'bad-signature' };
      const times = {
        createdAt: head.readUInt32BE(createdAt),
        issuedAt: head.readUInt32BE(issuedAt),
      };
      const reason = expiry(times, setup.lifetimes, now);
      if (reason !== undefined) return { reason };
      const body = Buffer.from(token.slice(bodyAt, token.lastIndexOf('.')), 'base64url');
      const id = head.toString('base64url', idAt);
      return {
        record: parsePayload(body.toString('utf8'), { id, ...times }),
        newest: key === newest,
      };
    },
  };
}

function format(record: SessionRecord, kid: number): string {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeUInt16BE(kid, 0);
  head.writeUInt32BE(record.issuedAt, issuedAt);
  head.writeUInt32BE(record.createdAt, createdAt);
  head.write(record.id, idAt, headBytes - idAt, 'base64url');
  return `${version}${head.toString('base64url')}${Buffer.from(formatPayload(record)).toString('base64url')}`;
}

function readHead(token: string): Buffer | undefined {
  if (token.length > longestToken || !token.startsWith(version)) return undefined;
  if (token.lastIndexOf('.') !== token.length - macLength - 1) return undefined;
  const head = parseBase64url(token.slice(version.length, bodyAt));
  return head?.length === headBytes ? head : undefined;
}
