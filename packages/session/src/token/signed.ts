import { sign } from 'cookie-signature';
import { expiry } from '../lifetime.ts';
import type { SessionRecord, StrategySetup } from '../strategy.ts';
import { deriveKeys } from './keys.ts';
import type { DerivedKey } from './keys.ts';
import { macCheck } from './hmac.ts';
import type { MacCheck } from './hmac.ts';
import { formatPayload, parsePayload } from './payload.ts';
import type { TokenHead } from './payload.ts';
import { longestToken } from './token.ts';
import type { OpenedToken, TokenFormat } from './token.ts';
import { createVerifiedMemo, detached } from './verified-memo.ts';

/**
 * `1`, then base64url of key id (2) | issued (4) | created (4) | id (8) | payload, then `.` and the HMAC-SHA256 of all that:
 * what cookie-signature's `sign` makes and its `unsign` accepts.
 * The fixed part is 18 bytes, which base64 turns into 24 characters without a rest.
 */
const version = '1';
const issuedAt = 2;
const createdAt = 6;
const idAt = 10;
const payloadAt = 18;
/** Base64 of 32 bytes without padding. */
const macLength = 43;

interface SigningKey extends DerivedKey {
  readonly isMac: MacCheck;
}

/** What an authentic token says. Text, so that every reader gets objects of its own. */
interface Verified {
  readonly head: TokenHead;
  readonly payload: string;
  readonly key: SigningKey;
}

/** Signed tokens: anyone who holds one can read it, nobody can change it. */
export function signedTokens(setup: StrategySetup): TokenFormat {
  const keys = deriveKeys(setup.secrets, 'sign-data', setup.cookieName).map(
    (derived): SigningKey => ({ ...derived, isMac: macCheck(derived.key, longestToken) }),
  );
  const newest = keys[0] as SigningKey; // options require one secret
  const memo = createVerifiedMemo<Verified>();
  const read = ({ head, payload, key }: Verified, now: number): OpenedToken => {
    // Every time, because what was alive when it was remembered may have ended since.
    const reason = expiry(head, setup.lifetimes, now);
    if (reason !== undefined) return { reason };
    return { record: parsePayload(payload, head), newest: key === newest };
  };
  return {
    idBytes: payloadAt - idAt,
    seal: (record) => sign(format(record, newest.kid), newest.key),
    open(token, now) {
      const known = memo.get(token);
      if (known !== undefined) return read(known, now);
      const bytes = unpack(token);
      if (bytes === undefined) {
        return { reason: token.length > longestToken ? 'oversize' : 'malformed' };
      }
      const kid = bytes.readUInt16BE(0);
      const candidates = keys.filter((key) => key.kid === kid);
      if (candidates.length === 0) return { reason: 'unknown-key' };
      const dot = token.length - macLength - 1;
      const text = token.slice(0, dot);
      const mac = token.slice(dot + 1);
      const key = candidates.find((candidate) => candidate.isMac(text, mac));
      if (key === undefined) return { reason: 'bad-signature' };
      const head = {
        id: bytes.toString('base64url', idAt, payloadAt),
        createdAt: bytes.readUInt32BE(createdAt),
        issuedAt: bytes.readUInt32BE(issuedAt),
      };
      const verified = { head, payload: bytes.toString('utf8', payloadAt), key };
      memo.add(detached(token), verified);
      return read(verified, now);
    },
  };
}

function format(record: SessionRecord, kid: number): string {
  const payload = formatPayload(record);
  const bytes = Buffer.allocUnsafe(payloadAt + Buffer.byteLength(payload));
  bytes.writeUInt16BE(kid, 0);
  bytes.writeUInt32BE(record.issuedAt, issuedAt);
  bytes.writeUInt32BE(record.createdAt, createdAt);
  bytes.write(record.id, idAt, payloadAt - idAt, 'base64url');
  bytes.write(payload, payloadAt);
  return `${version}${bytes.toString('base64url')}`;
}

/** Lenient about the spelling, because the signature is over the text itself. */
function unpack(token: string): Buffer | undefined {
  if (token.length > longestToken || !token.startsWith(version)) return undefined;
  const dot = token.length - macLength - 1;
  if (token[dot] !== '.') return undefined;
  const bytes = Buffer.from(token.slice(version.length, dot), 'base64url');
  return bytes.length < payloadAt ? undefined : bytes;
}
