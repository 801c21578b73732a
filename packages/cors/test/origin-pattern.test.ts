import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseOrigin } from '../src/origin.ts';
import { formatOriginPattern, isExact, parseOriginPattern } from '../src/origin-pattern.ts';
import { anyName, anyPort, anyScheme, anyText } from './arbitraries.ts';

function canonical(text: string): string {
  const pattern = parseOriginPattern(text);
  return 'fault' in pattern ? `${pattern.code}: ${pattern.fault}` : formatOriginPattern(pattern);
}

describe('parseOriginPattern', () => {
  test.each([
    ['https://example.com'],
    ['http://localhost:8080'],
    ['http://127.0.0.1'],
    ['http://[::1]:3000'],
    ['https://*.example.com'],
    ['https://*.example.com:8443'],
    ['https://*.example.com:*'],
    ['http://localhost:*'],
    ['http://[::1]:*'],
    ['https://my_app.example.com'],
    ['https://xn--caf-dma.example'],
    ['capacitor://localhost'],
    ['chrome-extension://abcdefghijklmnopabcdefghijklmnop'],
    ['app://*.example'],
  ])('keeps %s', (text) => {
    expect(canonical(text)).toBe(text);
  });

  test.each([
    ['https://example.com/', 'https://example.com'],
    ['HTTPS://Example.COM', 'https://example.com'],
    ['https://example.com:443', 'https://example.com'],
    ['http://example.com:80/', 'http://example.com'],
    ['http://example.com:443', 'http://example.com:443'],
    ['https://caf\u00e9.example', 'https://xn--caf-dma.example'],
    ['https://*.caf\u00e9.example', 'https://*.xn--caf-dma.example'],
    ['https://*.Example.com:443', 'https://*.example.com'],
  ])('reads %s as %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test('is exact unless it has a wildcard', () => {
    const exact = (text: string): boolean => {
      const pattern = parseOriginPattern(text);
      return !('fault' in pattern) && isExact(pattern);
    };
    expect(exact('https://example.com:8080')).toBe(true);
    expect(exact('https://example.com:*')).toBe(false);
    expect(exact('https://*.example.com')).toBe(false);
  });
});

describe('parseOriginPattern refuses', () => {
  const notAnOrigin = 'CORS_ORIGIN_NOT_AN_ORIGIN';
  const scheme = 'CORS_ORIGIN_SCHEME';
  const port = 'CORS_ORIGIN_PORT';
  const address = 'CORS_ORIGIN_IP';
  const placement = 'CORS_PATTERN_PLACEMENT';

  test.each([
    ['', scheme, undefined],
    ['example.com', scheme, 'write "https://example.com"'],
    ['localhost:3000', scheme, 'write "http://localhost:3000"'],
    ['127.0.0.1', scheme, 'write "http://127.0.0.1"'],
    ['//example.com', scheme, 'write "https://example.com"'],
    ['*.example.com', scheme, 'write "https://*.example.com"'],
    ['*.com', scheme, 'write "https://*.com"'],
    ['https:example.com', scheme, undefined],
    ['https:/example.com', scheme, undefined],
    ['://example.com', scheme, undefined],
    ['42-scheme://example.com', scheme, undefined],
    ['ht tp://example.com', scheme, undefined],
    ['ws://example.com', scheme, 'write "http://example.com"'],
    ['wss://example.com:8443', scheme, 'write "https://example.com:8443"'],
    ['file://', 'CORS_NULL_ORIGIN', expect.stringContaining('http://localhost')],
    ['file:///home/me/index.html', 'CORS_NULL_ORIGIN', expect.any(String)],
    ['https://', notAnOrigin, undefined],
    ['https://user@example.com', notAnOrigin, 'write "https://example.com"'],
    ['https://user:secret@example.com', notAnOrigin, 'write "https://example.com"'],
    ['https://example.com/path', notAnOrigin, 'write "https://example.com"'],
    ['https://example.com//', notAnOrigin, 'write "https://example.com"'],
    ['https://example.com?x=1', notAnOrigin, 'write "https://example.com"'],
    ['https://example.com/?', notAnOrigin, 'write "https://example.com"'],
    ['https://example.com#top', notAnOrigin, 'write "https://example.com"'],
    ['https://example.com\\evil', notAnOrigin, 'write "https://example.com"'],
    [' https://example.com', scheme, undefined],
    ['https://example.com ', notAnOrigin, 'write "https://example.com"'],
    ['https://exa mple.com', notAnOrigin, undefined],
    ['https://example.com\u0000', notAnOrigin, undefined],
    ['https://example.com\u001f:8080', notAnOrigin, undefined],
    ['https://exa\u0007mple.com', notAnOrigin, undefined],
    ['https://example.com, https://example.org', notAnOrigin, undefined],
    ['https://example.com.', notAnOrigin, undefined],
    ['https://.example.com', notAnOrigin, undefined],
    ['https://example..com', notAnOrigin, undefined],
    ['https://ex%61mple.com', notAnOrigin, undefined],
    ['https://exa<mple.com', notAnOrigin, undefined],
    ['https://exa!mple.com', notAnOrigin, undefined],
    [`https://${'a'.repeat(64)}.com`, notAnOrigin, undefined],
    [`https://${'a.'.repeat(130)}com`, notAnOrigin, undefined],
    ['https://example.com:', port, undefined],
    ['https://example.com:0', port, undefined],
    ['https://example.com:65536', port, undefined],
    ['https://example.com:06060', port, undefined],
    ['https://example.com:http', port, undefined],
    ['https://example.com:+80', port, undefined],
    ['https://example.com:-1', port, undefined],
    ['https://example.com:8*', port, undefined],
    ['https://example.com:1:2', port, undefined],
    ['http://::1', port, undefined],
    ['http://127.1', address, 'write "http://127.0.0.1"'],
    ['http://2130706433', address, 'write "http://127.0.0.1"'],
    ['http://0x7f.1', address, 'write "http://127.0.0.1"'],
    ['http://010.0.0.1', address, 'write "http://8.0.0.1"'],
    ['http://256.0.0.1', notAnOrigin, undefined],
    ['http://1.2.3.4.5', notAnOrigin, undefined],
    ['http://[0:0:0:0:0:0:0:1]', address, 'write "http://[::1]"'],
    ['http://[::ffff:1.2.3.4]', address, 'write "http://[::ffff:102:304]"'],
    ['http://[fe80::1%25eth0]', notAnOrigin, undefined],
    ['http://[::1', notAnOrigin, undefined],
    ['http://[::1]x', notAnOrigin, undefined],
    ['http://[1:2:3:4:5:6:7:8:9]', notAnOrigin, undefined],
    ['*://example.com', placement, 'list "https://example.com" and "http://example.com"'],
    ['http*://example.com', placement, expect.any(String)],
    ['https://*', placement, expect.stringContaining('"*" alone')],
    ['https://*.', notAnOrigin, undefined],
    ['https://*example.com', placement, 'write "https://*.example.com" for its subdomains'],
    ['https://**.example.com', placement, 'write "https://*.example.com" for its subdomains'],
    ['https://*.*.example.com', placement, 'write "https://*.example.com" for its subdomains'],
    ['https://foo.*.example.com', placement, expect.stringContaining('list the hosts')],
    ['https://example.*', placement, expect.stringContaining('list the hosts')],
    ['https://foo*.example.com', placement, expect.stringContaining('list the hosts')],
    ['https://*.127.0.0.1', placement, undefined],
    ['https://*.[::1]', placement, undefined],
  ])('%s', (text, code, hint) => {
    expect(parseOriginPattern(text)).toEqual({ code, hint, fault: expect.any(String) });
  });
});

describe('parseOriginPattern, for any text', () => {
  test('an exact pattern is an origin, and reads itself again', () => {
    fc.assert(
      fc.property(anyScheme, anyName, anyPort, (scheme, name, port) => {
        const pattern = parseOriginPattern(`${scheme}://${name}${port}`);
        // The URL parser refuses some names that look like encoded ones.
        if ('fault' in pattern) return;
        const text = formatOriginPattern(pattern);
        expect(parseOrigin(text)).toEqual({
          scheme: pattern.scheme,
          host: pattern.host,
          port: pattern.port,
        });
        expect(parseOriginPattern(text)).toEqual(pattern);
      }),
    );
  });

  test('it never throws', () => {
    fc.assert(fc.property(anyText, (text) => void parseOriginPattern(text)));
    fc.assert(fc.property(fc.webUrl(), (text) => void parseOriginPattern(text)));
  });
});
