import type { IncomingMessage } from 'node:http';
import {
  forwardedHosts,
  isHostless,
  originalTarget,
  ownHost,
  type CheckedHost,
  type ForwardedHosts,
  type Host,
  type RawHost,
  type RequestHost,
  type RequestTrust,
} from '@portcullis/core/http';
import type { AllowList } from './allow-list.ts';
import type { RejectionReason } from './rejection.ts';

/** What to do with a request. */
export type Decision =
  | { readonly kind: 'accept'; readonly host: CheckedHost; readonly lasting: boolean }
  /** Goes on without a checked host: exempt, or allowed to have none. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'www'; readonly host: CheckedHost }
  | { readonly kind: 'refuse'; readonly reason: RejectionReason; readonly host: Host | undefined };

export interface Policy {
  readonly allowList: AllowList;
  readonly allowMissing: boolean;
  readonly wwwRedirect: boolean;
  readonly exempt: ((req: IncomingMessage) => boolean) | undefined;
  readonly trust: RequestTrust;
}

const pass: Decision = { kind: 'pass' };

/** Judges a request; a promise only when a predicate gave one. Throws what `exempt` or a predicate threw. */
export function decide(
  req: IncomingMessage,
  raw: RawHost,
  policy: Policy,
): Decision | Promise<Decision> {
  const own = ownHost(req, raw);
  const tolerated = policy.allowMissing && !own.ok && isAbsent(own.reason) && !namesHost(req);
  if (!own.ok && !tolerated) return refuse(own.reason);
  const forwarded = forwardedHosts(req, policy.trust);
  if (typeof forwarded === 'string') return refuse(forwarded);
  const host = hostToUse(own, forwarded);
  if (host === undefined) return pass;
  return judge(req, policy, { host, hosts: hostsToCheck(own, forwarded) });
}

function isAbsent(reason: RejectionReason): boolean {
  return reason === 'missing' || reason === 'empty';
}

/** `GET http://evil.example/` without a Host: somebody may read that name. */
function namesHost(req: IncomingMessage): boolean {
  return !isHostless(originalTarget(req));
}

function refuse(reason: RejectionReason, host?: Host): Decision {
  return { kind: 'refuse', reason, host };
}

function hostToUse(
  own: RequestHost,
  forwarded: ForwardedHosts | undefined,
): CheckedHost | undefined {
  if (forwarded?.chosen !== undefined) return checked(forwarded.chosen, forwarded.source);
  if (own.ok) return checked(own.host, own.source);
  return undefined;
}

function checked(host: Host, source: CheckedHost['source']): CheckedHost {
  return { hostname: host.hostname, port: host.port, kind: host.kind, source };
}

/** Behind a proxy that forwards the host, the Host line is often the upstream's name and need not be listed. */
function hostsToCheck(own: RequestHost, forwarded: ForwardedHosts | undefined): readonly Host[] {
  const others = forwarded?.all ?? [];
  return own.ok && forwarded?.chosen === undefined ? [own.host, ...others] : others;
}

interface Claim {
  readonly host: CheckedHost;
  readonly hosts: readonly Host[];
}

function judge(req: IncomingMessage, policy: Policy, claim: Claim): Decision | Promise<Decision> {
  const { allowList, exempt } = policy;
  const unlisted = claim.hosts.filter((host) => !allowList.listed(host));
  if (unlisted.length === 0) return { kind: 'accept', host: claim.host, lasting: true };
  if (exempt?.(req) === true) return pass;
  const { asked } = allowList;
  const refused = asked === undefined ? unlisted[0] : firstRefused(unlisted, asked);
  return refused instanceof Promise
    ? refused.then((host) => conclude(policy, claim, host))
    : conclude(policy, claim, refused);
}

type Asked = NonNullable<AllowList['asked']>;

function firstRefused(
  hosts: readonly Host[],
  asked: Asked,
): Host | undefined | Promise<Host | undefined> {
  for (const [index, host] of hosts.entries()) {
    const answer = asked(host);
    if (answer === false) return host;
    if (answer !== true) {
      return answer.then((allowed) =>
        allowed ? firstRefused(hosts.slice(index + 1), asked) : host,
      );
    }
  }
  return undefined;
}

function conclude(policy: Policy, { host, hosts }: Claim, refused: Host | undefined): Decision {
  if (refused === undefined) return { kind: 'accept', host, lasting: false };
  const alone = policy.wwwRedirect && hosts.length === 1;
  if (alone && policy.allowList.listedWithWww(host)) return { kind: 'www', host };
  return refuse('not-allowed', refused);
}
