import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  compileHostPatterns,
  getHost,
  requestHost,
  type Host,
  type RequestTrust,
} from '@portcullis/core/http';
import { year, type ResolvedHsts } from './hsts-options.ts';

/** Writes Strict-Transport-Security on a response to a secure request. */
export type WriteHsts = (req: IncomingMessage, res: ServerResponse) => void;

const whole: ResolvedHsts = {
  maxAge: year,
  includeSubDomains: true,
  preload: false,
  excludeHosts: undefined,
};

/**
 * RFC 6797: only over a secure transport (7.2), and not for addresses (8.1.1). Not for `localhost` either, where
 * it would lock the ports of every other project on that machine.
 */
export function compileHsts(
  hsts: boolean | 'clear' | ResolvedHsts,
  trust: RequestTrust,
): WriteHsts | undefined {
  if (hsts === false) return undefined;
  const settings = typeof hsts === 'object' ? hsts : whole;
  const value = hsts === 'clear' ? 'max-age=0' : formatHsts(settings);
  const excluded = compileHostPatterns(settings.excludeHosts ?? []);
  const applies = (host: Host): boolean =>
    host.kind === 'name' && !isLocal(host) && excluded.match(host) === undefined;
  return (req, res) => {
    // What the application or another middleware has decided stands.
    if (res.hasHeader('Strict-Transport-Security')) return;
    const host = getHost(req) ?? hostOf(req, trust);
    if (host !== undefined && applies(host)) res.setHeader('Strict-Transport-Security', value);
  };
}

function isLocal({ hostname }: Host): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

function hostOf(req: IncomingMessage, trust: RequestTrust): Host | undefined {
  const found = requestHost(req, trust);
  return found.ok ? found.host : undefined;
}

function formatHsts({ maxAge, includeSubDomains, preload }: ResolvedHsts): string {
  const subDomains = includeSubDomains ? '; includeSubDomains' : '';
  return `max-age=${maxAge}${subDomains}${preload ? '; preload' : ''}`;
}
