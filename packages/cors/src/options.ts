import type { ForwardedFamily, Trust, TrustProxy } from '@portcullis/core/http';
import { defineOptions, o, quote } from '@portcullis/core/options';
import type { InputOf, OptionsDefinition, Spec } from '@portcullis/core/options';
import { faultOfAllowedHeader, faultOfExposedHeader } from './header-name.ts';
import type { HeaderNameFault } from './header-name.ts';
import { parseMethod } from './method.ts';
import { originExpected, parseOriginRule, parseRegExpRule } from './origin-rule.ts';
import type { AllowOrigin, OriginRule, RegExpRule } from './origin-rule.ts';
import { corsRules } from './option-rules.ts';

/** Options of {@link cors}. */
export interface CorsOptions {
  /**
   * Origins whose pages may read your responses: `'https://app.example'`, a pattern (`'https://*.app.example'` for
   * every subdomain but not `app.example` itself, `'http://localhost:*'` for every port), a `URL`, a RegExp (always
   * matched against the whole origin), a function, or `'*'` for everybody. One entry may stand without a list.
   *
   * @defaultValue `[]`: no other origin
   */
  allowOrigins?: AllowOrigin | readonly AllowOrigin[] | undefined;
  /**
   * One more expression that the whole origin may match, also as text. A pattern in `allowOrigins` is safer: it cannot
   * match across a label, and needs no escaping.
   */
  allowOriginRegex?: RegExp | string | undefined;
  /**
   * Methods that a page may use, checked when the browser asks; `'*'` for DELETE, GET, HEAD, OPTIONS, PATCH, POST
   * and PUT. Methods are case-sensitive. Not a check of actual requests: your routes do that.
   *
   * @defaultValue `['GET']`
   */
  allowMethods?: string | readonly string[] | undefined;
  /**
   * Request headers that a page may set; `'*'` for any, `Authorization` included. `Accept`, `Accept-Language`,
   * `Content-Language` and `Content-Type` are always allowed.
   *
   * @defaultValue `[]`
   */
  allowHeaders?: string | readonly string[] | undefined;
  /**
   * Lets pages of the allowed origins send cookies and read what the user may read. With `'*'` every site on the web
   * may act as your user: name the origins.
   *
   * @defaultValue `false`
   */
  allowCredentials?: boolean | undefined;
  /**
   * Response headers that a page may read besides the usual ones (`Content-Type`, `Cache-Control` and a few more).
   *
   * @defaultValue `[]`
   */
  exposeHeaders?: string | readonly string[] | undefined;
  /**
   * How long a browser may reuse a preflight answer, in seconds (0 to 86400) or as text (`'10m'`). Browsers cap it:
   * Chromium at 7200, Firefox at 86400, Safari at 600. `0` asks them not to keep it.
   *
   * @defaultValue `600`
   * @see https://fetch.spec.whatwg.org/#http-access-control-max-age
   */
  maxAge?: number | string | undefined;
  /**
   * Hands preflights on to your own `OPTIONS` handlers, with the headers set, instead of answering them.
   *
   * @defaultValue `false`
   */
  preflightContinue?: boolean | undefined;
  /**
   * Status of a preflight that passed, from 200 to 299. With 204 the answer has no body.
   *
   * @defaultValue `200`
   */
  successStatus?: number | undefined;
  /**
   * Answers `Access-Control-Request-Private-Network` of older Chromium versions. Browsers now ask the user instead
   * (Local Network Access) and read no header.
   *
   * @defaultValue `false`
   */
  allowPrivateNetwork?: boolean | undefined;
  /**
   * Refuses a WebSocket handshake without `Origin`. Browsers always send one; other clients usually do not.
   *
   * @defaultValue `false`
   */
  requireOrigin?: boolean | undefined;
  /**
   * Refuses unsafe requests (anything but GET, HEAD, OPTIONS) that a browser sends from another origin that is not
   * allowed, with 403. CORS alone lets such requests run and only hides the response.
   *
   * @defaultValue `false`
   */
  enforce?: boolean | undefined;
  /**
   * Turns every warning about these options into an error.
   *
   * @defaultValue `false`
   */
  strict?: boolean | undefined;
  /**
   * Explains refused preflights in their body, and lets the browser name a refused method or header, which costs
   * allowed origins a look at your list. Other origins never get an `Access-Control-*` header.
   *
   * @defaultValue `false`
   */
  debug?: boolean | undefined;
  /**
   * Whose forwarded headers tell the scheme and host that "same origin" means. Only handshakes and `enforce` ask.
   *
   * @defaultValue the app's own `trust proxy`, else nobody
   */
  trustProxy?: TrustProxy | undefined;
  /** Which family of forwarded headers your proxy manages. Default: `'x-forwarded'`. */
  forwarded?: ForwardedFamily | undefined;
  /** Says that `'*'` with `allowCredentials` is meant: every site may act as your users. Silences the warning. */
  dangerouslyAllowAnyOriginWithCredentials?: boolean | undefined;
  /** Allows the origin `null`: sandboxed frames and `data:` pages of any site, and files. */
  dangerouslyAllowNullOrigin?: boolean | undefined;
  /** Allows patterns below which anyone can get a name, such as `https://*.github.io`. */
  dangerouslyAllowPublicSuffix?: boolean | undefined;
}

/** What {@link CorsOptions} become when they have been checked. */
export interface ResolvedCorsOptions {
  readonly allowOrigins: readonly OriginRule[];
  readonly allowOriginRegex: RegExpRule | undefined;
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly exposeHeaders: readonly string[];
  readonly maxAge: number;
  readonly preflightContinue: boolean;
  readonly successStatus: number;
  readonly allowPrivateNetwork: boolean;
  readonly requireOrigin: boolean;
  readonly enforce: boolean;
  readonly strict: boolean;
  readonly debug: boolean;
  readonly trustProxy: Trust | undefined;
  readonly forwarded: ForwardedFamily | undefined;
  readonly dangerouslyAllowAnyOriginWithCredentials: boolean;
  readonly dangerouslyAllowNullOrigin: boolean;
  readonly dangerouslyAllowPublicSuffix: boolean;
}

const flag = (): Spec<boolean, boolean | undefined> => o.withDefault(o.boolean(), false);

function names(
  expected: string,
  faultOf: (name: string) => HeaderNameFault | undefined,
): Spec<readonly string[], readonly string[] | string | undefined> {
  const name = o.custom<string>(expected, (value, fail) => {
    if (typeof value !== 'string') return undefined;
    const problem = value === '*' ? undefined : faultOf(value);
    if (problem === undefined) return value;
    const { code, fault, hint } = problem;
    return fail({ code, hint, message: `${quote(value)} ${fault}` });
  });
  return o.withDefault(o.list(name, { single: true }), []);
}

const method = o.custom<string>('a method', (value, fail) => {
  if (typeof value !== 'string') return undefined;
  const parsed = value === '*' ? value : parseMethod(value);
  if (typeof parsed === 'string') return parsed;
  const { code, fault, hint } = parsed;
  return fail({ code, hint, message: `${quote(value)} cannot be allowed: ${fault}` });
});

const origin = o.custom<OriginRule, AllowOrigin>(originExpected, parseOriginRule);

const fields = {
  allowOrigins: o.withDefault(o.list(origin, { single: true }), []),
  allowOriginRegex: o.optional(
    o.custom<RegExpRule, RegExp | string>('a regular expression', parseRegExpRule),
  ),
  allowMethods: o.withDefault(o.list(method, { single: true }), ['GET']),
  allowHeaders: names('a header name', faultOfAllowedHeader),
  allowCredentials: flag(),
  exposeHeaders: names('a header name', faultOfExposedHeader),
  maxAge: o.withDefault(o.duration({ min: 0, max: 86_400 }), 600),
  preflightContinue: flag(),
  successStatus: o.withDefault(o.integer({ min: 200, max: 299 }), 200),
  allowPrivateNetwork: flag(),
  requireOrigin: flag(),
  enforce: flag(),
  strict: flag(),
  debug: flag(),
  trustProxy: o.optional(o.trustProxy()),
  forwarded: o.optional(o.forwarded()),
  dangerouslyAllowAnyOriginWithCredentials: flag(),
  dangerouslyAllowNullOrigin: flag(),
  dangerouslyAllowPublicSuffix: flag(),
};

/** The options as the configuration of the whole stack sees them. */
// `InputOf` keeps the interface above and the specs in step.
export const corsOptions: OptionsDefinition<CorsOptions, ResolvedCorsOptions> = defineOptions<
  InputOf<typeof fields>,
  ResolvedCorsOptions
>({
  package: '@portcullis/cors',
  area: 'CORS',
  fields,
  suggestions: {
    credentials: 'allowCredentials',
    exposedHeaders: 'exposeHeaders',
    headers: 'allowHeaders',
    methods: 'allowMethods',
    optionsSuccessStatus: 'successStatus',
    origin: 'allowOrigins',
    origins: 'allowOrigins',
    supportsCredentials: 'allowCredentials',
    maxAgeSeconds: 'maxAge',
  },
  strict: 'strict',
  rules: corsRules,
});
