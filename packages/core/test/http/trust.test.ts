import { describe, expect, test } from '@jest/globals';
import { compileTrust, type TrustProxy } from '@portcullis/core/http';
import { sameTrust } from '../../src/http/trust.ts';

describe('compileTrust()', () => {
  test.each<[TrustProxy, string | undefined, number, boolean]>([
    [false, '127.0.0.1', 0, false],
    [true, '203.0.113.9', 7, true],
    [true, undefined, 0, true],
    [0, '127.0.0.1', 0, false],
    [1, '203.0.113.9', 0, true],
    [1, '203.0.113.9', 1, false],
    [2, undefined, 1, true],
    ['1', '203.0.113.9', 0, true],
    ['true', '203.0.113.9', 5, true],
    ['false', '127.0.0.1', 0, false],
    ['127.0.0.1', '127.0.0.1', 0, true],
    ['127.0.0.1', '::ffff:127.0.0.1', 0, true],
    ['127.0.0.1', '127.0.0.2', 0, false],
    ['127.0.0.1', undefined, 0, false],
    ['loopback', '127.9.9.9', 0, true],
    ['loopback', '::1', 0, true],
    ['loopback', '10.0.0.1', 0, false],
    ['linklocal', '169.254.1.1', 0, true],
    ['linklocal', 'fe80::1', 0, true],
    ['linklocal', 'fe80::1%eth0', 0, true],
    ['linklocal', '8.8.8.8%eth0', 0, false],
    ['uniquelocal', '192.168.1.1', 0, true],
    ['uniquelocal', 'fd00::1', 0, true],
    ['uniquelocal', '8.8.8.8', 0, false],
    ['loopback, 10.0.0.0/8', '10.2.3.4', 3, true],
    [['loopback', '10.0.0.0/255.0.0.0'], '10.2.3.4', 1, true],
    [['loopback', '2001:db8::/32'], '2001:db8::1', 1, true],
    ['unix', undefined, 0, true],
    ['unix', undefined, 1, false],
    ['unix', '127.0.0.1', 0, false],
    ['unix, loopback', '127.0.0.1', 0, true],
    ['loopback', 'garbage', 0, false],
    [[], '127.0.0.1', 0, false],
    [(address) => address === 'x', 'x', 0, true],
    [(() => Promise.resolve(true)) as never, 'x', 0, false],
    [(() => 'yes') as never, 'x', 0, false],
  ])('%p: %s at hop %i is %s', (value, address, hop, expected) => {
    const trust = compileTrust(value);
    expect(trust(address, hop)).toBe(expected);
    // Asked again: the last answer is remembered.
    expect(trust(address, hop)).toBe(expected);
  });

  test('an async function is an error, because a promise would count as a yes', () => {
    const compile = (): unknown => compileTrust((async () => Promise.resolve(false)) as never);
    expect(compile).toThrow(
      new TypeError(
        'trustProxy: an async function cannot be used, because its promise would count as a yes. Load the addresses before, and answer true or false at once.',
      ),
    );
  });

  test.each<[unknown, string]>([
    ['loopbak', '"loopbak"'],
    ['10.0.0.0/33', '"10.0.0.0/33"'],
    ['', '""'],
    ['loopback,', '""'],
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [null, 'null'],
    [{}, '[object Object]'],
    [['loopback', 7], '7'],
    ['constructor', '"constructor"'],
  ])('%p is an error that quotes it and names the forms', (value, quoted) => {
    const compile = (): unknown => compileTrust(value as TrustProxy);
    expect(compile).toThrow(TypeError);
    expect(compile).toThrow(`trustProxy: ${quoted} is not true, false, a number of hops (0, 1, 2)`);
  });

  test('knows two values that mean the same', () => {
    const own = Object.freeze((): boolean => true);
    expect(sameTrust(compileTrust(1), compileTrust('1'))).toBe(true);
    expect(sameTrust(compileTrust('loopback'), compileTrust(['loopback']))).toBe(true);
    expect(sameTrust(compileTrust('loopback'), compileTrust(1))).toBe(false);
    expect(sameTrust(compileTrust(own), compileTrust(own))).toBe(true);
    expect(
      sameTrust(
        compileTrust(own),
        compileTrust(() => true),
      ),
    ).toBe(false);
  });
});
