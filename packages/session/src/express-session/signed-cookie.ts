import { createSecretKey, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { sign, unsign } from 'cookie-signature';
import { scanCookies } from '../cookie/scan.ts';
import { createVerifiedMemo, detached } from '../token/verified-memo.ts';
import type { SessionRequest } from './session-request.ts';

/** What express-session takes for a secret. */
export type SessionSecret = string | NodeJS.ArrayBufferView | KeyObject;

const prefix = 's:';

/**
 * Makes a key once, where cookie-signature would make one for every cookie.
 *
 * @throws TypeError for what is no secret; at once, not with the first request.
 */
export function toKey(secret: SessionSecret): KeyObject {
  if (typeof secret === 'string') return createSecretKey(Buffer.from(secret));
  if (ArrayBuffer.isView(secret)) return createSecretKey(secret as NodeJS.ArrayBufferView);
  if (types.isKeyObject(secret) && secret.type === 'secret') return secret;
  throw new TypeError(
    'secret option must be a string, a Buffer or a symmetric KeyObject, or a list of those',
  );
}

/** Checks cookies with one set of keys. */
export interface SignedCookies {
  /**
   * The id that came with a request: the first cookie with a good signature, because a sibling sub-domain may have put another
   * one before ours; else what cookie-parser left.
   */
  idOf(req: SessionRequest, name: string): string | undefined;
  sign(id: string): string;
}

/** Makes {@link SignedCookies}. */
export function signedCookies(newest: KeyObject, keys: readonly KeyObject[]): SignedCookies {
  const memo = createVerifiedMemo<string>();
  const verify = (value: string): string | undefined => {
    const known = memo.get(value);
    if (known !== undefined) return known;
    const id = verifyWith(keys, decode(detached(value)));
    if (id !== undefined) memo.add(detached(value), id);
    return id;
  };
  return {
    idOf(req, name) {
      for (const value of scanCookies(req.headers?.cookie, name).values) {
        const id = verify(value);
        if (id !== undefined) return id;
      }
      const parsed = req.signedCookies?.[name];
      if (typeof parsed === 'string' && parsed !== '') return parsed;
      const raw = req.cookies?.[name];
      return typeof raw === 'string' ? verifyWith(keys, raw) : undefined;
    },
    sign: (id) => prefix + sign(id, newest),
  };
}

function verifyWith(keys: readonly KeyObject[], value: string): string | undefined {
  if (!value.startsWith(prefix)) return undefined;
  const signed = value.slice(prefix.length);
  for (const key of keys) {
    const id = unsign(signed, key);
    if (id !== false) return id;
  }
  return undefined;
}

/** As the `cookie` package does it: quotes go, and what is no percent-encoding stays as it is. */
function decode(value: string): string {
  const bare = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  if (!bare.includes('%')) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
