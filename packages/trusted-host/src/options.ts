import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Next } from '@portcullis/core';
import type { ForwardedFamily, Host, Trust, TrustProxy } from '@portcullis/core/http';
import { defineOptions, o, type InputOf, type OptionsDefinition } from '@portcullis/core/options';
import { allowedHostsSpec, type Entry } from './allowed-hosts.ts';
import type { Rejection } from './rejection.ts';

/** Decides about a host that is well formed. Only `true` allows it. */
export type HostPredicate = (host: Host) => boolean | PromiseLike<boolean>;

/** One entry of `allowedHosts`. */
export type AllowedHost = string | RegExp | HostPredicate;

/** Options of {@link trustedHost}. */
export interface TrustedHostOptions {
  /**
   * Hosts that requests may be addressed to. One text may hold several, separated by comma, semicolon or space.
   *
   * `example.com` that name; `*.example.com` its subdomains of any depth, not itself; `.example.com` both;
   * `example.com:8443` only with that port (without one, any port); `192.0.2.1`, `[::1]`, `10.0.0.0/8`;
   * international names as written or as punycode; `*` any well-formed host. A RegExp must match the whole host
   * name, without port, in any case. A predicate is asked last; its `true` is kept for a minute.
   */
  allowedHosts: string | RegExp | HostPredicate | readonly AllowedHost[];
  /**
   * Answers 307 to `example.com` when only `www.example.com` is listed.
   *
   * @defaultValue `true`
   */
  wwwRedirect?: boolean | undefined;
  /**
   * Status for a well-formed host that is not listed; 421 tells clients with a shared connection to open another.
   * A malformed one is always 400.
   *
   * @defaultValue `400`
   */
  status?: 400 | 403 | 421 | undefined;
  /**
   * Paths for which the list is not consulted, such as health checks by address: `/health` with what is below
   * it, or a function. The host must still be well formed, and `getHost(req)` gives nothing there.
   */
  exempt?: readonly string[] | ((req: IncomingMessage) => boolean) | undefined;
  /**
   * Lets requests without a Host pass (HTTP/1.0 health checks). `getHost(req)` gives nothing for them.
   *
   * @defaultValue `false`
   */
  allowMissing?: boolean | undefined;
  /**
   * Whose forwarded headers to believe, as Express's `trust proxy`, and `'unix'` for a peer on a Unix socket.
   * Without it: what an earlier Portcullis middleware was told, else the app's `trust proxy`, else nobody.
   * Believed, *every* forwarded host must be listed, because the application may read any of them.
   */
  trustProxy?: TrustProxy | undefined;
  /**
   * Which headers the proxy manages: `X-Forwarded-*`, or `Forwarded` of RFC 7239. Never both.
   *
   * @defaultValue `'x-forwarded'`
   */
  forwarded?: ForwardedFamily | undefined;
  /** Answers refused requests instead of the plain text. Must answer or call `next`. */
  onReject?:
    | ((req: IncomingMessage, res: ServerResponse, next: Next, rejection: Rejection) => unknown)
    | undefined;
}

export interface ResolvedTrustedHostOptions {
  readonly allowedHosts: readonly Entry[];
  readonly wwwRedirect: boolean;
  readonly status: 400 | 403 | 421;
  readonly exempt: ((req: IncomingMessage) => boolean) | undefined;
  readonly allowMissing: boolean;
  readonly trustProxy: Trust | undefined;
  readonly forwarded: ForwardedFamily | undefined;
  readonly onReject: TrustedHostOptions['onReject'];
}

const fields = {
  allowedHosts: allowedHostsSpec,
  wwwRedirect: o.withDefault(o.boolean(), true),
  status: o.withDefault(o.oneOf([400, 403, 421]), 400),
  exempt: o.optional(o.exempt()),
  allowMissing: o.withDefault(o.boolean(), false),
  trustProxy: o.optional(o.trustProxy()),
  forwarded: o.optional(o.forwarded()),
  onReject: o.optional(
    o.fn<NonNullable<TrustedHostOptions['onReject']>>('(req, res, next, rejection)'),
  ),
};

// `InputOf` keeps the interface above and the specs in step.
export const definition: OptionsDefinition<TrustedHostOptions, ResolvedTrustedHostOptions> =
  defineOptions<InputOf<typeof fields>, ResolvedTrustedHostOptions>({
    package: '@portcullis/trusted-host',
    area: 'TRUSTED_HOST',
    fields,
    suggestions: { hosts: 'allowedHosts', fail: 'onReject' },
  });
