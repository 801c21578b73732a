/**
 * CORS for Express, Connect and `node:http`: which pages of other origins may read your responses.
 *
 * @packageDocumentation
 */
export { cors, type CorsFactory } from './cors.ts';
export type { CorsOptions } from './options.ts';
export type { CorsDecision } from './decision-channel.ts';
export type { CorsExplanation, CorsQuestion } from './explain.ts';
export type { CorsMiddleware } from './instance.ts';
export type { AllowOrigin, OriginAnswer, OriginPredicate } from './origin-rule.ts';
export type { EffectiveCorsOptions } from './policy.ts';
export type { CorsOptionsFor } from './policy-lookup.ts';
export type { PreflightFailure } from './preflight.ts';
