import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expiry } from '../lifetime.ts';
import type { SessionRecord, StrategySetup } from '../strategy.ts';
import { dayKeys, deriveKeys } from './keys.ts';
import { formatPayload, parsePayload } from './payload.ts';
import type { TokenHead } from './payload.ts';
import type { RandomPool } from './random.ts';
import { longestToken, parseBase64url } from './token.ts';
import type { OpenedToken, TokenFormat } from './token.ts';
import { createVerifiedMemo, detached } from './verified-memo.ts';

/**
 * Base64url of: version (1) | key id (2) | issued (4) | nonce (12) | ciphertext | tag (16).
 * The plaintext is created (4) | id (11, as text) | payload. Everything before the nonce, and the cookie's name, is authenticated with it.
 */
const version = 1;
const kidAt = 1;
const issuedAt = 3;
const nonceAt = 7;
const textAt = 19;
const tagLength = 16;
const textStart = 4;
/** Eight bytes in base64url: kept as text, so that one conversion gives id and payload. */
const idBytes = 8;
const idLength = 11;
const cipherName = 'aes-256-gcm';

interface EncryptionKey {
  readonly kid: number;
  readonly forDay: (seconds: number) => KeyObject;
  /** Version, key id, time and cookie name. Written to and used in one go, so one per key will do. */
  readonly associated: Buffer;
}

/** AES-256-GCM tokens: unreadable and unchangeable for whoever holds them. */
export function encryptedTokens(setup: StrategySetup, random: RandomPool): TokenFormat {
  const keys = deriveKeys(setup.secrets, 'encrypt-data', setup.cookieName).map(
    ({ key, kid }): EncryptionKey => {
      const associated = Buffer.alloc(nonceAt + setup.cookieName.length, version);
      associated.writeUInt16BE(kid, kidAt);
      associated.write(setup.cookieName, nonceAt);
      return { kid, forDay: dayKeys(key), associated };
    },
  );
  const memo = createVerifiedMemo<Plaintext>();
  const read = ({ head, payload, key }: Plaintext, now: number): OpenedToken => {
    // Every time, because what was alive when it was remembered may have ended since.
    const reason = expiry(head, setup.lifetimes, now);
    if (reason !== undefined) return { reason };
    return { record: parsePayload(payload, head), newest: key === keys[0] };
  };
  return {
    idBytes,
    seal: (record) => seal(record, keys[0] as EncryptionKey, random), // options require one secret
    open(token, now) {
      const known = memo.get(token);
      if (known !== undefined) return read(known, now);
      const bytes = unpack(token);
      if (bytes === undefined) {
        return { reason: token.length > longestToken ? 'oversize' : 'malformed' };
      }
      const issued = bytes.readUInt32BE(issuedAt);
      // Before any key is derived, because the sender chooses the time and each day would cost a derivation.
      const early = expiry({ createdAt: issued, issuedAt: issued }, setup.lifetimes, now);
      if (early !== undefined) return { reason: early };
      const kid = bytes.readUInt16BE(kidAt);
      const candidates = keys.filter((key) => key.kid === kid);
      if (candidates.length === 0) return { reason: 'unknown-key' };
      const opened = openWith(bytes, candidates);
      if (opened === undefined) return { reason: 'bad-signature' };
      memo.add(detached(token), opened);
      return read(opened, now);
    },
  };
}

function unpack(token: string): Buffer | undefined {
  if (token.length > longestToken) return undefined;
  const bytes = parseBase64url(token);
  if (bytes === undefined || bytes.length < textAt + textStart + idLength + tagLength)
    return undefined;
  return bytes[0] === version ? bytes : undefined;
}

function seal(record: SessionRecord, key: EncryptionKey, random: RandomPool): string {
  const { associated } = key;
  associated.writeUInt32BE(record.issuedAt, issuedAt);
  const text = `${record.id}${formatPayload(record)}`;
  const plain = Buffer.allocUnsafe(textStart + Buffer.byteLength(text));
  plain.writeUInt32BE(record.createdAt, 0);
  plain.write(text, textStart);
  const bytes = Buffer.allocUnsafe(textAt + plain.length + tagLength);
  bytes.set(associated.subarray(0, nonceAt));
  bytes.set(random.bytes(textAt - nonceAt), nonceAt);
  const nonce = bytes.subarray(nonceAt, textAt);
  const cipher = createCipheriv(cipherName, key.forDay(record.issuedAt), nonce);
  cipher.setAAD(associated);
  bytes.set(cipher.update(plain), textAt);
  cipher.final();
  bytes.set(cipher.getAuthTag(), textAt + plain.length);
  return bytes.toString('base64url');
}

/** What an authentic token says. Text, so that every reader gets objects of its own. */
interface Plaintext {
  readonly head: TokenHead;
  readonly payload: string;
  readonly key: EncryptionKey;
}

function openWith(bytes: Buffer, keys: readonly EncryptionKey[]): Plaintext | undefined {
  const issued = bytes.readUInt32BE(issuedAt);
  for (const key of keys) {
    const plain = decrypt(bytes, issued, key);
    if (plain === undefined) continue;
    const text = plain.toString('utf8', textStart);
    const head = {
      id: text.slice(0, idLength),
      createdAt: plain.readUInt32BE(0),
      issuedAt: issued,
    };
    return { head, payload: text.slice(idLength), key };
  }
  return undefined;
}

const cipherOptions = { authTagLength: tagLength } as const;

function decrypt(bytes: Buffer, issued: number, key: EncryptionKey): Buffer | undefined {
  key.associated.writeUInt32BE(issued, issuedAt);
  const nonce = bytes.subarray(nonceAt, textAt);
  const decipher = createDecipheriv(cipherName, key.forDay(issued), nonce, cipherOptions);
  const tagAt = bytes.length - tagLength;
  decipher.setAAD(key.associated);
  decipher.setAuthTag(bytes.subarray(tagAt));
  const plain = decipher.update(bytes.subarray(textAt, tagAt));
  try {
    decipher.final();
  } catch {
    return undefined; // Node has no other way to say that the tag is wrong.
  }
  return plain;
}
