import { createNotices, defineMiddleware } from '@portcullis/core';
import type { MiddlewareFactory } from '@portcullis/core';
import { createCors } from './instance.ts';
import type { CorsMiddleware } from './instance.ts';
import { corsOptions } from './options.ts';
import type { CorsOptions, ResolvedCorsOptions } from './options.ts';
import { compilePolicy } from './policy.ts';
import { lookUpPolicies } from './policy-lookup.ts';
import type { CorsOptionsFor } from './policy-lookup.ts';

const fixed = defineMiddleware<CorsOptions, ResolvedCorsOptions, CorsMiddleware>({
  name: 'cors',
  options: corsOptions,
  order: { after: ['trustedHost', 'httpsRedirect'], before: ['gzip', 'session'] },
  setup: (options) => createCors(createNotices(), compilePolicy(options)),
});

/** The type of {@link cors}. */
export type CorsFactory = MiddlewareFactory<CorsOptions | CorsOptionsFor, CorsMiddleware>;

/**
 * Answers CORS preflights and marks actual responses for the origins you allow.
 *
 * Mount it before anything that may answer `OPTIONS` (routers, authentication), otherwise browsers never see the
 * preflight answer. CORS does not block requests: it lets browsers hide responses from pages. See `enforce`.
 *
 * @param options - Checked here, once; or a function that chooses options for each request.
 * @throws `ERR_PORTCULLIS_OPTIONS` with every option that cannot be used.
 * @example
 * app.use(cors({ allowOrigins: ['https://app.example'], allowMethods: ['GET', 'POST'] }));
 */
export const cors: CorsFactory = Object.assign(corsFactory, { definition: fixed.definition });
Object.defineProperty(cors, 'name', { value: 'cors' });

function corsFactory(...given: readonly [options?: CorsOptions | CorsOptionsFor]): CorsMiddleware {
  const [options] = given;
  if (typeof options === 'function') {
    const notices = createNotices();
    return createCors(notices, lookUpPolicies(options, notices));
  }
  // All arguments, so that `app.use(cors)` gets the message that `defineMiddleware` has for it.
  return fixed(...(given as [CorsOptions?]));
}
