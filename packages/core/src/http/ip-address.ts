import { isIPv6 } from 'node:net';

/** Four bytes of an IPv4 address, or eight 16-bit groups of an IPv6 address. */
export type Address = readonly number[];

/** A network: every address whose first `bits` bits equal those of `base`. */
export interface AddressRange {
  readonly base: Address;
  readonly bits: number;
}

const dot = 46;

/** Strict dotted quad: four decimal bytes, no leading zeros. Browsers read `010.0.0.1` as octal, so it must not pass. */
export function parseIpv4(text: string): Address | undefined {
  if (text.length > 15) return undefined;
  const bytes: number[] = [];
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? dot : text.charCodeAt(i);
    if (code === dot) {
      if (value < 0) return undefined;
      bytes.push(value);
      value = -1;
      continue;
    }
    value = appendDigit(value, code);
    if (value < 0) return undefined;
  }
  return bytes.length === 4 ? bytes : undefined;
}

function appendDigit(value: number, code: number): number {
  if (code < 48 || code > 57 || value === 0) return -1;
  const next = value < 0 ? code - 48 : value * 10 + code - 48;
  return next > 255 ? -1 : next;
}

/** Without brackets and without a zone: `net.isIPv6` alone accepts `fe80::1%eth0`. */
export function parseIpv6(text: string): Address | undefined {
  if (text.includes('%') || !isIPv6(text)) return undefined;
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const missing = 8 - before.length - after.length;
  return [...before, ...Array.from({ length: missing }, () => 0), ...after];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    const quad = parseIpv4(part);
    if (quad === undefined) groups.push(Number.parseInt(part, 16));
    else groups.push(pair(quad, 0), pair(quad, 2));
  }
  return groups;
}

function pair(bytes: Address, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}

/** The text form of the URL Standard, so that `new URL` and this library never print one address in two ways. */
export function formatIpv6(groups: Address): string {
  const run = longestZeroRun(groups);
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === run.start) {
      text += i === 0 ? '::' : ':';
      i += run.length - 1;
      continue;
    }
    text += (groups[i] ?? 0).toString(16);
    if (i < 7) text += ':';
  }
  return text;
}

function longestZeroRun(groups: Address): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > best.length) best = { start: i, length: end - i };
    if (end > i) i = end - 1;
  }
  return best;
}

/** An IPv4 or IPv6 address as sockets and proxies write it; `::ffff:10.0.0.1` is the IPv4 address 10.0.0.1. */
export function parseAddress(text: string): Address | undefined {
  const quad = parseIpv4(text);
  if (quad !== undefined) return quad;
  const groups = parseIpv6(text);
  return groups === undefined ? undefined : unmapped(groups);
}

function unmapped(groups: Address): Address {
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  const mapped = a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xffff;
  return mapped ? [high >> 8, high & 255, low >> 8, low & 255] : groups;
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8`, or one address. */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  const base = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (base === undefined) return undefined;
  const width = base.length === 4 ? 32 : 128;
  if (slash < 0) return { base, bits: width };
  const bits = prefixLength(text.slice(slash + 1), width);
  return bits === undefined ? undefined : { base, bits };
}

function prefixLength(text: string, width: number): number | undefined {
  if (/^(?:0|[1-9][0-9]{0,2})$/.test(text)) {
    const bits = Number(text);
    return bits <= width ? bits : undefined;
  }
  const mask = width === 32 ? parseIpv4(text) : undefined;
  if (mask === undefined) return undefined;
  const binary = mask.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(binary) ? binary.lastIndexOf('1') + 1 : undefined;
}

export function inRange(address: Address, range: AddressRange): boolean {
  if (address.length !== range.base.length) return false;
  const unit = address.length === 4 ? 8 : 16;
  let left = range.bits;
  for (let i = 0; left > 0; i++, left -= unit) {
    const shift = left >= unit ? 0 : unit - left;
    if ((address[i] ?? 0) >> shift !== (range.base[i] ?? 0) >> shift) return false;
  }
  return true;
}
