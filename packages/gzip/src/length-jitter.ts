import { randomInt } from 'node:crypto';
import type { Encoding } from './encoding.ts';

/** Codings that have a place for bytes which decoders skip; brotli and deflate have none. */
export function canJitter(encoding: Encoding): boolean {
  return encoding === 'gzip' || encoding === 'zstd';
}

const gzipHeaderLength = 10;
const flagsAt = 3;
const commentFlag = 0x10;

/**
 * Puts a comment of 1 to `maximum` bytes behind the fixed gzip header (RFC 1952 2.3, FCOMMENT).
 * `start` is the beginning of a gzip stream as zlib writes it: ten bytes, no optional field.
 */
export function withGzipComment(start: Buffer, maximum: number): Buffer {
  const length = randomInt(1, maximum + 1);
  const output = Buffer.allocUnsafe(start.length + length + 1);
  start.copy(output, 0, 0, gzipHeaderLength);
  output.writeUInt8(output.readUInt8(flagsAt) | commentFlag, flagsAt);
  output.fill(0x2e, gzipHeaderLength, gzipHeaderLength + length);
  output[gzipHeaderLength + length] = 0;
  start.copy(output, gzipHeaderLength + length + 1, gzipHeaderLength);
  return output;
}

const skippableMagic = 0x184d2a50;

/**
 * A zstd skippable frame (RFC 8878 3.1.2) with 1 to `maximum` bytes. It goes behind the data,
 * because node:zlib before Node 26 rejects one in front.
 */
export function skippableFrame(maximum: number): Buffer {
  const length = randomInt(1, maximum + 1);
  const frame = Buffer.alloc(8 + length, 0x2e);
  frame.writeUInt32LE(skippableMagic, 0);
  frame.writeUInt32LE(length, 4);
  return frame;
}

/** A whole coded body with a length that varies from one answer to the next. */
export function withJitter(encoding: Encoding, body: Buffer, maximum: number): Buffer {
  return encoding === 'gzip'
    ? withGzipComment(body, maximum)
    : Buffer.concat([body, skippableFrame(maximum)]);
}
