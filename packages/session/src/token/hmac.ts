import { hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Answers whether `mac` is the base64 HMAC-SHA256 of `text`, without padding. */
export type MacCheck = (text: string, mac: string) => boolean;

/** SHA-256's block (RFC 2104, 2). */
const block = 64;
const digestLength = 32;
const macLength = 43;

/**
 * Checks HMAC-SHA256 as two one-shot hashes over prepared pads (RFC 2104, 2), because `createHmac` makes a stream and a native
 * object per token, and costs twice as much. Keys are 32 bytes, so they are never hashed first.
 *
 * @param longest - Octets of the longest text; longer ones do not verify.
 */
export function macCheck(key: KeyObject, longest: number): MacCheck {
  const bytes = key.export();
  const inner = Buffer.alloc(block + longest, 0x36);
  const outer = Buffer.alloc(block + digestLength, 0x5c);
  for (const [index, byte] of bytes.entries()) {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  // The buffers are written and read in one go, so one pair serves all requests.
  return (text, mac) => {
    if (text.length > longest || mac.length !== macLength) return false;
    // Not latin1, which writes U+0142 as it writes B: adapters that make requests of JSON hand over such characters.
    const end = block + inner.write(text, block, 'utf8');
    outer.set(hash('sha256', inner.subarray(0, end), 'buffer'), block);
    return equalsInConstantTime(hash('sha256', outer, 'base64'), mac);
  };
}

/** Looks at all characters whatever they are. `expected` may be longer, by its padding. */
function equalsInConstantTime(expected: string, given: string): boolean {
  let difference = 0;
  for (let index = 0; index < given.length; index++) {
    difference |= expected.charCodeAt(index) ^ given.charCodeAt(index);
  }
  return difference === 0;
}
