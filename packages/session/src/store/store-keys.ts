import { createHmac } from 'node:crypto';
import type { StrategySetup } from '../strategy.ts';
import { deriveKeys } from '../token/keys.ts';

/** Names sessions towards the store, and towards people who list them. */
export interface StoreKeys {
  /** Every key under which an id may be found, newest first; more than one while a secret is phased out. */
  readonly of: (id: string) => readonly [string, ...string[]];
  /** A name for a session that gives its id away to nobody. */
  readonly handle: (key: string) => string;
}

/** Long enough that a user's sessions never share one. */
const handleLength = 16;

/** Makes {@link StoreKeys}: ids as they are, or their HMAC under each secret. */
export function storeKeys(
  setup: Pick<StrategySetup, 'secrets' | 'cookieName'>,
  hashIds: boolean,
): StoreKeys {
  const keys = deriveKeys(setup.secrets, 'hash-id', setup.cookieName).map(({ key }) => key);
  const hash = (index: number, text: string): string => {
    const key = keys[index];
    /* istanbul ignore if -- options require a secret, and callers stay below keys.length */
    if (key === undefined) throw new RangeError('No such key');
    return createHmac('sha256', key).update(text).digest('base64url');
  };
  return {
    of: hashIds
      ? (id) => [hash(0, id), ...keys.slice(1).map((_, index) => hash(index + 1, id))]
      : (id) => [id],
    handle: (key) => hash(0, `handle ${key}`).slice(0, handleLength),
  };
}
