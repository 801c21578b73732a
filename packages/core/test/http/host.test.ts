import { describe, expect, test } from '@jest/globals';
import { domainToASCII } from 'node:url';
import { explainHost, formatHost, parseHost } from '@portcullis/core/http';
import { maxHostLength } from '../../src/http/host.ts';

describe('explainHost() accepts', () => {
  test.each<[string, string, number | undefined, string]>([
    ['example.com', 'example.com', undefined, 'name'],
    ['EXAMPLE.Com', 'example.com', undefined, 'name'],
    ['example.com.', 'example.com', undefined, 'name'],
    ['example.com:3000', 'example.com', 3000, 'name'],
    ['example.com.:1', 'example.com', 1, 'name'],
    ['example.com:65535', 'example.com', 65535, 'name'],
    ['localhost', 'localhost', undefined, 'name'],
    ['a', 'a', undefined, 'name'],
    ['a.', 'a', undefined, 'name'],
    ['a_b.example.com', 'a_b.example.com', undefined, 'name'],
    ['_', '_', undefined, 'name'],
    ['-a-.example', '-a-.example', undefined, 'name'],
    ['xn--bcher-kva.example.com', 'xn--bcher-kva.example.com', undefined, 'name'],
    ['0xg.example', '0xg.example', undefined, 'name'],
    ['1.a', '1.a', undefined, 'name'],
    ['a.1b', 'a.1b', undefined, 'name'],
    ['a.0xg', 'a.0xg', undefined, 'name'],
    ['127.0.0.1', '127.0.0.1', undefined, 'ipv4'],
    ['127.0.0.1.', '127.0.0.1', undefined, 'ipv4'],
    ['255.255.255.255:80', '255.255.255.255', 80, 'ipv4'],
    ['0.0.0.0', '0.0.0.0', undefined, 'ipv4'],
    ['[::1]', '::1', undefined, 'ipv6'],
    ['[::1]:3000', '::1', 3000, 'ipv6'],
    ['[2001:0DB8:0:0:0:0:0:1]', '2001:db8::1', undefined, 'ipv6'],
    ['[1:0:0:2:0:0:0:3]', '1:0:0:2::3', undefined, 'ipv6'],
    ['[1:0:2:3:4:5:6:7]', '1:0:2:3:4:5:6:7', undefined, 'ipv6'],
    ['[1:2:3:4:5:6:0:0]', '1:2:3:4:5:6::', undefined, 'ipv6'],
    ['[::]', '::', undefined, 'ipv6'],
    ['[::ffff:127.0.0.1]', '::ffff:7f00:1', undefined, 'ipv6'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`, undefined, 'name'],
  ])('%s', (text, hostname, port, kind) => {
    expect(explainHost(text)).toEqual({ hostname, port, kind });
    expect(parseHost(text)).toEqual({ hostname, port, kind });
  });

  test('a name of 253 characters with a trailing dot and a port', () => {
    const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    expect(parseHost(`${name}.:65535`)?.hostname).toBe(name);
  });
});

describe('explainHost() refuses', () => {
  test.each<[string, string]>([
    ['', 'empty'],
    ['a'.repeat(maxHostLength + 1), 'too-long'],
    [`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(62)}`, 'too-long'],
    ['a'.repeat(64), 'bad-name'],
    ['.', 'bad-name'],
    ['..', 'bad-name'],
    ['.example.com', 'bad-name'],
    ['a..example.com', 'bad-name'],
    ['example.com..', 'bad-name'],
    ['*', 'bad-name'],
    ['*.example.com', 'bad-name'],
    ['evil.com#.example.com', 'bad-name'],
    ['evil.com/.example.com', 'bad-name'],
    ['evil.com?.example.com', 'bad-name'],
    ['evil.com\\.example.com', 'bad-name'],
    ['evil.com .example.com', 'bad-name'],
    ['evil.com\t.example.com', 'bad-name'],
    ['evil.com;.example.com', 'bad-name'],
    ['evil.com".example.com', 'bad-name'],
    ['evil.com, a.example.com', 'bad-name'],
    ['example%2ecom', 'bad-name'],
    ['a%00.example.com', 'bad-name'],
    ['b\u00fccher.example.com', 'bad-name'],
    ['\u212aelvin.example', 'bad-name'],
    ['a\0b', 'bad-name'],
    ['a~b.example', 'bad-name'],
    [':80', 'bad-name'],
    ['::1', 'bad-name'],
    [' example.com', 'bad-name'],
    ['example.com@evil.com', 'userinfo'],
    ['@example.com', 'userinfo'],
    ['[user@::1]', 'userinfo'],
    ['example.com:80@evil.com', 'bad-port'],
    ['example.com:', 'bad-port'],
    ['example.com:0', 'bad-port'],
    ['example.com:080', 'bad-port'],
    ['example.com:65536', 'bad-port'],
    ['example.com:99999', 'bad-port'],
    ['example.com:100000', 'bad-port'],
    ['example.com:80a', 'bad-port'],
    ['example.com:+80', 'bad-port'],
    ['example.com:-1', 'bad-port'],
    ['example.com:80:80', 'bad-port'],
    ['example.com: recovermypassword.com', 'bad-port'],
    ['2001:db8::1', 'bad-port'],
    ['2130706433', 'ambiguous-ipv4'],
    ['0x7f000001', 'ambiguous-ipv4'],
    ['0177.0.0.1', 'ambiguous-ipv4'],
    ['127.1', 'ambiguous-ipv4'],
    ['127.0.0.01', 'ambiguous-ipv4'],
    ['1.2.3.256', 'ambiguous-ipv4'],
    ['1.2.3.4.5', 'ambiguous-ipv4'],
    ['1.2.3', 'ambiguous-ipv4'],
    ['1111.2.3.4', 'ambiguous-ipv4'],
    ['1111.1111.1111.1111', 'ambiguous-ipv4'],
    ['0x', 'ambiguous-ipv4'],
    ['a.1', 'ambiguous-ipv4'],
    ['a.0x1f', 'ambiguous-ipv4'],
    ['[', 'bad-ipv6'],
    ['[]', 'bad-ipv6'],
    ['[::1', 'bad-ipv6'],
    ['[::1]evil.com', 'bad-ipv6'],
    ['[::1].', 'bad-ipv6'],
    ['[fe80::1%25eth0]', 'bad-ipv6'],
    ['[fe80::1%eth0]', 'bad-ipv6'],
    ['[v1.a]', 'bad-ipv6'],
    ['[127.0.0.1]', 'bad-ipv6'],
    ['[:::1]', 'bad-ipv6'],
    ['[::1]:', 'bad-port'],
    ['[::1]:0', 'bad-port'],
    ['[::1]:80:80', 'bad-port'],
  ])('%s as %s', (text, fault) => {
    expect(explainHost(text)).toBe(fault);
    expect(parseHost(text)).toBeUndefined();
  });
});

test('a punycode label is a host exactly where this Node takes it for one', () => {
  for (const text of ['xn--a.example.com', 'xn--0.a', 'xn--bcher-kva.example']) {
    expect(parseHost(text)?.hostname ?? '').toBe(domainToASCII(text));
  }
});

describe('formatHost()', () => {
  test.each(['example.com', 'example.com:8080', '192.0.2.1', '[::1]', '[2001:db8::1]:3000'])(
    '%s comes back as it was',
    (text) => {
      const host = parseHost(text);
      expect(host && formatHost(host)).toBe(text);
    },
  );
});
