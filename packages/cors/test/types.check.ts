import { expectTypeOf } from 'expect-type';
import { cors } from '../src/index.ts';
import type { CorsExplanation, CorsMiddleware, CorsOptions } from '../src/index.ts';
import type { ResolvedCorsOptions } from '../src/options.ts';

// Compiled, never run. What each option takes is compared with its spec where the two meet, in options.ts.
expectTypeOf<keyof CorsOptions>().toEqualTypeOf<keyof ResolvedCorsOptions>();

expectTypeOf(cors).returns.toEqualTypeOf<CorsMiddleware>();
expectTypeOf(cors({}).explain({})).toEqualTypeOf<CorsExplanation>();
cors({ allowOrigins: process.env['ORIGIN'], maxAge: undefined });
cors(async (req) => (req.url === '/' ? { allowOrigins: '*' as const } : false));
cors({
  allowOrigins: async (origin, req) => ({ allow: origin === req.url, vary: ['X-A'] as const }),
});
// @ts-expect-error -- the name of another package
cors({ origin: '*' });
// @ts-expect-error -- `true` for every origin is the way of another package
cors({ allowOrigins: true });
// @ts-expect-error -- a predicate answers yes or no
cors({ allowOrigins: () => 'yes' });
