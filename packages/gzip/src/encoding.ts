import zlib from 'node:zlib';

/** A content coding that this package can produce, by its name on the wire. */
export type Encoding = 'zstd' | 'br' | 'gzip' | 'deflate';

/** Best first: what measurements of time and size recommend when the client does not mind. */
export const defaultEncodings: readonly Encoding[] = ['zstd', 'br', 'gzip', 'deflate'];

/** `zstd` came to node:zlib with 22.15 and 23.8, so the runtime is asked and not its version. */
export function runtimeHas(encoding: Encoding): boolean {
  return encoding !== 'zstd' || typeof zlib.zstdCompressSync === 'function';
}
