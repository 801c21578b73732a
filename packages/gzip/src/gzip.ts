import { defineMiddleware } from '@portcullis/core';
import type { MiddlewareFactory } from '@portcullis/core';
import { createMiddleware } from './middleware.ts';
import type { GzipOptions } from './options.ts';
import { gzipOptions } from './options.ts';
import { createSettings } from './settings.ts';

/**
 * Compresses responses with the coding that client, runtime and options agree on.
 *
 * Mount it before what answers, because it can only change answers that come after it. It replaces
 * no header of a response that it leaves alone, and never sends a coded body that is not smaller.
 *
 * @param options - Checked here, once; all problems are reported in one error.
 * @throws `ERR_PORTCULLIS_OPTIONS` when an option cannot be used.
 * @example
 * app.use(gzip({ minimumSize: 1000 }));
 */
export const gzip: MiddlewareFactory<GzipOptions> = defineMiddleware({
  name: 'gzip',
  options: gzipOptions,
  order: { after: ['cors'], before: ['session'] },
  setup: (options) => createMiddleware(createSettings(options)),
});
