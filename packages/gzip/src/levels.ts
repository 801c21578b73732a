import type { Encoding } from './encoding.ts';

/** Levels per coding, as the user may give them. */
export type LevelsByEncoding = { readonly [E in Encoding]?: number | undefined };

/** Which levels a coding uses for which kind of body. */
export interface Levels {
  /** Whole bodies up to {@link smallBytes}. */
  readonly small: number;
  /** Whole bodies above that. */
  readonly large: number;
  /** Bodies that come in pieces, of announced length. */
  readonly announced: number;
  /** Bodies that come in pieces without an announced end: flushed, and perhaps idle for hours. */
  readonly open: number;
}

/** The range that each coding takes. zstd stops at 19: beyond, its window passes RFC 9659's 8 MB. */
export const levelRanges: {
  readonly [E in Encoding]: { readonly min: number; readonly max: number };
} = {
  gzip: { min: 1, max: 9 },
  deflate: { min: 1, max: 9 },
  br: { min: 0, max: 11 },
  zstd: { min: 1, max: 19 },
};

/** Up to here a better level costs microseconds, beyond it tenths of a millisecond. */
export const smallBytes = 16_384;

// Measured on JSON and HTML of 1, 10 and 100 KB: gzip 4 takes 0.7 of the time of 6 for 4 % more
// bytes at 100 KB; zstd 3 is as small as gzip 6 in a quarter of its time; Starlette's gzip 9 costs
// 27 % more time than 6 for 1 %. An open stream holds 126 KB with gzip, 330 with brotli 3 (586 with
// 4), 161 with zstd 1 (865 with 3), at nearly the same ratio.
const defaults: { readonly [E in Encoding]: Levels } = {
  gzip: { small: 6, large: 4, announced: 6, open: 6 },
  deflate: { small: 6, large: 4, announced: 6, open: 6 },
  br: { small: 4, large: 4, announced: 4, open: 3 },
  zstd: { small: 3, large: 3, announced: 3, open: 1 },
};

// Brotli 0 and 1 forget their history at a flush: 1 000 flushed events keep 93 % of their size,
// and 47 % at quality 4.
const lowestFlushedBrotli = 2;

/** A number speaks of gzip and deflate, which share its scale; the others keep their defaults. */
export function levelsOf(encoding: Encoding, given: number | LevelsByEncoding | undefined): Levels {
  const level = typeof given === 'number' ? levelFromNumber(encoding, given) : given?.[encoding];
  if (level === undefined) return defaults[encoding];
  const open = encoding === 'br' && level < lowestFlushedBrotli ? defaults.br.open : level;
  return { small: level, large: level, announced: level, open };
}

function levelFromNumber(encoding: Encoding, level: number): number | undefined {
  return encoding === 'gzip' || encoding === 'deflate' ? level : undefined;
}
