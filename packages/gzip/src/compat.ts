import { defineMiddleware } from '@portcullis/core';
import type { Middleware } from '@portcullis/core';
import { defineOptions, o, quote } from '@portcullis/core/options';
import type { OptionsDefinition, Report } from '@portcullis/core/options';
import { constants } from 'node:zlib';
import { isCompressibleType } from './content-type.ts';
import type { GzipFilter } from './filter.ts';
import { createMiddleware } from './middleware.ts';
import { gzipOptions } from './options.ts';
import { createSettings } from './settings.ts';

declare namespace compression {
  interface CompressionOptions {
    /** Smallest body to compress, in bytes or as `'1kb'`; with 0 also those that grow. Default 1024. */
    threshold?: number | string | undefined;
    /** Decides whether a response may be compressed. Default `compression.filter`. */
    filter?: GzipFilter | undefined;
    /** Level of gzip and deflate: 1 to 9, or -1 for 6. 0, which only stores, is taken for 1. */
    level?: number | undefined;
    /** Only `BROTLI_PARAM_QUALITY` of `params` is used. Default quality 4. */
    brotli?: { params?: Readonly<Record<number, number>> | undefined } | undefined;
    /** Coding for clients whose Accept-Encoding is missing or empty. Any other text is `'identity'`, the default. */
    enforceEncoding?: 'gzip' | 'deflate' | 'identity' | 'br' | undefined;
    /** Accepted and without effect: memory is chosen by the kind of body. */
    memLevel?: number | undefined;
    /** Accepted and without effect. */
    windowBits?: number | undefined;
    /** Accepted and without effect. */
    chunkSize?: number | undefined;
    /** Accepted and without effect. */
    strategy?: number | undefined;
    /** Accepted and without effect: streams are flushed when they pause. */
    flush?: number | undefined;
    /** Accepted and without effect. */
    finishFlush?: number | undefined;
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
  readonly enforceEncoding: string;
  readonly memLevel: number | undefined;
  readonly windowBits: number | undefined;
  readonly chunkSize: number | undefined;
  readonly strategy: number | undefined;
  readonly flush: number | undefined;
  readonly finishFlush: number | undefined;
}

interface Compression {
  /**
   * Makes a middleware that takes the options of npm's `compression`.
   *
   * @throws `ERR_PORTCULLIS_OPTIONS` when an option cannot be used.
   */
  (options?: Options | null): Middleware;
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
    enforceEncoding: o.withDefault(o.string(), 'identity'),
    memLevel: o.optional(o.number()),
    windowBits: o.optional(o.number()),
    chunkSize: o.optional(o.number()),
    strategy: o.optional(o.number()),
    flush: o.optional(o.number()),
    finishFlush: o.optional(o.number()),
  },
  rules: [warnOfUnknownEncoding],
});

const enforceable = ['gzip', 'deflate', 'identity', 'br'];

function warnOfUnknownEncoding(
  { enforceEncoding }: ResolvedCompressionOptions,
  report: Report,
): void {
  if (enforceable.includes(enforceEncoding)) return;
  report.warning({
    code: 'GZIP_UNKNOWN_ENCODING',
    path: 'enforceEncoding',
    message: `${quote(enforceEncoding)} is no coding, so clients without Accept-Encoding get the plain form`,
    hint: `write one of ${enforceable.join(', ')}`,
  });
}

function parseBrotli(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const params: unknown = Reflect.get(value, 'params');
  if (params === undefined) return defaultBrotliQuality;
  if (typeof params !== 'object' || params === null) return undefined;
  const quality: unknown = Reflect.get(params, constants.BROTLI_PARAM_QUALITY);
  if (quality === undefined) return defaultBrotliQuality;
  return typeof quality === 'number' && quality >= 0 && quality <= 11 ? quality : undefined;
}

const create = defineMiddleware<Options, ResolvedCompressionOptions>({
  name: 'compression',
  options: compressionOptions,
  setup: ({ threshold, filter, level: given, brotli, enforceEncoding }) => {
    const level = given === -1 ? defaultLevel : Math.max(1, given);
    const { options } = gzipOptions.resolve({
      minimumSize: threshold,
      compressLevel: { gzip: level, deflate: level, br: brotli },
      encodings: ['br', 'gzip', 'deflate'],
      filter,
    });
    const settings = createSettings(
      options,
      enforceable.includes(enforceEncoding) ? enforceEncoding : 'identity',
    );
    if (threshold > 0) return createMiddleware(settings);
    // There a threshold of 0 means everything, and is what people write in tests with tiny bodies.
    return createMiddleware(Object.freeze({ ...settings, worthwhile: Infinity }));
  },
});

const filter: GzipFilter = (_req, res) => {
  const contentType = res.getHeader('Content-Type');
  return contentType !== undefined && isCompressibleType(String(contentType));
};

/** The options and the shape of npm's `compression`, over the same engine as `gzip`. */
const compression: Compression = Object.assign(
  // All arguments, so that `app.use(compression)` gets the message that `defineMiddleware` has for it.
  (...given: readonly [options?: Options | null | undefined]): Middleware =>
    given[0] === null ? create() : create(...(given as [Options?])),
  { filter },
);

export = compression;
