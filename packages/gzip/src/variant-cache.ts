/** Compressed forms of bodies that were sent before, within a bound in bytes. */
export interface VariantCache {
  /** The form kept for exactly these bytes, or `undefined`. */
  find(source: CachedSource): Buffer | undefined;
  /** Keeps copies if the same bytes were offered before; a body seen once leaves one number. */
  offer(source: CachedSource, encoded: Buffer): void;
  /** Bytes held now. */
  readonly bytes: number;
}

/** A body, what is made of it, and its CRC-32, which is taken once for both steps. */
export interface CachedSource {
  /** Coding and level. */
  readonly variant: string;
  readonly body: Buffer;
  readonly checksum: number;
}

interface Entry {
  readonly body: Buffer;
  readonly encoded: Buffer;
}

// What an entry costs besides its bytes: two Buffer objects, a key, a slot of the map.
const entryOverhead = 400;
const seenSlots = 4096;

/**
 * Keyed by coding, length and CRC-32, then compared byte by byte, because neither a checksum nor an
 * application's ETag proves equality: a forged or wrong one would hand one client's body to another.
 */
export function createVariantCache(maximumBytes: number): VariantCache {
  // Insertion order is age: a hit moves its entry to the end.
  const entries = new Map<string, Entry>();
  const seen = new Uint32Array(seenSlots);
  let bytes = 0;

  function drop(key: string, entry: Entry): void {
    entries.delete(key);
    bytes -= sizeOf(entry);
  }

  return {
    find(source) {
      const key = keyOf(source);
      const entry = entries.get(key);
      if (entry === undefined || !entry.body.equals(source.body)) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.encoded;
    },
    offer(source, encoded) {
      const { body, checksum } = source;
      // One body may take a quarter at most, or a single download would empty the cache.
      if (body.length + encoded.length > maximumBytes / 4) return;
      const slot = checksum % seenSlots;
      if (seen[slot] !== checksum) {
        seen[slot] = checksum;
        return;
      }
      const key = keyOf(source);
      const present = entries.get(key);
      if (present !== undefined) drop(key, present);
      // Copies, because the application may write into its Buffer again, and because a slice
      // would keep a whole codec chunk alive.
      const entry = { body: Buffer.from(body), encoded: Buffer.from(encoded) };
      entries.set(key, entry);
      bytes += sizeOf(entry);
      for (const [oldestKey, oldest] of entries) {
        if (bytes <= maximumBytes) break;
        drop(oldestKey, oldest);
      }
    },
    get bytes() {
      return bytes;
    },
  };
}

function keyOf({ variant, body, checksum }: CachedSource): string {
  return `${variant}:${body.length}:${checksum}`;
}

function sizeOf(entry: Entry): number {
  return entry.body.length + entry.encoded.length + entryOverhead;
}
