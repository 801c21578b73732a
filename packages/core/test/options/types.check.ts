/** Compiled, never run: what must and must not type-check. */
import { expectTypeOf } from 'expect-type';
import { defineMiddleware, type Middleware, type MiddlewareFactory } from '@portcullis/core';
import { defineOptions, o, type Spec } from '@portcullis/core/options';
import { sample, type ResolvedSample, type SampleFields, type SampleOptions } from './sample.ts';

// The hand-written interface, which editors show, and the table that is checked are the same.
expectTypeOf<SampleFields>().toEqualTypeOf<SampleOptions>();
expectTypeOf(sample.resolve({}).options).toEqualTypeOf<Readonly<ResolvedSample>>();

export const factory: MiddlewareFactory<SampleOptions> = defineMiddleware({
  name: 'sample',
  options: sample,
  setup(options) {
    expectTypeOf(options.maxAge).toEqualTypeOf<number>();
    return function sampleMiddleware(_req, _res, next) {
      next();
    };
  },
});
expectTypeOf(factory({ secretKey: 'x' })).toEqualTypeOf<Middleware>();

// @ts-expect-error -- an option that does not exist
factory({ secretKey: 'x', maxage: 5 });
// @ts-expect-error -- a required option left out
factory({ maxAge: 5 });
// @ts-expect-error -- not one of the words
factory({ secretKey: 'x', sameSite: 'Lax' });

defineOptions<{ size?: number }, { readonly size: number }>({
  package: 'x',
  area: 'X',
  // @ts-expect-error -- a resolved option without a spec
  fields: {},
});
defineOptions<{ size?: number }, { readonly size: number }>({
  package: 'x',
  area: 'X',
  // @ts-expect-error -- a spec that gives another type
  fields: { size: o.string() },
});
defineOptions<{ size?: number }, { readonly size: number }>({
  package: 'x',
  area: 'X',
  // @ts-expect-error -- undefined is not a number: a default is missing
  fields: { size: o.optional(o.number()) },
});
defineOptions<{ size?: number }, { readonly size: number }>({
  package: 'x',
  area: 'X',
  fields: { size: o.withDefault(o.number(), 5) },
  // @ts-expect-error -- an alias of an option that does not exist
  aliases: { length: 'sise' },
});

expectTypeOf(o.oneOf(['a', 'b'])).toEqualTypeOf<Spec<'a' | 'b', 'a' | 'b'>>();
expectTypeOf(o.either(o.boolean(), o.duration())).toEqualTypeOf<
  Spec<boolean | number, boolean | number | string>
>();
expectTypeOf(o.list(o.string(), { single: true })).toEqualTypeOf<
  Spec<readonly string[], string | readonly string[]>
>();

// A middleware may add members to what the factory returns.
interface Counting extends Middleware {
  readonly count: () => number;
}
export const counting: MiddlewareFactory<SampleOptions, Counting> = defineMiddleware({
  name: 'counting',
  options: sample,
  setup: (): Counting =>
    Object.assign(((_req, _res, next) => next()) satisfies Middleware, { count: () => 1 }),
});
expectTypeOf(counting({ secretKey: '' }).count()).toEqualTypeOf<number>();
