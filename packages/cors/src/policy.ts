import type { ForwardedFamily, RequestTrust, Trust } from '@portcullis/core/http';
import { nothingGranted } from './access-control.ts';
import type { AccessControl } from './access-control.ts';
import { compileOrigins } from './origin-match.ts';
import type { OriginMatcher } from './origin-match.ts';
import type { AllowOrigin, OriginPredicate, OriginRule } from './origin-rule.ts';
import type { ResolvedCorsOptions } from './options.ts';
import { compilePreflight } from './preflight.ts';
import type { PreflightPolicy } from './preflight.ts';

/** Checked options in the form in which requests are answered. Holds no state. */
export interface Policy {
  readonly origins: OriginMatcher;
  readonly predicates: readonly OriginPredicate[];
  /** What an actual response to an allowed origin gets; the origin's place is empty unless it is a literal `*`. */
  readonly granted: AccessControl;
  readonly literal: boolean;
  readonly preflight: PreflightPolicy;
  readonly preflightContinue: boolean;
  readonly debug: boolean;
  readonly enforce: boolean;
  readonly requireOrigin: boolean;
  readonly trust: RequestTrust;
  readonly effective: EffectiveCorsOptions;
}

/** The options that a middleware works with: defaults filled in, names and origins in canonical form. Frozen. */
export interface EffectiveCorsOptions extends Readonly<
  Omit<ResolvedCorsOptions, 'allowOrigins' | 'allowOriginRegex'>
> {
  readonly allowOrigins: readonly AllowOrigin[];
  readonly allowOriginRegex: RegExp | undefined;
}

export function compilePolicy(options: ResolvedCorsOptions): Policy {
  const { allowOrigins, allowOriginRegex, allowCredentials, exposeHeaders } = options;
  const rules = allowOriginRegex === undefined ? allowOrigins : [...allowOrigins, allowOriginRegex];
  // With credentials browsers refuse a literal `*`, so the origin is named instead.
  const literal = rules.some(({ kind }) => kind === 'any') && !allowCredentials;
  const granted = nothingGranted.slice();
  granted[0] = literal ? '*' : '';
  granted[1] = allowCredentials ? 'true' : undefined;
  granted[2] = exposeHeaders.length === 0 ? undefined : exposeHeaders.join(', ');
  return Object.freeze({
    origins: compileOrigins(rules, {
      allowNull: options.dangerouslyAllowNullOrigin,
      anyIncludesNull: literal,
    }),
    predicates: rules.flatMap((rule) => (rule.kind === 'predicate' ? [rule.ask] : [])),
    granted,
    literal,
    preflight: compilePreflight(options, literal),
    preflightContinue: options.preflightContinue,
    debug: options.debug,
    enforce: options.enforce,
    requireOrigin: options.requireOrigin,
    trust: requestTrust(options.trustProxy, options.forwarded),
    effective: Object.freeze({
      ...options,
      allowOrigins: Object.freeze(allowOrigins.map((rule) => asGiven(rule))),
      allowOriginRegex: allowOriginRegex?.expression,
    }),
  });
}

/** The values for an actual response to an allowed origin. */
export function grantTo(policy: Policy, origin: string): AccessControl {
  if (policy.literal) return policy.granted;
  const values = policy.granted.slice();
  values[0] = origin;
  return values;
}

function requestTrust(
  trust: Trust | undefined,
  forwarded: ForwardedFamily | undefined,
): RequestTrust {
  return Object.freeze({ trust, forwarded });
}

function asGiven(rule: OriginRule): AllowOrigin {
  switch (rule.kind) {
    case 'any':
      return '*';
    case 'null':
      return 'null';
    case 'pattern':
      return rule.text;
    case 'regexp':
      return rule.expression;
    case 'predicate':
      return rule.ask;
  }
}
