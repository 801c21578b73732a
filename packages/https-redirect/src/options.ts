import type { IncomingMessage } from 'node:http';
import type { ForwardedFamily, Host, HostPattern, Trust, TrustProxy } from '@portcullis/core/http';
import { defineOptions, o, type InputOf, type OptionsDefinition } from '@portcullis/core/options';
import { hostListSpec, hostSpec } from './host-options.ts';
import { checkPreload, hstsSpec, type ResolvedHsts } from './hsts-options.ts';
import { portSpec } from './port.ts';
import { protoHeadersSpec } from './proto-headers.ts';

/**
 * `'auto'` drops 80 and 443 and keeps any other port; `'keep'` and `'drop'` do as they say; a number is the
 * port of the https server; a map gives one for each http port, with `'auto'` for the others.
 */
export type PortRule = 'auto' | 'keep' | 'drop' | number | Readonly<Record<number, number>>;

/** Strict-Transport-Security (RFC 6797). */
export interface HstsOptions {
  /**
   * How long browsers stay with https, in seconds or as `'365d'`. `0` makes them forget.
   *
   * @defaultValue `'365d'`
   */
  maxAge?: number | string | undefined;
  /**
   * Whether the rule covers every subdomain too, also those that have no https.
   *
   * @defaultValue `true`
   */
  includeSubDomains?: boolean | undefined;
  /**
   * Asks for the browsers' built-in list; hard to undo. Needs a year or more and `includeSubDomains`.
   *
   * @defaultValue `false`
   */
  preload?: boolean | undefined;
  /** Hosts that never get the header, besides addresses and `localhost`; patterns as in `allowedHosts`. */
  excludeHosts?: string | readonly string[] | undefined;
}

/** Options of {@link httpsRedirect}. */
export interface HttpsRedirectOptions {
  /**
   * 301 and 302 let clients turn POST into GET, so other methods than GET and HEAD get 308 and 307 for them.
   * 301 and 308 are kept by browsers for good.
   *
   * @defaultValue `307`
   */
  status?: 301 | 302 | 307 | 308 | undefined;
  /**
   * `'reject'` answers 403 instead: for APIs, where a redirect only comes after the secret was sent in the clear.
   *
   * @defaultValue `'redirect'`
   */
  insecure?: 'redirect' | 'reject' | undefined;
  /** Redirects always to this host, with its port if it has one, whatever the request says. */
  host?: string | undefined;
  /** Hosts that may be redirected to; others get 400. Needless after `trustedHost()`. Text or list, patterns as there. */
  allowedHosts?: string | readonly string[] | undefined;
  /** @defaultValue `'auto'` */
  port?: PortRule | undefined;
  /** Paths that stay on http, such as `/.well-known/acme-challenge/` and health checks; or a function. */
  exempt?: readonly string[] | ((req: IncomingMessage) => boolean) | undefined;
  /**
   * Whose forwarded headers to believe, as Express's `trust proxy`, and `'unix'` for a peer on a Unix socket.
   * Without it: what an earlier Portcullis middleware was told, else the app's `trust proxy`, else nobody.
   */
  trustProxy?: TrustProxy | undefined;
  /**
   * Which headers the proxy manages: `X-Forwarded-*`, or `Forwarded` of RFC 7239. Never both.
   *
   * @defaultValue `'x-forwarded'`
   */
  forwarded?: ForwardedFamily | undefined;
  /**
   * Headers that tell the scheme instead of `X-Forwarded-Proto`, the first one present decides: `X-Arr-Ssl`,
   * `CloudFront-Forwarded-Proto`, `Front-End-Https`. List only what your proxy always overwrites. Portcullis
   * middleware after this one finds the same scheme.
   */
  protoHeaders?: readonly string[] | undefined;
  /**
   * `true` for a year with subdomains; `'clear'` takes it back (`max-age=0`). Sent over https only, and never for
   * addresses or `localhost`.
   *
   * @defaultValue `false`
   */
  hsts?: boolean | 'clear' | HstsOptions | undefined;
  /**
   * `false` lets everything through, for development.
   *
   * @defaultValue `true`
   */
  enabled?: boolean | undefined;
}

export interface ResolvedHttpsRedirectOptions {
  readonly status: 301 | 302 | 307 | 308;
  readonly insecure: 'redirect' | 'reject';
  readonly host: Host | undefined;
  readonly allowedHosts: readonly HostPattern[] | undefined;
  readonly port: PortRule;
  readonly exempt: ((req: IncomingMessage) => boolean) | undefined;
  readonly trustProxy: Trust | undefined;
  readonly forwarded: ForwardedFamily | undefined;
  readonly protoHeaders: readonly string[] | undefined;
  readonly hsts: boolean | 'clear' | ResolvedHsts;
  readonly enabled: boolean;
}

const fields = {
  status: o.withDefault(o.oneOf([301, 302, 307, 308]), 307),
  insecure: o.withDefault(o.oneOf(['redirect', 'reject']), 'redirect'),
  host: o.optional(hostSpec),
  allowedHosts: o.optional(hostListSpec),
  port: o.withDefault(portSpec, 'auto'),
  exempt: o.optional(o.exempt()),
  trustProxy: o.optional(o.trustProxy()),
  forwarded: o.optional(o.forwarded()),
  protoHeaders: o.optional(protoHeadersSpec),
  hsts: o.withDefault(hstsSpec, false),
  enabled: o.withDefault(o.boolean(), true),
};

// `InputOf` keeps the interface above and the specs in step.
export const definition: OptionsDefinition<HttpsRedirectOptions, ResolvedHttpsRedirectOptions> =
  defineOptions<InputOf<typeof fields>, ResolvedHttpsRedirectOptions>({
    package: '@portcullis/https-redirect',
    area: 'HTTPS_REDIRECT',
    fields,
    suggestions: { hosts: 'allowedHosts' },
    rules: [checkPreload],
  });
