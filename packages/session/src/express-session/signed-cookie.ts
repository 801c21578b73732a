import { createSecretKey, type KeyObject } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';
import { scanCookies } from '../cookie/scan.ts';
import type { SessionRequest } from './session-request.ts';

/** What express-session takes for a secret. */
export type SessionSecret = string | NodeJS.ArrayBufferView | KeyObject;

const prefix = 's:';

/** Makes a key once, where cookie-signature would make one for every cookie. */
export function toKey(secret: SessionSecret): KeyObject {
  if (typeof secret === 'string') return createSecretKey(Buffer.from(secret));
  return ArrayBuffer.isView(secret) ? createSecretKey(secret as NodeJS.ArrayBufferView) : secret;
}

/** The value of the cookie: `s:`, the id, and its signature. */
export function signId(id: string, key: KeyObject): string {
  return prefix + sign(id, key);
}

/**
 * The id that came with a request: the first cookie of that name with a good signature, because a sibling sub-domain may have put
 * another one before ours; else what cookie-parser left.
 */
export function signedIdOf(
  req: SessionRequest,
  name: string,
  keys: readonly KeyObject[],
): string | undefined {
  for (const value of scanCookies(req.headers?.cookie, name).values) {
    const id = verify(decode(value), keys);
    if (id !== undefined) return id;
  }
  const parsed = req.signedCookies?.[name];
  if (typeof parsed === 'string' && parsed !== '') return parsed;
  const raw = req.cookies?.[name];
  return typeof raw === 'string' ? verify(raw, keys) : undefined;
}

function verify(value: string | undefined, keys: readonly KeyObject[]): string | undefined {
  if (value?.startsWith(prefix) !== true) return undefined;
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
