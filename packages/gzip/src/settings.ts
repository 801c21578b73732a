import { createNotices } from '@portcullis/core';
import type { Notices } from '@portcullis/core';
import type { Codec } from './codec.ts';
import { createCodec } from './codec.ts';
import type { Classify } from './content-type.ts';
import { createClassify } from './content-type.ts';
import type { Encoding } from './encoding.ts';
import type { EtagMode } from './etag.ts';
import type { GzipFilter } from './filter.ts';
import type { Jobs } from './jobs.ts';
import { createJobs } from './jobs.ts';
import { levelsOf } from './levels.ts';
import type { Choice } from './exchange.ts';
import { createNegotiation } from './negotiation.ts';
import type { ResolvedGzipOptions } from './options.ts';
import { breachMeasures, defaultCacheBytes, usableEncodings } from './options.ts';
import type { Turn } from './turn.ts';
import { createTurn } from './turn.ts';
import type { VariantCache } from './variant-cache.ts';
import { createVariantCache } from './variant-cache.ts';

/** What to do for one Accept-Encoding value. */
export interface Acceptance {
  readonly choice: Choice | undefined;
  /** Neither the plain form nor any coding of ours will do. */
  readonly unacceptable: boolean;
}

/** What one middleware works with: options made ready for the request path. */
export interface Settings {
  readonly minimumSize: number;
  /** A coded body that is longer than this share of the plain one is not worth the decoding. */
  readonly worthwhile: number;
  readonly negotiate: (acceptEncoding: string | undefined) => Acceptance;
  /** Accept-Encoding of clients that send none, or an empty one. */
  readonly assumedAcceptEncoding: string | undefined;
  readonly classify: Classify;
  readonly filter: GzipFilter | undefined;
  readonly etag: EtagMode;
  readonly cache: VariantCache | undefined;
  /** Bytes to add at most; 0 for none. */
  readonly jitter: number;
  readonly refuseCrossSite: boolean;
  /** Milliseconds of the event loop that one body may take. */
  readonly syncBudget: number;
  /** What bodies have taken of the present turn of the event loop. */
  readonly turn: Turn;
  /** Answer 406 when the client refuses every form. */
  readonly refuseUnacceptable: boolean;
  readonly jobs: Jobs;
  readonly notices: Notices;
}

// Unlimited zlib work fragments memory: node#15301 saw 2.9 GB without a limit, 90 MB with 5 jobs.
const waitingJobs = 64;
const waitingBytes = 32 * 1024 * 1024;
const defaultThreads = 4;
// Bodies that each use their budget up, in one turn of the event loop.
const bodiesPerTurn = 5;

export function createSettings(
  options: Readonly<ResolvedGzipOptions>,
  assumedAcceptEncoding?: string,
): Settings {
  const encodings = usableEncodings(options);
  const { crossSite, jitter } = breachMeasures(options.breach);
  const parallel = parallelJobs(process.env['UV_THREADPOOL_SIZE']);
  const codecOf = (encoding: Encoding): Codec =>
    createCodec(encoding, levelsOf(encoding, options.compressLevel), parallel);
  const codecs = {
    zstd: codecOf('zstd'),
    br: codecOf('br'),
    gzip: codecOf('gzip'),
    deflate: codecOf('deflate'),
  };
  return Object.freeze({
    minimumSize: options.minimumSize,
    worthwhile: 0.97,
    negotiate: createNegotiation(encodings, ({ codings, identityForbidden }) => ({
      choice: chooseCodecs(codings, codecs, identityForbidden),
      unacceptable: identityForbidden && codings.length === 0,
    })),
    assumedAcceptEncoding,
    classify: createClassify(options.excludeContentTypes),
    filter: options.filter,
    etag: options.etag,
    cache: cacheOf(options.cache),
    jitter,
    refuseCrossSite: crossSite,
    syncBudget: options.syncBudget * 1000,
    turn: createTurn(options.syncBudget * 1000 * bodiesPerTurn),
    refuseUnacceptable: options.onUnacceptable === 406,
    jobs: createJobs({ running: parallel, waiting: waitingJobs, waitingBytes }),
    notices: createNotices(),
  });
}

/** Open streams take gzip where they can: a thousand idle ones must not cost half a gigabyte. */
function chooseCodecs(
  codings: readonly Encoding[],
  codecs: Readonly<Record<Encoding, Codec>>,
  required: boolean,
): Choice | undefined {
  const [first] = codings;
  if (first === undefined) return undefined;
  const open = codings.includes('gzip') ? 'gzip' : first;
  return Object.freeze({ best: codecs[first], open: codecs[open], required });
}

/** One thread of libuv's pool stays free, because file and name look-ups wait for the same ones. */
export function parallelJobs(threadPoolSize: string | undefined): number {
  const threads = Number(threadPoolSize ?? defaultThreads);
  return Number.isInteger(threads) && threads > 0 ? Math.max(1, threads - 1) : defaultThreads - 1;
}

function cacheOf(cache: ResolvedGzipOptions['cache']): VariantCache | undefined {
  if (cache === false) return undefined;
  return createVariantCache(cache === true ? defaultCacheBytes : cache.maxBytes);
}
