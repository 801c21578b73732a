/** Compiled, never run: a loaded configuration fits the factories. */
import type { MiddlewareFactory, RequiredMiddlewareFactory } from '@portcullis/core';
import { type Config, defineConfig, loadConfig } from '@portcullis/core/config';
import { expectTypeOf } from 'expect-type';

declare const config: Config;
declare const cors: MiddlewareFactory<{ maxAge?: number | string | undefined }>;
declare const trustedHost: RequiredMiddlewareFactory<{
  allowedHosts: string | readonly string[];
  status?: 400 | 421 | undefined;
}>;
declare const session: RequiredMiddlewareFactory<{
  secretKey: string;
  maxAge?: number | undefined;
}>;

cors(config.cors);
trustedHost(config.trustedHost);
session(config.session);
session({ ...config.session, maxAge: 5 });
expectTypeOf(config.get(cors)).toEqualTypeOf<{ maxAge?: number | string | undefined }>();
void loadConfig({}, { definitions: [cors, trustedHost] });

// @ts-expect-error -- immutable
config.debug = true;

defineConfig({ base: { cors: { maxAge: 5 }, CORS_MAX_AGE: 5, allowedHosts: ['a.example'] } });
defineConfig({ DEBUG: true, SECRET_KEY: 'x' });
defineConfig({ base: class Base {}, production: class extends Object {} });
// @ts-expect-error -- a list of functions
defineConfig({ middleware: 5 });
