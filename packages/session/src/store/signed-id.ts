import { createHmac, timingSafeEqual } from 'node:crypto';
import { createVerifiedMemo, detached } from '../token/verified-memo.ts';
import { deriveKeys } from '../token/keys.ts';
import type { StrategySetup } from '../strategy.ts';

/** 32 bytes, so that ids cannot be guessed even by who knows the keys (OWASP asks for 16). */
export const idBytes = 32;

const idLength = 43;
const signatureLength = 43;

/** An id whose signature is good; not the `newest` when it was made with a secret that is being phased out. */
export interface VerifiedId {
  readonly id: string;
  readonly newest: boolean;
}

/** Makes and checks the cookie's value: the id, a dot, and its HMAC-SHA256. */
export interface SignedIds {
  sign(id: string): string;
  verify(value: string): VerifiedId | 'malformed' | 'bad-signature';
}

/**
 * Signs the ids of one cookie. Signed, although nobody can guess them, so that nothing that we did not make ever
 * reaches the store.
 */
export function signedIds(setup: Pick<StrategySetup, 'secrets' | 'cookieName'>): SignedIds {
  const keys = deriveKeys(setup.secrets, 'sign-id', setup.cookieName).map(({ key }) => key);
  const memo = createVerifiedMemo<VerifiedId>();
  const signature = (id: string, index: number): Buffer => {
    const key = keys[index];
    /* istanbul ignore if -- options require a secret, and callers stay below keys.length */
    if (key === undefined) throw new RangeError('No such key');
    return createHmac('sha256', key).update(id).digest();
  };
  return {
    sign: (id) => `${id}.${signature(id, 0).toString('base64url')}`,
    verify(value) {
      const known = memo.get(value);
      if (known !== undefined) return known;
      if (value.length !== idLength + 1 + signatureLength || value[idLength] !== '.') {
        return 'malformed';
      }
      const id = value.slice(0, idLength);
      const text = value.slice(idLength + 1);
      const given = Buffer.from(text, 'base64url');
      // One id has one spelling: a decoder that ignores stray characters or spare bits would accept several.
      if (given.length !== 32 || given.toString('base64url') !== text) return 'malformed';
      for (let index = 0; index < keys.length; index += 1) {
        if (!timingSafeEqual(signature(id, index), given)) continue;
        const verified = { id: detached(id), newest: index === 0 };
        memo.add(detached(value), verified);
        return verified;
      }
      return 'bad-signature';
    },
  };
}
