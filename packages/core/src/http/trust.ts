import { types } from 'node:util';
import { inRange, parsePeerAddress, parseRange, type AddressRange } from './ip-address.ts';

/**
 * Whose forwarded headers are believed.
 *
 * `false` nobody, `true` everybody, a number of hops, addresses, CIDR networks, `'loopback'`, `'linklocal'`,
 * `'uniquelocal'`, `'unix'` (a peer on a Unix socket, which has no address), a comma-separated or real list of
 * those, or a function of the address and the hop (0 is the peer).
 */
export type TrustProxy =
  | boolean
  | number
  | string
  | readonly string[]
  | ((address: string | undefined, hop: number) => boolean);

/** A compiled {@link TrustProxy}. */
export type Trust = (address: string | undefined, hop: number) => boolean;

const networks: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.1/8', '::1/128']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

// Shared through the registry, because two copies of this package may meet on one request.
const trustKey: unique symbol = Symbol.for('portcullis.trust-key');

/**
 * Compiles a `trustProxy` value.
 *
 * @throws TypeError with the fix in its message for text that is not one of the accepted forms, a negative or
 * fractional number of hops, `/33`.
 */
export function compileTrust(value: TrustProxy): Trust {
  if (typeof value === 'function') return trustFunction(value);
  if (typeof value === 'boolean') return keyed(() => value, String(value));
  if (typeof value === 'number') return trustHops(value);
  const words = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(words)) throw fault(value);
  return trustList(words.map((word: unknown) => (typeof word === 'string' ? word.trim() : word)));
}

/** Whether two compiled values mean the same; functions only when they are the same function. */
export function sameTrust(one: Trust, other: Trust): boolean {
  return one === other || (keyOf(one) !== undefined && keyOf(one) === keyOf(other));
}

function keyOf(trust: Trust & { [trustKey]?: unknown }): unknown {
  return trust[trustKey];
}

function keyed(trust: Trust, key: unknown): Trust {
  return Object.defineProperty(trust, trustKey, { value: key });
}

function trustFunction(given: Trust): Trust {
  if (types.isAsyncFunction(given)) {
    throw new TypeError(
      'trustProxy: an async function cannot be used, because its promise would count as a yes. ' +
        'Load the addresses before, and answer true or false at once.',
    );
  }
  // A function of our own: the user's may be frozen, and shared with somebody else. A promise is no `true`.
  return keyed((address, hop) => given(address, hop) === true, given);
}

function trustHops(hops: number): Trust {
  if (!Number.isSafeInteger(hops) || hops < 0) throw fault(hops);
  return keyed((_address, hop) => hop < hops, String(hops));
}

function trustList(words: readonly unknown[]): Trust {
  const single = words.length === 1 ? words[0] : undefined;
  if (single === 'true' || single === 'false') return compileTrust(single === 'true');
  // Environment variables are text: TRUST_PROXY=1 means one hop.
  if (typeof single === 'string' && /^[0-9]{1,3}$/.test(single)) return trustHops(Number(single));
  const unix = words.includes('unix');
  const ranges = words.filter((word) => word !== 'unix').flatMap(rangesOf);
  // Nearly every request comes from the same proxy. One entry: what clients send cannot fill it.
  let last: { readonly address: string; readonly trusted: boolean } | undefined;
  const trust: Trust = (address, hop) => {
    if (address === undefined) return unix && hop === 0;
    if (last?.address !== address) {
      // A link-local peer comes with its interface: `fe80::1%eth0`.
      const zone = address.indexOf('%');
      const parsed = parsePeerAddress(zone < 0 ? address : address.slice(0, zone));
      last = { address, trusted: ranges.some((range) => inRange(parsed, range)) };
    }
    return last.trusted;
  };
  return keyed(trust, words.join(','));
}

function rangesOf(word: unknown): AddressRange[] {
  if (typeof word !== 'string') throw fault(word);
  return (networks.get(word) ?? [word]).map((text) => {
    const range = parseRange(text);
    if (range === undefined) throw fault(word);
    return range;
  });
}

function fault(value: unknown): TypeError {
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new TypeError(
    `trustProxy: ${got} is not true, false, a number of hops (0, 1, 2), an IP address, a network such as ` +
      `"10.0.0.0/8", "loopback", "linklocal", "uniquelocal", "unix", a list of those, or a function. ` +
      `Write the address of your proxy, for example "loopback" when it runs on this machine.`,
  );
}
