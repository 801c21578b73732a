import type { Middleware } from '@portcullis/core';
import { defineOptions, o } from '@portcullis/core/options';
import type { OptionsDefinition } from '@portcullis/core/options';
import { constants } from 'node:zlib';
import { isCompressibleType } from './content-type.ts';
import type { GzipFilter } from './filter.ts';
import { createMiddleware } from './middleware.ts';
import { gzipOptions } from './options.ts';
import { createSettings } from './settings.ts';

declare namespace compression {
  interface CompressionOptions {
    /** Smallest body to compress, in bytes or as `'1kb'`. Default 1024. */
    threshold?: number | string | undefined;
    /** Decides whether a response may be compressed. Default `compression.filter`. */
    filter?: GzipFilter | undefined;
    /** Level of gzip and deflate: 1 to 9, or -1 for 6. 0, which only stores, is taken for 1. */
    level?: number | undefined;
    /** Only `BROTLI_PARAM_QUALITY` of `params` is used. Default quality 4. */
    brotli?: { params?: Readonly<Record<number, number>> | undefined } | undefined;
    /** Coding for clients that send no Accept-Encoding. Default `'identity'`. */
    enforceEncoding?: 'gzip' | 'deflate' | 'identity' | 'br' | undefined;
    /** Accepted and without effect: memory is chosen by the kind of body. */
    memLevel?: number | undefined;
    /** Accepted and without effect. */
    windowBits?: number | undefined;
    /** Accepted and without effect. */
    chunkSize?: number | undefined;
    /** Accepted and without effect. */
    strategy?: number | undefined;
  }

  /** Answers whether a response may be compressed. */
  type CompressionFilter = GzipFilter;
}

type Options = compression.CompressionOptions;

interface ResolvedCompressionOptions {
  readonly threshold: number;
  readonly filter: GzipFilter | undefined;
  readonly level: number;
  readonly brotli: number;
  readonly enforceEncoding: 'gzip' | 'deflate' | 'identity' | 'br';
  readonly memLevel: number | undefined;
  readonly windowBits: number | undefined;
  readonly chunkSize: number | undefined;
  readonly strategy: number | undefined;
}

interface Compression {
  /**
   * Makes a middleware that takes the options of npm's `compression`.
   *
   * @throws `ERR_PORTCULLIS_OPTIONS` when an option cannot be used.
   */
  (options?: Options): Middleware;
  /** The default filter: by Content-Type. */
  filter: GzipFilter;
}

const defaultLevel = 6;
const defaultBrotliQuality = 4;

const compressionOptions: OptionsDefinition<Options, ResolvedCompressionOptions> = defineOptions({
  package: '@portcullis/gzip/compat',
  area: 'GZIP',
  fields: {
    threshold: o.withDefault(o.bytes(), 1024),
    filter: o.optional(o.fn<GzipFilter>('(req, res) => boolean')),
    level: o.withDefault(o.integer({ min: -1, max: 9 }), -1),
    brotli: o.withDefault(
      o.custom(
        'an object such as { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }',
        parseBrotli,
      ),
      defaultBrotliQuality,
    ),
    enforceEncoding: o.withDefault(o.oneOf(['gzip', 'deflate', 'identity', 'br']), 'identity'),
    memLevel: o.optional(o.number()),
    windowBits: o.optional(o.number()),
    chunkSize: o.optional(o.number()),
    strategy: o.optional(o.number()),
  },
});

function parseBrotli(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const params: unknown = Reflect.get(value, 'params');
  if (params === undefined) return defaultBrotliQuality;
  if (typeof params !== 'object' || params === null) return undefined;
  const quality: unknown = Reflect.get(params, constants.BROTLI_PARAM_QUALITY);
  if (quality === undefined) return defaultBrotliQuality;
  return typeof quality === 'number' && quality >= 0 && quality <= 11 ? quality : undefined;
}

function create(given?: Options): Middleware {
  const { options } = compressionOptions.resolve(given);
  const level = options.level === -1 ? defaultLevel : Math.max(1, options.level);
  const resolved = gzipOptions.resolve({
    minimumSize: options.threshold,
    compressLevel: { gzip: level, deflate: level, br: options.brotli },
    encodings: ['br', 'gzip', 'deflate'],
    filter: options.filter,
  });
  return createMiddleware(createSettings(resolved.options, options.enforceEncoding));
}

const filter: GzipFilter = (_req, res) => {
  const contentType = res.getHeader('Content-Type');
  return contentType !== undefined && isCompressibleType(String(contentType));
};

/** The options and the shape of npm's `compression`, over the same engine as `gzip`. */
const compression: Compression = Object.assign((options?: Options): Middleware => create(options), {
  filter,
});

export = compression;
