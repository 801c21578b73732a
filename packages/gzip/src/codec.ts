import zlib from 'node:zlib';
import type {
  BrotliCompress,
  BrotliOptions,
  Deflate,
  Gzip,
  ZlibOptions,
  ZstdOptions,
} from 'node:zlib';
import type { CostModel } from './cost.ts';
import { createCostModel } from './cost.ts';
import type { Encoding } from './encoding.ts';
import type { Levels } from './levels.ts';
import { smallBytes } from './levels.ts';
import type { Finished, StreamPool } from './stream-pool.ts';
import { createStreamPool } from './stream-pool.ts';

/**
 * How a body arrives that is not whole: with its length announced, without an announced end, or as
 * messages that are wanted one by one.
 */
export type Delivery = 'announced' | 'open' | 'messages';

export type CodecStream = Gzip | Deflate | BrotliCompress;

export interface CodingStream {
  readonly stream: CodecStream;
  /** The flush that makes everything written so far decodable and keeps the history. */
  readonly flushKind: number;
}

/** One coding at the levels of one middleware. */
export interface Codec {
  readonly encoding: Encoding;
  readonly cost: CostModel;
  levelFor(bytes: number): number;
  compressSync(body: Buffer): Buffer;
  /** Works in the thread pool; `finished` comes later and once. */
  compress(body: Buffer, finished: Finished): void;
  createStream(delivery: Delivery): CodingStream;
}

const { constants } = zlib;

const pooledChunkSize = 32_768;
const idlePoolMilliseconds = 30_000;

/**
 * Makes the codec of an encoding. One that the runtime lacks must not be asked for.
 *
 * @param parallel - How many off-loop jobs run at once, so how many streams are worth keeping.
 */
export function createCodec(encoding: Encoding, levels: Levels, parallel: number): Codec {
  switch (encoding) {
    case 'gzip':
      return deflateCodec(encoding, levels, {
        parallel,
        compressSync: (body, options) => zlib.gzipSync(body, options),
        create: (options) => zlib.createGzip(options),
      });
    case 'deflate':
      return deflateCodec(encoding, levels, {
        parallel,
        compressSync: (body, options) => zlib.deflateSync(body, options),
        create: (options) => zlib.createDeflate(options),
      });
    case 'br':
      return brotliCodec(levels);
    case 'zstd':
      return zstdCodec(levels);
  }
}

interface DeflateFamily {
  readonly parallel: number;
  compressSync(body: Buffer, options: ZlibOptions): Buffer;
  create(options: ZlibOptions): Gzip | Deflate;
}

function deflateCodec(encoding: 'gzip' | 'deflate', levels: Levels, family: DeflateFamily): Codec {
  const pools = new Map<number, StreamPool>();
  const levelFor = selectLevel(levels);

  function poolFor(level: number): StreamPool {
    let pool = pools.get(level);
    if (pool === undefined) {
      const options = { level, flush: constants.Z_FINISH, chunkSize: pooledChunkSize };
      pool = createStreamPool(() => family.create(options), family.parallel, idlePoolMilliseconds);
      pools.set(level, pool);
    }
    return pool;
  }

  return {
    encoding,
    cost: createCostModel(8 + levels.large * 2),
    levelFor,
    compressSync: (body) =>
      family.compressSync(body, { level: levelFor(body.length), chunkSize: chunkSizeFor(body) }),
    compress: (body, finished) => poolFor(levelFor(body.length)).compress(body, finished),
    createStream(delivery) {
      return {
        stream: family.create({ level: streamLevel(levels, delivery), ...deflateMemory(delivery) }),
        // The full flush that node:zlib defaults to would forget the history at each event.
        flushKind: constants.Z_SYNC_FLUSH,
      };
    },
  };
}

// An open stream may idle for hours among a thousand others: half the memory for 5 to 8 % of ratio,
// and small output chunks because messages are small.
function deflateMemory(delivery: Delivery): ZlibOptions {
  if (delivery === 'announced') return {};
  return { memLevel: 4, windowBits: 12, chunkSize: delivery === 'messages' ? 2048 : 16_384 };
}

function brotliCodec(levels: Levels): Codec {
  const levelFor = selectLevel(levels);
  const optionsFor = (body: Buffer): BrotliOptions => ({
    chunkSize: chunkSizeFor(body),
    params: {
      [constants.BROTLI_PARAM_QUALITY]: levelFor(body.length),
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  });
  return {
    encoding: 'br',
    cost: createCostModel(brotliNanoseconds(levels.large)),
    levelFor,
    compressSync: (body) => zlib.brotliCompressSync(body, optionsFor(body)),
    compress: (body, finished) =>
      zlib.brotliCompress(body, optionsFor(body), (error, output) =>
        finished(error ?? undefined, output),
      ),
    createStream: (delivery) => ({
      stream: zlib.createBrotliCompress({
        params: { [constants.BROTLI_PARAM_QUALITY]: streamLevel(levels, delivery) },
      }),
      flushKind: constants.BROTLI_OPERATION_FLUSH,
    }),
  };
}

function zstdCodec(levels: Levels): Codec {
  const levelFor = selectLevel(levels);
  const optionsFor = (body: Buffer): ZstdOptions => ({
    chunkSize: chunkSizeFor(body),
    // With the size known the context takes 176 KB instead of 860.
    pledgedSrcSize: body.length,
    params: { [constants.ZSTD_c_compressionLevel]: levelFor(body.length) },
  });
  return {
    encoding: 'zstd',
    cost: createCostModel(3 + levels.large * levels.large * 0.5),
    levelFor,
    compressSync: (body) => zlib.zstdCompressSync(body, optionsFor(body)),
    compress: (body, finished) =>
      zlib.zstdCompress(body, optionsFor(body), (error, output) =>
        finished(error ?? undefined, output),
      ),
    createStream: (delivery) => ({
      stream: zlib.createZstdCompress({
        params: {
          [constants.ZSTD_c_compressionLevel]: streamLevel(levels, delivery),
          // RFC 9659 allows 8 MB, which no level up to 19 passes. An open stream gets 128 KB, for
          // the sake of its neighbours.
          ...(delivery === 'announced' ? {} : { [constants.ZSTD_c_windowLog]: 17 }),
        },
      }),
      flushKind: constants.ZSTD_e_flush,
    }),
  };
}

// First guesses in nanoseconds per byte; the model corrects them with what this machine takes.
function brotliNanoseconds(level: number): number {
  if (level <= 1) return 5;
  if (level <= 4) return 15;
  return level <= 9 ? 30 * (level - 4) : 4000;
}

function streamLevel(levels: Levels, delivery: Delivery): number {
  return delivery === 'announced' ? levels.announced : levels.open;
}

function selectLevel(levels: Levels): (bytes: number) => number {
  return (bytes) => (bytes <= smallBytes ? levels.small : levels.large);
}

// A chunk that is larger than its content is garbage outside the heap, which brings major collections.
// Half is enough for most; of what needs more, a second chunk is joined on.
function chunkSizeFor(body: Buffer): number {
  return Math.min(Math.max(Math.ceil(body.length / 2), 1024), 65_536);
}
