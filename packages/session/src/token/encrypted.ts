import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expiry } from '../lifetime.ts';
import type { SessionRecord, StrategySetup } from '../strategy.ts';
import { dayKeys, deriveKeys } from './keys.ts';
import { formatPayload, parsePayload } from './payload.ts';
import type { RandomPool } from './random.ts';
import { longestToken, parseBase64url } from './token.ts';
import type { TokenFormat } from './token.ts';

/**
 * Base64url of: version (1) | key id (2) | issued (4) | nonce (12) | ciphertext | tag (16).
 * The plaintext is created (4) | id (8) | payload. Everything before the nonce, and the cookie's name, is authenticated with it.
 */
const version = 1;
const kidAt = 1;
const issuedAt = 3;
const nonceAt = 7;
const textAt = 19;
const tagLength = 16;
const idAt = 4;
const payloadAt = 12;
const cipherName = 'aes-256-gcm';

interface EncryptionKey {
  readonly kid: number;
  readonly forDay: (seconds: number) => KeyObject;
}

/** AES-256-GCM tokens: unreadable and unchangeable for whoever holds them. */
export function encryptedTokens(setup: StrategySetup, random: RandomPool): TokenFormat {
  const keys = deriveKeys(setup.secrets, 'encrypt-data', setup.cookieName).map(
    ({ key, kid }): EncryptionKey => ({ kid, forDay: dayKeys(key) }),
  );
  const name = Buffer.from(setup.cookieName);
  return {
    idBytes: payloadAt - idAt,
    seal: (record) => seal(record, keys[0] as EncryptionKey, { name, random }), // options require one secret
    open(token, now) {
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
      const opened = openWith(bytes, candidates, name);
      if (opened === undefined) return { reason: 'bad-signature' };
      const late = expiry(opened.record, setup.lifetimes, now);
      return late === undefined
        ? { record: opened.record, newest: opened.key === keys[0] }
        : { reason: late };
    },
  };
}

function unpack(token: string): Buffer | undefined {
  if (token.length > longestToken) return undefined;
  const bytes = parseBase64url(token);
  if (bytes === undefined || bytes.length < textAt + payloadAt + tagLength) return undefined;
  return bytes[0] === version ? bytes : undefined;
}

function seal(
  record: SessionRecord,
  key: EncryptionKey,
  use: { readonly name: Buffer; readonly random: RandomPool },
): string {
  const payload = formatPayload(record);
  const head = Buffer.allocUnsafe(textAt);
  head[0] = version;
  head.writeUInt16BE(key.kid, kidAt);
  head.writeUInt32BE(record.issuedAt, issuedAt);
  head.set(use.random.bytes(textAt - nonceAt), nonceAt);
  const plain = Buffer.allocUnsafe(payloadAt + Buffer.byteLength(payload));
  plain.writeUInt32BE(record.createdAt, 0);
  plain.write(record.id, idAt, payloadAt - idAt, 'base64url');
  plain.write(payload, payloadAt);
  const cipher = createCipheriv(
    cipherName,
    key.forDay(record.issuedAt),
    head.subarray(nonceAt, textAt),
  );
  cipher.setAAD(Buffer.concat([head.subarray(0, nonceAt), use.name]));
  const text = cipher.update(plain);
  cipher.final();
  return Buffer.concat([head, text, cipher.getAuthTag()]).toString('base64url');
}

function openWith(
  bytes: Buffer,
  keys: readonly EncryptionKey[],
  name: Buffer,
): { readonly record: SessionRecord; readonly key: EncryptionKey } | undefined {
  const issued = bytes.readUInt32BE(issuedAt);
  const associated = Buffer.concat([bytes.subarray(0, nonceAt), name]);
  const tagAt = bytes.length - tagLength;
  for (const key of keys) {
    const decipher = createDecipheriv(
      cipherName,
      key.forDay(issued),
      bytes.subarray(nonceAt, textAt),
      { authTagLength: tagLength },
    );
    decipher.setAAD(associated);
    decipher.setAuthTag(bytes.subarray(tagAt));
    const plain = decipher.update(bytes.subarray(textAt, tagAt));
    try {
      decipher.final();
    } catch {
      continue; // Node has no other way to say that the tag is wrong.
    }
    const head = {
      id: plain.toString('base64url', idAt, payloadAt),
      createdAt: plain.readUInt32BE(0),
      issuedAt: issued,
    };
    return { record: parsePayload(plain.toString('utf8', payloadAt), head), key };
  }
  return undefined;
}
