/** Response compression: gzip, deflate, brotli and zstd. */
export { isCompressibleType } from './content-type.ts';
export type { GzipDecision, GzipReason } from './decisions.ts';
export type { Encoding } from './encoding.ts';
export type { EtagMode } from './etag.ts';
export type { GzipFilter } from './filter.ts';
export { gzip } from './gzip.ts';
export type { GzipBreachOptions, GzipCacheOptions, GzipLevels, GzipOptions } from './options.ts';
