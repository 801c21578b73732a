import type { Host } from '@portcullis/core/http';
import { o, type Spec } from '@portcullis/core/options';
import type { PortRule } from './options.ts';

const portNumber = o.integer({ min: 1, max: 65535 });

const expected = 'a map from http port to https port such as { 3000: 3443 }';

const mapSpec: Spec<Readonly<Record<number, number>>, Readonly<Record<number, number>>> = o.custom(
  expected,
  (value, fail) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const map: Record<number, number> = {};
    for (const [from, to] of Object.entries(value) as [string, unknown][]) {
      // Only the form that a port is printed in: '080' and '0x50' would never be looked up.
      const canonical = String(Number(from)) === from;
      const valid = canonical && portNumber.accepts(Number(from)) && portNumber.accepts(to);
      if (!valid)
        return fail({ code: 'BAD_PORT', message: `has no port from 1 to 65535 at ${from}` });
      // portNumber accepted it.
      map[Number(from)] = to as number;
    }
    return Object.freeze(map);
  },
);

export const portSpec: Spec<PortRule, PortRule> = o.either(
  o.oneOf(['auto', 'keep', 'drop']),
  portNumber,
  mapSpec,
);

/** The host with the port of the https server; 443 is left out because it is the default. */
export function securePort(host: Host, rule: PortRule): number | undefined {
  if (rule === 'keep') return host.port;
  if (rule === 'drop') return undefined;
  const mapped = typeof rule === 'object' ? rule[host.port ?? 80] : undefined;
  const port = typeof rule === 'number' ? rule : (mapped ?? autoPort(host.port));
  return port === 443 ? undefined : port;
}

/** Starlette's rule: a standard port says nothing about where https listens, another one was chosen on purpose. */
function autoPort(port: number | undefined): number | undefined {
  return port === 80 || port === 443 ? undefined : port;
}
