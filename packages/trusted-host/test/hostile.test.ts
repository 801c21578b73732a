import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closeAll, type TestServer } from '@portcullis/testing';
import { collect } from './collect.ts';
import { send, serve } from './served.ts';

/** Every line of this table gets past at least one published middleware, or past an application that checks by hand. */
const attacks: [string, string[], string, string?][] = [
  ['another host', ['Host: evil.com'], 'not-allowed'],
  ['DNS rebinding', ['Host: evil.example:3000'], 'not-allowed'],
  ['two Host lines', ['Host: example.com', 'Host: evil.com'], 'duplicate'],
  ['two Host lines, the bad one first', ['Host: evil.com', 'hOsT: example.com'], 'duplicate'],
  ['two equal Host lines', ['Host: example.com', 'Host: example.com'], 'duplicate'],
  ['user information', ['Host: example.com@evil.com'], 'userinfo'],
  ['user information before a listed host', ['Host: x@example.com'], 'userinfo'],
  ['user information with a port', ['Host: evil.com:80@a.example.com'], 'bad-port'],
  ['user information with a password', ['Host: example.com:dr.x@evil.tld:80'], 'bad-port'],
  ['#', ['Host: evil.com#.example.com'], 'bad-name'],
  ['/', ['Host: evil.com/.example.com'], 'bad-name'],
  ['?', ['Host: evil.com?.example.com'], 'bad-name'],
  ['\\', ['Host: evil.com\\.example.com'], 'bad-name'],
  [';', ['Host: evil.com;.example.com'], 'bad-name'],
  ['"', ['Host: evil.com".example.com'], 'bad-name'],
  ['space', ['Host: evil.com .example.com'], 'bad-name'],
  ['TAB', ['Host: evil.com\t.example.com'], 'bad-name'],
  ['space after the colon', ['Host: example.com: recovermypassword.com'], 'bad-port'],
  ['comma', ['Host: evil.com, a.example.com'], 'bad-name'],
  ['percent-encoded dot', ['Host: example%2ecom'], 'bad-name'],
  ['percent-encoded NUL', ['Host: a%00.example.com'], 'bad-name'],
  ['raw 8-bit', ['Host: b\xfccher.example.com'], 'bad-name'],
  ['chrome-extension://x', ['Host: chrome-extension://x'], 'bad-port'],
  ['file:x@evil.com', ['Host: file:x@evil.com'], 'bad-port'],
  ['[::1 without an end', ['Host: [::1'], 'bad-ipv6'],
  ['text after an address', ['Host: [::1]evil.com'], 'bad-ipv6'],
  ['zone', ['Host: [fe80::1%25eth0]'], 'bad-ipv6'],
  ['raw zone', ['Host: [fe80::1%eth0]'], 'bad-ipv6'],
  ['IPvFuture', ['Host: [v1.a]'], 'bad-ipv6'],
  ['IPv4 in brackets', ['Host: [127.0.0.1]'], 'bad-ipv6'],
  ['IPv6 without brackets', ['Host: ::1'], 'bad-name'],
  ['IPv4 as one number', ['Host: 2130706433'], 'ambiguous-ipv4'],
  ['IPv4 in hexadecimal', ['Host: 0x7f000001'], 'ambiguous-ipv4'],
  ['IPv4 in octal', ['Host: 0177.0.0.1'], 'ambiguous-ipv4'],
  ['short IPv4', ['Host: 127.1'], 'ambiguous-ipv4'],
  ['IPv4 with a leading zero', ['Host: 127.0.0.01'], 'ambiguous-ipv4'],
  ['IPv4 out of range', ['Host: 1.2.3.256'], 'ambiguous-ipv4'],
  ['suffix', ['Host: evilexample.com'], 'not-allowed'],
  ['prefix', ['Host: example.com.evil.com'], 'not-allowed'],
  ['hyphen', ['Host: sub-example.com'], 'not-allowed'],
  ['leading dot', ['Host: .example.com'], 'bad-name'],
  ['double dot', ['Host: a..example.com'], 'bad-name'],
  ['two dots at the end', ['Host: example.com..'], 'bad-name'],
  ['a pattern', ['Host: *.example.com'], 'bad-name'],
  ['port only', ['Host: :80'], 'bad-name'],
  ['empty port', ['Host: example.com:'], 'bad-port'],
  ['port 0', ['Host: example.com:0'], 'bad-port'],
  ['port 99999', ['Host: example.com:99999'], 'bad-port'],
  ['port 080', ['Host: example.com:080'], 'bad-port'],
  ['port +80', ['Host: example.com:+80'], 'bad-port'],
  ['two ports', ['Host: example.com:80:80'], 'bad-port'],
  ['port 80a', ['Host: example.com:80a'], 'bad-port'],
  ['label of 64 characters', [`Host: ${'a'.repeat(64)}.example.com`], 'bad-name'],
  ['name of 262 characters', [`Host: ${'a.'.repeat(125)}example.com`], 'too-long'],
  ['7000 characters', [`Host: ${'a'.repeat(7000)}.example.com`], 'too-long'],
  ['absolute-form', ['Host: example.com'], 'target-mismatch', 'GET http://evil.com/ HTTP/1.1'],
  [
    'absolute-form, other port',
    ['Host: example.com'],
    'target-mismatch',
    'GET http://example.com:81/ HTTP/1.1',
  ],
  [
    'absolute-form, user information',
    ['Host: example.com'],
    'bad-target',
    'GET http://example.com@evil.com/ HTTP/1.1',
  ],
  [
    'absolute-form, other scheme',
    ['Host: example.com'],
    'bad-target',
    'GET foo://example.com/ HTTP/1.1',
  ],
  [
    'absolute-form with a listed target',
    ['Host: evil.com'],
    'target-mismatch',
    'GET http://example.com/ HTTP/1.1',
  ],
  ['empty Host', ['Host:'], 'empty'],
  ['no Host', [], 'missing', 'GET / HTTP/1.0'],
  [
    'spoofed X-Forwarded-Host, bad Host',
    ['Host: evil.com', 'X-Forwarded-Host: example.com'],
    'not-allowed',
  ],
];

/** Every row whole: Jest takes a parameter without a value for a callback. */
const rows = attacks.map(([name, lines, reason, start]) => ({
  name,
  lines,
  reason,
  start: start ?? 'GET / HTTP/1.1',
}));

describe('hostile heads over a raw socket', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await serve({ allowedHosts: ['example.com', '*.example.com'] });
  });
  afterAll(closeAll);

  test.each(rows)('$name: 400 and a short body', async ({ lines, reason, start }) => {
    let answer = '';
    const messages = await collect('portcullis:trusted-host:rejected', async () => {
      answer = await send(server, lines, start);
    });
    expect(answer).toBe('400 Invalid host header');
    expect(messages).toMatchObject([{ reason }]);
    // What reaches a log is made of harmless characters.
    expect(JSON.stringify(messages)).toMatch(/^[\w\s.:[\]{}",-]*$/);
  });

  test.each(rows)(
    "$name: 400 also with allowedHosts: '*', unless it is a host",
    async ({ lines, reason, start }) => {
      const open = await serve({ allowedHosts: '*' });
      const expected = reason === 'not-allowed' ? /^200 / : /^400 Invalid host header$/;
      await expect(send(open, lines, start)).resolves.toMatch(expected);
      await open.close();
    },
  );

  test('what a spoofed forwarded header says from an untrusted peer is not read', async () => {
    const lines = ['Host: example.com', 'X-Forwarded-Host: evil.com', 'Forwarded: host=evil.com'];
    await expect(send(server, lines)).resolves.toBe('200 example.com from host');
  });

  test('good requests around a bad one on the same connection are answered', async () => {
    const good = 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n';
    const bad = 'POST / HTTP/1.1\r\nHost: a@b\r\nContent-Length: 3\r\n\r\nabc';
    const last = 'GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n';
    const { rawRequest } = await import('@portcullis/testing');
    const answer = await rawRequest(server.port, good + bad + last);
    expect(answer.match(/HTTP\/1\.1 [0-9]{3}/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 400',
      'HTTP/1.1 200',
    ]);
  });
});
