import { describe, expect, test } from '@jest/globals';
import { compileHostPatterns, parseHost, parseHostPattern } from '@portcullis/core/http';
import fc from 'fast-check';

function compile(...texts: string[]) {
  return compileHostPatterns(
    texts.map((text) => {
      const pattern = parseHostPattern(text);
      if ('fault' in pattern) throw new Error(`${text} ${pattern.fault}`);
      return pattern;
    }),
  );
}

function matched(host: string, ...patterns: string[]): string | undefined {
  const parsed = parseHost(host);
  if (parsed === undefined) throw new Error(`${host} is no host`);
  return compile(...patterns).match(parsed)?.text;
}

describe('a pattern covers', () => {
  test.each<[string, string, boolean]>([
    ['example.com', 'example.com', true],
    ['EXAMPLE.com', 'example.com', true],
    ['example.com', 'Example.COM.', true],
    ['example.com', 'evilexample.com', false],
    ['example.com', 'example.com.evil.com', false],
    ['example.com', 'a.example.com', false],
    ['example.com', 'example.com:9919', true],
    ['example.com:8443', 'example.com:8443', true],
    ['example.com:8443', 'example.com:8444', false],
    ['example.com:8443', 'example.com', false],
    ['example.com:*', 'example.com:1', true],
    ['example.com:*', 'example.com', true],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'sub-example.com', false],
    ['*.example.com', 'evil.com', false],
    ['*.example.com:80', 'a.example.com:80', true],
    ['*.example.com:80', 'a.example.com', true],
    ['*.example.com:80', 'a.example.com:443', false],
    ['example.com:443', 'example.com', true],
    ['example.com:443', 'example.com:80', false],
    ['[::1]:443', '[::1]', true],
    ['.dot.test', 'dot.test', true],
    ['.dot.test', 'a.dot.test', true],
    ['.dot.test', 'xdot.test', false],
    ['*', 'anything.example', true],
    ['*', '[::1]:80', true],
    ['*:8080', 'a.example:8080', true],
    ['*:8080', 'a.example', false],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['*.BÜCHER.example', 'a.xn--bcher-kva.example', true],
    ['127.0.0.1', '127.0.0.1:3000', true],
    ['127.0.0.1', '127.0.0.1.', true],
    ['127.0.0.1', '[::ffff:127.0.0.1]', false],
    ['::1', '[::1]', true],
    ['2001:db8:0:0:0:0:0:1', '[2001:db8::1]', true],
    ['[2001:DB8::1]:3000', '[2001:db8::1]:3000', true],
    ['[2001:DB8::1]:3000', '[2001:db8::1]:3001', false],
    ['10.0.0.0/8', '10.1.2.3:80', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '[::1]', false],
    ['10.0.0.0/8', 'ten.example', false],
    ['fd00::/8', '[fd12::1]', true],
    ['[fd00::]/8', '[fd12::1]', true],
    ['fd00::/8', '10.0.0.1', false],
    ['com', 'example.com', false],
  ])('%s: %s %s', (pattern, host, expected) => {
    expect(matched(host, pattern) !== undefined).toBe(expected);
  });
});

describe('parseHostPattern() refuses', () => {
  const rule = "Domain wildcard patterns must be like '*.example.com'.";
  test.each<[string, string, string]>([
    ['', 'is empty', "Write a host name such as 'example.com'."],
    ['  ', 'is empty', "Write a host name such as 'example.com'."],
    ['*example.com', 'misplaces the wildcard', rule],
    ['a.*.com', 'misplaces the wildcard', rule],
    ['**', 'misplaces the wildcard', rule],
    ['*.', 'misplaces the wildcard', rule],
    ['*.*.com', 'misplaces the wildcard', rule],
    ['.', 'misplaces the wildcard', rule],
    ['example.com*', 'misplaces the wildcard', rule],
    ['*.a b', 'contains a space', 'Write one host per entry.'],
    ['*.a..b', 'has a wildcard before what is no host name (bad-name)', rule],
    [
      '*.127.0.0.1',
      'has a wildcard before an address',
      "An address has no subdomains; write a network such as '10.0.0.0/8'.",
    ],
    ['https://example.com/a', 'is a URL', "Write 'example.com'."],
    ['https://*.example.com', 'is a URL', 'Write the host only.'],
    ['http://', 'is a URL', 'Write the host only.'],
    [
      'example.com/path',
      'is neither a host nor a network',
      "Write a host without a path, or a network such as '10.0.0.0/8'.",
    ],
    [
      '10.0.0.0/33',
      'is neither a host nor a network',
      "Write a host without a path, or a network such as '10.0.0.0/8'.",
    ],
    ['a.com b.com', 'contains a space', 'Write one host per entry.'],
    ['user@example.com', 'contains user information', 'Write the host only.'],
    [
      'example.com:99999',
      'has a port that is not 1 to 65535',
      "Leave the port out to allow any, or write ':8080'.",
    ],
    [
      'example.com:080',
      'has a port that is not 1 to 65535',
      "Leave the port out to allow any, or write ':8080'.",
    ],
    ['0x7f.1', 'is no host (ambiguous-ipv4)', "Write a name such as 'example.com', or an address."],
    ['a..b', 'is no host (bad-name)', "Write a name such as 'example.com', or an address."],
    ['a%65b', 'is no host (bad-name)', "Write a name such as 'example.com', or an address."],
    ['xn--ü', 'is no host (empty)', "Write a name such as 'example.com', or an address."],
    ['[::1', 'is no host (bad-ipv6)', "Write a name such as 'example.com', or an address."],
    ['fe80::1%eth0', 'is no host (bad-ipv6)', "Write a name such as 'example.com', or an address."],
  ])('%s: %s', (text, fault, hint) => {
    expect(parseHostPattern(text)).toEqual({ fault, hint });
  });
});

describe('compileHostPatterns()', () => {
  test('names the most specific pattern', () => {
    const list = ['*', '*.example.com', '*.b.example.com', 'a.b.example.com', '10.0.0.0/8'];
    expect(matched('a.b.example.com', ...list)).toBe('a.b.example.com');
    expect(matched('x.b.example.com', ...list)).toBe('*.b.example.com');
    expect(matched('x.example.com', ...list)).toBe('*.example.com');
    expect(matched('10.0.0.1', ...list)).toBe('10.0.0.0/8');
    expect(matched('other.test', ...list)).toBe('*');
  });

  test('tries every port of a name', () => {
    const list = ['example.com:1', 'example.com:2', '*.example.com:3', '*.example.com:4'];
    expect(matched('example.com:2', ...list)).toBe('example.com:2');
    expect(matched('example.com:3', ...list)).toBeUndefined();
    expect(matched('a.example.com:4', ...list)).toBe('*.example.com:4');
  });

  test('falls back to a wider pattern when the narrower one has another port', () => {
    expect(matched('a.b.test:2', '*.test', '*.b.test:1')).toBe('*.test');
  });

  test('an empty list covers nothing', () => {
    expect(matched('example.com')).toBeUndefined();
    expect(matched('10.0.0.1')).toBeUndefined();
  });

  test('wildcards never match across a label border', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
    fc.assert(
      fc.property(label, label, label, (prefix, name, tld) => {
        const matcher = compile(`*.${name}.${tld}`, `${name}.${tld}`);
        const host = parseHost(`${prefix}${name}.${tld}`);
        expect(host && matcher.match(host)).toBeUndefined();
        const sub = parseHost(`${prefix}.${name}.${tld}`);
        expect(sub && matcher.match(sub)?.kind).toBe('subdomains');
      }),
    );
  });
});
