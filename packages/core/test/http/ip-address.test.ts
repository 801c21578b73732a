import { describe, expect, test } from '@jest/globals';
import { inRange, parsePeerAddress, parseRange } from '../../src/http/ip-address.ts';

function within(address: string, network: string): boolean | undefined {
  const parsed = parsePeerAddress(address);
  const range = parseRange(network);
  return parsed && range && inRange(parsed, range);
}

describe('networks', () => {
  test.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['172.31.0.1', '172.16.0.0/12', true],
    ['172.32.0.1', '172.16.0.0/12', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['10.1.2.3', '10.0.0.0/255.0.0.0', true],
    ['11.1.2.3', '10.0.0.0/255.0.0.0', false],
    ['1.2.3.4', '1.2.3.4/255.255.255.255', true],
    ['1.2.3.4', '9.9.9.9/0.0.0.0', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.2', '127.0.0.1', false],
    ['fd12::1', 'fd00::/8', true],
    ['fe80::1', 'fc00::/7', false],
    ['fe80::1', 'fe80::/10', true],
    ['2001:db8::1', '2001:db8::1/128', true],
    ['2001:db8::2', '2001:db8::1/128', false],
    ['::ffff:10.0.0.1', '10.0.0.0/8', true],
    ['::fffe:10.0.0.1', '10.0.0.0/8', false],
    ['10.0.0.1', '::ffff:10.0.0.0', false],
    ['10.0.0.0', '::ffff:a00:0', true],
    ['::1', '10.0.0.0/8', false],
  ])('%s in %s: %s', (address, network, expected) => {
    expect(within(address, network)).toBe(expected);
  });

  test.each([
    '',
    'loopback',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/255.0.255.0',
    '::/129',
    '::1/255.0.0.0',
    '::1/ffff::',
    '010.0.0.1',
    '1.2.3',
    'fe80::1%eth0',
    '[::1]',
  ])('%s is no network', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});
