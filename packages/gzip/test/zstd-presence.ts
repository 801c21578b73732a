import zlib from 'node:zlib';

const name = 'zstdCompressSync';
const own = Object.getOwnPropertyDescriptor(zlib, name);

/** Makes this runtime look like one with or without zstd, until `restoreZstd`. */
export function pretendZstd(present: boolean): void {
  const value = present ? () => Buffer.alloc(0) : undefined;
  Object.defineProperty(zlib, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

export function restoreZstd(): void {
  if (own === undefined) Reflect.deleteProperty(zlib, name);
  else Object.defineProperty(zlib, name, own);
}
