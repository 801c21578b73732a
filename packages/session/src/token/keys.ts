import { createHash, createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export type KeyPurpose = 'encrypt-data' | 'sign-data' | 'sign-id' | 'hash-id';

/** A key for one purpose and one cookie name, made from one of the secrets. */
export interface DerivedKey {
  readonly key: KeyObject;
  /** Public name of the key inside tokens, so that no token is tried with the wrong one. */
  readonly kid: number;
}

/**
 * Derives one key per secret (HKDF-SHA256, RFC 5869). Purpose and cookie name are part of it, because a token of one cookie must
 * mean nothing in another.
 */
export function deriveKeys(
  secrets: readonly Uint8Array[],
  purpose: KeyPurpose,
  cookieName: string,
): readonly DerivedKey[] {
  return secrets.map((secret) => {
    const bytes = expand(secret, `portcullis/session/v1/${purpose}/${cookieName}`);
    return {
      key: createSecretKey(bytes),
      kid: createHash('sha256').update(bytes).digest().readUInt16BE(0),
    };
  });
}

/** Days are numbered from 1970; see {@link dayKeys}. */
const dayLength = 86_400;

/** More days than a cookie can live, so nothing is derived twice while it matters. */
const mostDays = 512;

/**
 * Gives each UTC day its own AES key, because random 96-bit nonces allow 2^32 messages per key (NIST SP 800-38D, 8.3): this way
 * they are 2^32 a day, without a derivation per request.
 */
export function dayKeys(master: KeyObject): (seconds: number) => KeyObject {
  const secret = master.export();
  const known = new Map<number, KeyObject>();
  return (seconds) => {
    const day = Math.floor(seconds / dayLength);
    const cached = known.get(day);
    if (cached !== undefined) return cached;
    const key = createSecretKey(expand(secret, `day/${day}`));
    if (known.size >= mostDays) known.clear();
    known.set(day, key);
    return key;
  };
}

function expand(secret: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, 32));
}
