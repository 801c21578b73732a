import type { OptionsDefinition, Report } from '@portcullis/core/options';
import { defineOptions, o } from '@portcullis/core/options';
import type { Encoding } from './encoding.ts';
import { defaultEncodings, runtimeHas } from './encoding.ts';
import type { EtagMode } from './etag.ts';
import type { GzipFilter } from './filter.ts';
import { canJitter } from './length-jitter.ts';
import { levelRanges, type LevelsByEncoding } from './levels.ts';

/** Options of {@link gzip}. */
export interface GzipOptions {
  /**
   * Bodies smaller than this many bytes are sent as they are: bytes, or text such as `'1kb'`.
   * A body that comes in pieces is held until it reaches this size, ends, is flushed, or the turn
   * of the event loop is over; a stream that is still open then is compressed whatever its size.
   *
   * @defaultValue `500`
   */
  minimumSize?: number | string | undefined;
  /**
   * How hard to try. A number from 1 to 9 is the level of gzip and deflate alone; an object sets
   * each coding: gzip and deflate 1 to 9, `br` 0 to 11, `zstd` 1 to 19.
   *
   * @defaultValue gzip and deflate 6 (4 for whole bodies above 16 KB), `br` 4, `zstd` 3
   */
  compressLevel?: number | GzipLevels | undefined;
  /**
   * The codings to use, best first: the order decides when the client likes several equally.
   * `zstd` is left out, with a warning when it was asked for, where `node:zlib` lacks it
   * (before Node 22.15). Flushed and open-ended streams use gzip whatever the order, if it is in
   * the list and the client takes it, because an idle stream of another coding holds more memory.
   *
   * @defaultValue `['zstd', 'br', 'gzip', 'deflate']`
   */
  encodings?: readonly Encoding[] | undefined;
  /**
   * Decides instead of the table of content types. What HTTP forbids to compress stays as it is
   * even if this answers `true`. If it throws, the response is sent uncompressed.
   *
   * @defaultValue `isCompressibleType` of the Content-Type
   */
  filter?: GzipFilter | undefined;
  /**
   * Content types never to compress, as `type/subtype` or `type/*`, besides those that the filter
   * refuses.
   *
   * @defaultValue `[]`
   */
  excludeContentTypes?: readonly string[] | undefined;
  /**
   * What becomes of a strong `ETag` when the body is compressed: two codings of one resource must
   * not share it (RFC 9110 8.8.3.3).
   * - `'weaken'`: `"x"` becomes `W/"x"`. Such a tag never matches in `If-Match` or `If-Range`.
   * - `'suffix'`: `"x"` becomes `"x-gzip"`; the suffix is taken off the request's `If-None-Match`
   *   and `If-Match` before the application reads them.
   * - `'drop'`: the header goes.
   * - `'keep'`: it stays as it is; caches may then mix up the codings.
   *
   * @defaultValue `'weaken'`
   */
  etag?: EtagMode | undefined;
  /**
   * Keeps the compressed form of bodies that are sent again and again, found by their content and
   * compared byte by byte. `true` keeps up to 8 MB, `maxBytes` sets another bound (both forms of a
   * body count). Answers with `Set-Cookie` or `Cache-Control: private` or `no-store` never enter.
   *
   * @defaultValue `false`
   */
  cache?: boolean | GzipCacheOptions | undefined;
  /**
   * Makes it harder to guess secrets from the length of compressed answers (BREACH). `true` turns
   * both measures on. It raises the attacker's cost; only keeping secrets out of bodies that also
   * hold the client's input removes the attack.
   *
   * @defaultValue `false`
   */
  breach?: boolean | GzipBreachOptions | undefined;
  /**
   * How long compressing one body may occupy the event loop, in seconds or as text such as
   * `'0.4ms'`. Bodies that would probably take longer are compressed in the thread pool, as are those
   * that would take one turn of the loop beyond five times this; `0` sends all of them there.
   *
   * @defaultValue `'0.4ms'`
   */
  syncBudget?: number | string | undefined;
  /**
   * What a client gets that refuses every form there is (`*;q=0`, or `identity;q=0` with no coding
   * of ours): the plain form, as RFC 9110 12.5.3 allows and nearly all servers do, or status 406.
   *
   * @defaultValue `'identity'`
   */
  onUnacceptable?: 'identity' | 406 | undefined;
}

/** Levels per coding; what is left out keeps its default. */
export interface GzipLevels {
  /** 1 (fast) to 9 (small). */
  gzip?: number | undefined;
  /** 1 (fast) to 9 (small). */
  deflate?: number | undefined;
  /** 0 (fast) to 11 (small, and hundreds of times slower than 4). 0 and 1 never apply to streams. */
  br?: number | undefined;
  /** 1 (fast) to 19 (small). */
  zstd?: number | undefined;
}

/** The variant cache. */
export interface GzipCacheOptions {
  /**
   * Bytes to keep at most, or text such as `'32mb'`; one body may take a quarter of it.
   *
   * @defaultValue `'8mb'`
   */
  maxBytes?: number | string | undefined;
}

/** Measures against BREACH. */
export interface GzipBreachOptions {
  /**
   * Sends requests that carry cookies and come from another site (`Sec-Fetch-Site: cross-site`)
   * uncompressed answers. Links from other sites to your pages are such requests too.
   *
   * @defaultValue `true`
   */
  crossSite?: boolean | undefined;
  /**
   * Adds 1 to this many bytes to every compressed body, which decoders skip; 0 adds none. Only gzip
   * and zstd have a place for them, so the other codings are then not used.
   *
   * @defaultValue `32`
   */
  jitter?: number | undefined;
}

/** Options after the check. */
export interface ResolvedGzipOptions {
  readonly minimumSize: number;
  readonly compressLevel: number | LevelsByEncoding | undefined;
  readonly encodings: readonly Encoding[] | undefined;
  readonly filter: GzipFilter | undefined;
  readonly excludeContentTypes: readonly string[];
  readonly etag: EtagMode;
  readonly cache: boolean | { readonly maxBytes: number };
  readonly breach: boolean | ResolvedBreach;
  /** Seconds. */
  readonly syncBudget: number;
  readonly onUnacceptable: 'identity' | 406;
}

export interface ResolvedBreach {
  readonly crossSite: boolean;
  readonly jitter: number;
}

export const defaultCacheBytes: number = 8 * 1024 * 1024;
const defaultJitter = 32;

/** The measures that are on. */
export function breachMeasures(breach: boolean | ResolvedBreach): ResolvedBreach {
  if (typeof breach === 'object') return breach;
  return breach ? { crossSite: true, jitter: defaultJitter } : { crossSite: false, jitter: 0 };
}

/** The codings that this runtime has and the other options leave, best first. */
export function usableEncodings(
  options: Pick<ResolvedGzipOptions, 'encodings' | 'breach'>,
): Encoding[] {
  const { jitter } = breachMeasures(options.breach);
  const usable = (options.encodings ?? defaultEncodings).filter(
    (encoding) => runtimeHas(encoding) && (jitter === 0 || canJitter(encoding)),
  );
  return [...new Set(usable)];
}

function checkEncodings(options: Readonly<ResolvedGzipOptions>, report: Report): void {
  if (usableEncodings(options).length === 0) {
    const { jitter } = breachMeasures(options.breach);
    report.error({
      code: 'GZIP_NO_ENCODING',
      path: 'encodings',
      message:
        jitter > 0
          ? 'leaves nothing to compress with: "breach.jitter" works with "gzip" and "zstd" only'
          : 'leaves nothing to compress with: this Node has no zstd',
      hint: 'add "gzip"',
    });
  } else if (options.encodings?.includes('zstd') === true && !runtimeHas('zstd')) {
    report.warning({
      code: 'GZIP_ZSTD_MISSING',
      path: 'encodings',
      message: `asks for "zstd", which Node ${process.versions.node} lacks; the other codings are used`,
      hint: 'use Node 22.15 or later, or leave "zstd" out',
    });
  }
}

const level = (encoding: Encoding): ReturnType<typeof o.optional<number, number>> =>
  o.optional(o.integer(levelRanges[encoding]));

const contentTypePattern = o.string({
  expected: 'a content type such as "text/csv" or "video/*"',
  check: (text) => /^[\w.+-]+\/(?:\*|[\w.+-]+)$/.test(text),
});

export const gzipOptions: OptionsDefinition<GzipOptions, ResolvedGzipOptions> = defineOptions({
  package: '@portcullis/gzip',
  area: 'GZIP',
  suggestions: { threshold: 'minimumSize', level: 'compressLevel', compresslevel: 'compressLevel' },
  fields: {
    minimumSize: o.withDefault(o.bytes(), 500),
    compressLevel: o.optional(
      o.either(
        o.integer(levelRanges.gzip),
        o.object({
          gzip: level('gzip'),
          deflate: level('deflate'),
          br: level('br'),
          zstd: level('zstd'),
        }),
      ),
    ),
    encodings: o.optional(o.list(o.oneOf(['zstd', 'br', 'gzip', 'deflate']), { min: 1 })),
    filter: o.optional(o.fn<GzipFilter>('(req, res) => boolean')),
    excludeContentTypes: o.withDefault(o.list(contentTypePattern), []),
    etag: o.withDefault(o.oneOf(['weaken', 'suffix', 'drop', 'keep']), 'weaken'),
    cache: o.withDefault(
      o.either(
        o.boolean(),
        o.object({ maxBytes: o.withDefault(o.bytes({ min: 1024 }), defaultCacheBytes) }),
      ),
      false,
    ),
    breach: o.withDefault(
      o.either(
        o.boolean(),
        o.object({
          crossSite: o.withDefault(o.boolean(), true),
          jitter: o.withDefault(o.integer({ min: 0, max: 1024 }), defaultJitter),
        }),
      ),
      false,
    ),
    syncBudget: o.withDefault(o.duration({ max: 1 }), 0.0004),
    onUnacceptable: o.withDefault(o.oneOf(['identity', 406]), 'identity'),
  },
  rules: [checkEncodings],
});
