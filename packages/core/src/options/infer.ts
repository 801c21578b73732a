import type { Spec } from './spec.ts';

/** What a spec makes of a value. */
export type OutputOfSpec<S> = S extends Spec<infer Out> ? Out : never;

/** What may be given to a spec. */
export type InputOfSpec<S> = S extends Spec<unknown, infer In> ? In : never;

type Flat<T> = { [K in keyof T]: T[K] };

/**
 * The options that a table of fields accepts. For a type test that keeps it and the hand-written,
 * documented interface equal: `expectTypeOf<InputOf<typeof fields>>().toEqualTypeOf<CorsOptions>()`.
 */
export type InputOf<F> = Flat<
  {
    -readonly [K in keyof F as undefined extends InputOfSpec<F[K]> ? never : K]: InputOfSpec<F[K]>;
  } & {
    -readonly [K in keyof F as undefined extends InputOfSpec<F[K]> ? K : never]?: InputOfSpec<F[K]>;
  }
>;

/** What a table of fields makes of the options. */
export type OutputOf<F> = Flat<{ readonly [K in keyof F]: OutputOfSpec<F[K]> }>;

/** A table that has exactly one spec for every resolved option, of its type. */
export type FieldsOf<Resolved> = { readonly [K in keyof Resolved]-?: Spec<Resolved[K]> };
