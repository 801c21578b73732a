import zlib from 'node:zlib';

const originals = new Map<string, PropertyDescriptor | undefined>();

/** Puts another value in the place of a zlib function, which a plain mock cannot: some are read-only. */
export function replaceZlib(name: string, value: unknown): void {
  if (!originals.has(name)) originals.set(name, Object.getOwnPropertyDescriptor(zlib, name));
  Object.defineProperty(zlib, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** Makes this runtime look like one with or without zstd. */
export function pretendZstd(present: boolean): void {
  replaceZlib('zstdCompressSync', present ? () => Buffer.alloc(0) : undefined);
}

export function restoreZlib(): void {
  for (const [name, original] of originals) {
    if (original === undefined) Reflect.deleteProperty(zlib, name);
    else Object.defineProperty(zlib, name, original);
  }
  originals.clear();
}
