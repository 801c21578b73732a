import { domainToASCII } from 'node:url';
import { explainHost } from './host.ts';
import { parseRange, type AddressRange } from './ip-address.ts';

/** One entry of an allow-list of hosts, parsed. */
export interface HostPattern {
  /** The entry in canonical form: lower case, IDN as punycode. */
  readonly text: string;
  /**
   * `any`: `*`. `exact`: a name or an address. `subdomains`: `*.example.com`, any depth, not the apex.
   * `tree`: `.example.com`, the apex and its subdomains. `range`: a CIDR network.
   */
  readonly kind: 'any' | 'exact' | 'subdomains' | 'tree' | 'range';
  /** Canonical host name that the pattern is about; empty for `any`. */
  readonly hostname: string;
  /** A number: only this port. `'*'` or `undefined`: any port. */
  readonly port: number | '*' | undefined;
  readonly range: AddressRange | undefined;
}

/** What is wrong with an entry, as a phrase to put after it, and what to write instead. */
export interface HostPatternFault {
  readonly fault: string;
  readonly hint?: string | undefined;
}

/** The rule, and the sentence, of Starlette's TrustedHostMiddleware. */
const wildcardFault: HostPatternFault = {
  fault: 'misplaces the wildcard',
  hint: "Domain wildcard patterns must be like '*.example.com'.",
};

/** Parses one entry: exact name or address, `*`, `*.x`, `.x`, `:port`, `:*`, CIDR, international names. */
export function parseHostPattern(text: string): HostPattern | HostPatternFault {
  const trimmed = text.trim();
  if (trimmed === '')
    return { fault: 'is empty', hint: "Write a host name such as 'example.com'." };
  const range = rangePattern(trimmed);
  if (range !== undefined) return range;
  const misuse = explainMisuse(trimmed);
  if (misuse !== undefined) return misuse;
  const { name, port } = splitPort(trimmed);
  if (typeof port === 'object') return port;
  if (name === '*') return pattern('any', '', port);
  if (name.startsWith('*.')) return wildcard('subdomains', name.slice(2), port);
  if (name.includes('*')) return wildcardFault;
  if (name.startsWith('.')) return wildcard('tree', name.slice(1), port);
  return exact(name, port);
}

/** `10.0.0.0/8` and `fd00::/8`; also a bare `::1`, which nothing but an address can be. */
function rangePattern(text: string): HostPattern | HostPatternFault | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) {
    const bare = text.includes('::') || text.split(':').length > 3;
    return bare && !text.startsWith('[') ? exact(`[${text}]`, undefined) : undefined;
  }
  if (text.includes('://')) return { fault: 'is a URL', hint: hintFromUrl(text) };
  const unbracketed = text.replace(/^\[(.*)\]\//, '$1/').toLowerCase();
  const range = parseRange(unbracketed);
  if (range !== undefined) {
    return { text: unbracketed, kind: 'range', hostname: '', port: undefined, range };
  }
  return {
    fault: 'is neither a host nor a network',
    hint: "Write a host without a path, or a network such as '10.0.0.0/8'.",
  };
}

function hintFromUrl(text: string): string {
  const authority = text.replace(/^.*?:\/\//s, '').replace(/[/?#].*$/s, '');
  return typeof explainHost(authority) === 'string'
    ? 'Write the host only.'
    : `Write '${authority}'.`;
}

function explainMisuse(text: string): HostPatternFault | undefined {
  if (/\s/.test(text)) return { fault: 'contains a space', hint: 'Write one host per entry.' };
  if (text.includes('@'))
    return { fault: 'contains user information', hint: 'Write the host only.' };
  return undefined;
}

function splitPort(text: string): {
  name: string;
  port: number | '*' | undefined | HostPatternFault;
} {
  const colon = text.lastIndexOf(':');
  if (colon < 0 || colon < text.lastIndexOf(']')) return { name: text, port: undefined };
  const name = text.slice(0, colon);
  const port = text.slice(colon + 1);
  if (port === '*') return { name, port };
  const valid = /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65535;
  if (valid) return { name, port: Number(port) };
  return {
    name,
    port: {
      fault: 'has a port that is not 1 to 65535',
      hint: "Leave the port out to allow any, or write ':8080'.",
    },
  };
}

function wildcard(
  kind: 'subdomains' | 'tree',
  name: string,
  port: number | '*' | undefined,
): HostPattern | HostPatternFault {
  if (name === '' || name.includes('*')) return wildcardFault;
  const host = explainHost(toAscii(name));
  if (typeof host === 'string')
    return {
      fault: `has a wildcard before what is no host name (${host})`,
      hint: wildcardFault.hint,
    };
  if (host.kind !== 'name')
    return {
      fault: 'has a wildcard before an address',
      hint: "An address has no subdomains; write a network such as '10.0.0.0/8'.",
    };
  return pattern(kind, host.hostname, port);
}

function exact(name: string, port: number | '*' | undefined): HostPattern | HostPatternFault {
  const host = explainHost(toAscii(name));
  if (typeof host === 'string')
    return {
      fault: `is no host (${host})`,
      hint: "Write a name such as 'example.com', or an address.",
    };
  return pattern('exact', host.hostname, port, host.kind === 'ipv6');
}

function toAscii(name: string): string {
  // Only for international names: on ASCII, domainToASCII repairs what ought to be refused (`0x7f.1`, `%65`).
  return /[^\0-\x7f]/.test(name) ? domainToASCII(name) : name;
}

function pattern(
  kind: 'any' | 'exact' | 'subdomains' | 'tree',
  hostname: string,
  port: number | '*' | undefined,
  bracket = false,
): HostPattern {
  const prefix = { any: '*', exact: '', subdomains: '*.', tree: '.' }[kind];
  const name = bracket ? `[${hostname}]` : hostname;
  return {
    text: prefix + name + (port === undefined ? '' : `:${port}`),
    kind,
    hostname,
    port,
    range: undefined,
  };
}
