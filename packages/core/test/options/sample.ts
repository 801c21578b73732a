import { defineOptions, type InputOf, o, type OptionsDefinition } from '@portcullis/core/options';
import type { Secret, SecretValue } from '@portcullis/core';

/** The options of a middleware such as ours, with one of everything. */
export interface SampleOptions {
  allowOrigins?: readonly (string | RegExp | ((origin: string) => boolean))[] | undefined;
  allowMethods?: readonly string[] | undefined;
  allowCredentials?: boolean | undefined;
  maxAge?: number | string | undefined;
  minimumSize?: number | string | undefined;
  level?: number | undefined;
  sameSite?: 'lax' | 'strict' | 'none' | undefined;
  secretKey: SecretValue | readonly SecretValue[];
  limits?: { perMinute?: number | undefined; names: readonly string[] } | undefined;
}

export interface ResolvedSample {
  readonly allowOrigins: readonly (string | RegExp | ((origin: string) => boolean))[];
  readonly allowMethods: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAge: number;
  readonly minimumSize: number;
  readonly level: number;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly secretKey: readonly Secret[];
  readonly limits: { readonly perMinute: number; readonly names: readonly string[] } | undefined;
}

const fields = {
  allowOrigins: o.withDefault(
    o.list(
      o.either(o.string(), o.regexp(), o.fn<(origin: string) => boolean>('(origin) => boolean')),
    ),
    [],
  ),
  allowMethods: o.withDefault(o.list(o.string()), ['GET']),
  allowCredentials: o.withDefault(o.boolean(), false),
  maxAge: o.withDefault(o.duration(), 600),
  minimumSize: o.withDefault(o.bytes(), 500),
  level: o.withDefault(o.integer({ min: 1, max: 9 }), 6),
  sameSite: o.withDefault(o.oneOf(['lax', 'strict', 'none']), 'lax'),
  secretKey: o.list(o.secret(), { single: true, min: 1 }),
  limits: o.optional(
    o.object({ perMinute: o.withDefault(o.integer({ min: 1 }), 60), names: o.list(o.string()) }),
  ),
};

/** What the table of fields accepts: the type test compares it with the interface. */
export type SampleFields = InputOf<typeof fields>;

export const sample: OptionsDefinition<SampleOptions, ResolvedSample> = defineOptions({
  package: '@portcullis/sample',
  area: 'SAMPLE',
  fields,
});

/** 32 random bytes, as an operator would make them. */
export const goodSecret = 'q3Xc0Zl7vR9tYb1Nw5Ke8Jh2Gf6Ds4Ap-_uMiOoLzTg';
