import type { IncomingMessage } from 'node:http';
import { parseHost, type Host, type HostFault } from './host.ts';

/** The request target as the client sent it, before a router cut off its mount path. */
export function originalTarget(req: IncomingMessage): string {
  return String((req as { originalUrl?: string }).originalUrl ?? req.url);
}

/** Whether a target is a path or `*`, and names no host of its own. */
export function isHostless(target: string): boolean {
  return target.charCodeAt(0) === 47 /* / */ || target === '*';
}

interface AbsoluteForm {
  readonly scheme: string;
  readonly authority: string;
  /** Path, query and fragment. */
  readonly rest: string;
}

function splitAbsolute(target: string): AbsoluteForm {
  const colon = Math.max(target.indexOf('://'), 0);
  const after = target.slice(colon + 3);
  const end = after.search(/[/?#]/);
  const length = end < 0 ? after.length : end;
  return {
    scheme: target.slice(0, colon).toLowerCase(),
    authority: after.slice(0, length),
    rest: after.slice(length),
  };
}

const standardPorts: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

/**
 * What is wrong with the target, given the Host.
 *
 * RFC 9112 section 3.2.2 lets an absolute-form target override Host, but every application on Node reads Host;
 * so the two must agree.
 */
export function explainTarget(req: IncomingMessage, host: Host): HostFault | undefined {
  const target = originalTarget(req);
  if (isHostless(target)) return undefined;
  const { scheme, authority } = splitAbsolute(target);
  const standard = standardPorts.get(scheme);
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
  return afterAuthority(target).replace(/[?#].*$/s, '');
}

/** `*` and an authority without a path stand for the server as a whole: `/`. */
function afterAuthority(target: string): string {
  if (target.charCodeAt(0) === 47) return target;
  const rest = target === '*' ? '' : splitAbsolute(target).rest;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Drops the fragment, and encodes the rest. */
export function encodePath(path: string): string {
  const fragment = path.indexOf('#');
  return encodeText(fragment < 0 ? path : path.slice(0, fragment));
}

/** Percent-encodes what a URL may not hold raw, and `#`; `\` would be read as `/` by browsers. */
export function encodeText(text: string): string {
  // A lone surrogate has no UTF-8 form; encodeURIComponent would throw on it.
  return text.replace(/[^!$-;=?-Z_a-z~[\]]/gu, (character) =>
    /\p{Surrogate}/u.test(character) ? '%EF%BF%BD' : encodeURIComponent(character),
  );
}
