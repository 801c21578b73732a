// Own declarations because the types of Node 20, the oldest runtime served, know no zstd, and no
// `reset` on Gzip. Whoever calls a zstd function has asked `runtimeHas('zstd')` first.
declare module 'zlib' {
  interface ZstdOptions {
    chunkSize?: number;
    params?: Record<number, number>;
    pledgedSrcSize?: number;
  }
  interface Gzip {
    reset(): void;
  }
  const zstdCompressSync: (body: Uint8Array, options: ZstdOptions) => Buffer;
  const zstdCompress: (
    body: Uint8Array,
    options: ZstdOptions,
    callback: (error: Error | null, output: Buffer) => void,
  ) => void;
  const createZstdCompress: (options: ZstdOptions) => BrotliCompress;
  namespace constants {
    const ZSTD_c_compressionLevel: number;
    const ZSTD_c_windowLog: number;
    const ZSTD_e_flush: number;
  }
}
export {};
