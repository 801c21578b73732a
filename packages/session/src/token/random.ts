import { randomFillSync } from 'node:crypto';

/** Hands out random bytes from a block, because a system call per token costs twenty times more. */
export interface RandomPool {
  /** A view into the block; copy it before the next call if it must last. */
  bytes(count: number): Uint8Array;
  /** Base64url text of `count` random bytes. */
  text(count: number): string;
}

const blockSize = 4096;

/** One pool per middleware. Bytes are never handed out twice and are wiped from the block once taken as text. */
export function createRandomPool(): RandomPool {
  const block = Buffer.allocUnsafeSlow(blockSize);
  let used = blockSize;
  const bytes = (count: number): Buffer => {
    if (used + count > blockSize) {
      randomFillSync(block);
      used = 0;
    }
    used += count;
    return block.subarray(used - count, used);
  };
  return {
    bytes,
    text(count) {
      const taken = bytes(count);
      const text = taken.toString('base64url');
      taken.fill(0);
      return text;
    },
  };
}
