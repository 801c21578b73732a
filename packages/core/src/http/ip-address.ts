import { isIPv6 } from 'node:net';

/** An IP address as one number. */
export interface Address {
  readonly width: 32 | 128;
  readonly value: bigint;
}

/** A network: every address of this width that is equal to `base` but for its last `free` bits. */
export interface AddressRange {
  readonly base: Address;
  readonly free: bigint;
}

const dot = 46;

/** Strict dotted quad: four decimal bytes, no leading zeros. Browsers read `010.0.0.1` as octal, so it must not pass. */
export function parseIpv4(text: string): number | undefined {
  if (text.length > 15) return undefined;
  let value = 0;
  let dots = 0;
  let byte = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) {
      if (byte < 0 || ++dots > 3) return undefined;
      value = value * 256 + byte;
      byte = -1;
      continue;
    }
    byte = appendDigit(byte, code);
    if (byte < 0) return undefined;
  }
  return dots === 3 && byte >= 0 ? value * 256 + byte : undefined;
}

function appendDigit(byte: number, code: number): number {
  if (code < 48 || code > 57 || byte === 0) return -1;
  const next = byte < 0 ? code - 48 : byte * 10 + code - 48;
  return next > 255 ? -1 : next;
}

/** Without brackets and without a zone: `net.isIPv6` alone accepts `fe80::1%eth0`. */
export function parseIpv6(text: string): bigint | undefined {
  if (text.includes('%') || !isIPv6(text)) return undefined;
  const gap = text.indexOf('::');
  if (gap < 0) return toNumber(groupsOf(text));
  const after = groupsOf(text.slice(gap + 2));
  const before = groupsOf(text.slice(0, gap));
  return (toNumber(before) << BigInt(16 * (8 - before.length))) | toNumber(after);
}

function toNumber(groups: readonly number[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    const quad = parseIpv4(part);
    return quad === undefined ? Number.parseInt(part, 16) : [quad >>> 16, quad & 0xffff];
  });
}

/** The text form of the URL Standard, so that `new URL` and this library never print one address in two ways. */
export function formatIpv6(value: bigint): string {
  const digits = value.toString(16).padStart(32, '0');
  const groups = digits.replace(/.{4}/g, (group) => `${group.replace(/^0{1,3}/, '')}:`);
  return compressZeros(`:${groups}`);
}

/** Of the longest runs of two or more zero groups, the first. */
function compressZeros(text: string): string {
  for (let run = 8; run > 1; run--) {
    const zeros = `${':0'.repeat(run)}:`;
    const at = text.indexOf(zeros);
    if (at >= 0) return `${text.slice(1, at)}::${text.slice(at + zeros.length, -1)}`;
  }
  return text.slice(1, -1);
}

/** An IPv4 or IPv6 address, without brackets. */
export function parseAddress(text: string): Address | undefined {
  const quad = parseIpv4(text);
  if (quad !== undefined) return { width: 32, value: BigInt(quad) };
  const value = parseIpv6(text);
  return value === undefined ? undefined : { width: 128, value };
}

/** An address as sockets and proxies write it: `::ffff:10.0.0.1` is the IPv4 address 10.0.0.1. */
export function parsePeerAddress(text: string): Address | undefined {
  const address = parseAddress(text);
  const mapped = address?.width === 128 && address.value >> 32n === 0xffffn;
  return mapped ? { width: 32, value: address.value & 0xffffffffn } : address;
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8`, or one address. */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  const base = parsePeerAddress(slash < 0 ? text : text.slice(0, slash));
  if (base === undefined) return undefined;
  if (slash < 0) return { base, free: 0n };
  const bits = prefixLength(text.slice(slash + 1), base.width);
  return bits === undefined ? undefined : { base, free: BigInt(base.width - bits) };
}

function prefixLength(text: string, width: number): number | undefined {
  if (/^(?:0|[1-9][0-9]{0,2})$/.test(text)) {
    return Number(text) <= width ? Number(text) : undefined;
  }
  const mask = width === 32 ? parseIpv4(text) : undefined;
  if (mask === undefined) return undefined;
  const binary = mask.toString(2).padStart(32, '0');
  return /^1*0*$/.test(binary) ? binary.lastIndexOf('1') + 1 : undefined;
}

export function inRange(address: Address | undefined, { base, free }: AddressRange): boolean {
  return address?.width === base.width && address.value >> free === base.value >> free;
}
