import type { RejectionReason, SessionRecord } from '../strategy.ts';

/** What a token turned out to be. */
export type OpenedToken =
  | {
      readonly record: SessionRecord;
      /** False when an older secret made it. */
      readonly newest: boolean;
    }
  | { readonly reason: RejectionReason };

/** Turns a record into a cookie value and back. There is one per middleware, and no second one to fall back to. */
export interface TokenFormat {
  /** Bytes of the random part of an id. */
  readonly idBytes: number;
  seal(record: SessionRecord): string;
  open(token: string, now: number): OpenedToken;
}

/** Four cookies of 4 096 octets; nothing longer can be ours, and it is not worth decoding. */
export const longestToken: number = 4 * 4096;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * One session has one spelling: padding, foreign alphabets and stray trailing bits are refused (RFC 4648, 3.5).
 * Encoding again and comparing says the same, at four times the cost.
 */
export function parseBase64url(text: string): Buffer | undefined {
  const rest = text.length % 4;
  if (rest === 1 || !/^[\w-]*$/.test(text)) return undefined;
  const last = alphabet.indexOf(text.charAt(text.length - 1));
  if ((rest === 2 && (last & 15) !== 0) || (rest === 3 && (last & 3) !== 0)) return undefined;
  return Buffer.from(text, 'base64url');
}
