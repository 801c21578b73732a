import type { IncomingMessage } from 'node:http';
import { parseHost, type Host, type HostFault } from './host.ts';

/** The request target as the client sent it, before a router cut off its mount path. */
export function originalTarget(req: IncomingMessage): string {
  const original = (req as { originalUrl?: unknown }).originalUrl;
  return typeof original === 'string' ? original : (req.url ?? '/');
}

const absolute = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is;

/**
 * What is wrong with the target, given the Host.
 *
 * RFC 9112 section 3.2.2 lets an absolute-form target override Host, but every application on Node reads Host;
 * so the two must agree.
 */
export function explainTarget(req: IncomingMessage, host: Host): HostFault | undefined {
  const target = originalTarget(req);
  if (target.charCodeAt(0) === 47 /* / */ || target === '*') return undefined;
  const [, scheme = '', authority = ''] = absolute.exec(target) ?? [];
  const standard = { http: 80, https: 443 }[scheme.toLowerCase()];
  const named = parseHost(authority);
  if (standard === undefined || named === undefined) return 'bad-target';
  const same =
    named.hostname === host.hostname && (named.port ?? standard) === (host.port ?? standard);
  return same ? undefined : 'target-mismatch';
}

/** Path and query of the target, safe to put behind a host in `Location`: always starts with a slash of its own. */
export function targetPath(req: IncomingMessage): string {
  return encodePath(afterAuthority(originalTarget(req)));
}

/** The path of a target, without query and fragment. */
export function pathOf(target: string): string {
  return /^[^?#]*/.exec(afterAuthority(target))?.[0] ?? '';
}

/** `*` and an authority without a path stand for the server as a whole: `/`. */
function afterAuthority(target: string): string {
  if (target.charCodeAt(0) === 47) return target;
  const rest = absolute.exec(target)?.[3] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Drops the fragment and percent-encodes what a URL may not hold raw; `\` would be read as `/` by browsers. */
export function encodePath(path: string): string {
  const fragment = path.indexOf('#');
  const kept = fragment < 0 ? path : path.slice(0, fragment);
  // A lone surrogate has no UTF-8 form; encodeURIComponent would throw on it.
  return kept.replace(/[^!$-;=?-Z_a-z~[\]]/gu, (character) =>
    /\p{Surrogate}/u.test(character) ? '%EF%BF%BD' : encodeURIComponent(character),
  );
}
