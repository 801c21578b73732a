import zlib from 'node:zlib';

/** Undoes a coding, with whatever this runtime has. */
export function decode(encoding: string | undefined, body: Buffer): Buffer {
  switch (encoding) {
    case undefined:
      return body;
    case 'gzip':
      return zlib.gunzipSync(body);
    case 'deflate':
      return zlib.inflateSync(body);
    case 'br':
      return zlib.brotliDecompressSync(body);
    case 'zstd':
      // Node 20's types know no zstd; nobody decodes it where it is missing.
      return (zlib as unknown as { zstdDecompressSync(b: Buffer): Buffer }).zstdDecompressSync(
        body,
      );
    default:
      throw new Error(`unexpected content coding ${encoding}`);
  }
}
