import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, type HostName } from '@portcullis/testing';
import type { TrustedHostOptions } from '@portcullis/trusted-host';
import { send, serve } from './served.ts';

afterEach(closeAll);

const invalid = '400 Invalid host header';
const allowedHosts = ['example.com', '*.example.com'];

describe('trustedHost({ trustProxy })', () => {
  test.each<[Partial<TrustedHostOptions>, string[], string]>([
    [{ trustProxy: 1 }, ['X-Forwarded-Host: example.com'], '200 example.com from x-forwarded-host'],
    [{ trustProxy: 1 }, ['X-Forwarded-Host: evil.com'], invalid],
    [{ trustProxy: 1 }, ['X-Forwarded-Host: evil.com, example.com'], invalid],
    [{ trustProxy: 1 }, ['X-Forwarded-Host: evil.com', 'X-Forwarded-Host: example.com'], invalid],
    [
      { trustProxy: 1 },
      ['X-Forwarded-Host: a.example.com, example.com'],
      '200 example.com from x-forwarded-host',
    ],
    [
      { trustProxy: true },
      ['X-Forwarded-Host: a.example.com, example.com'],
      '200 a.example.com from x-forwarded-host',
    ],
    [{ trustProxy: 1 }, ['X-Forwarded-Host: //evil.com'], invalid],
    [{ trustProxy: 1 }, ['X-Forwarded-Host: example.com,'], invalid],
    [{ trustProxy: 1 }, ['X-Forwarded-Host: example.com@evil.com'], invalid],
    [{ trustProxy: 1 }, [], invalid],
    [{ trustProxy: 1 }, ['Forwarded: host=example.com'], invalid],
    [{}, ['X-Forwarded-Host: example.com'], invalid],
    [{ trustProxy: '10.0.0.0/8' }, ['X-Forwarded-Host: example.com'], invalid],
    [
      { trustProxy: 'loopback', forwarded: 'forwarded' },
      ['Forwarded: for=1.1.1.1;HOST="example.com:8443"'],
      '200 example.com from forwarded',
    ],
    [
      { trustProxy: 'loopback', forwarded: 'forwarded' },
      ['Forwarded: host=evil.com, host=example.com'],
      invalid,
    ],
    [{ trustProxy: 'loopback', forwarded: 'forwarded' }, ['Forwarded: host=a;host=b'], invalid],
    [
      { trustProxy: 'loopback', forwarded: 'forwarded' },
      ['X-Forwarded-Host: example.com'],
      invalid,
    ],
  ])('%p, an internal Host and %p: %s', async (options, lines, expected) => {
    const server = await serve({ allowedHosts, ...options });
    await expect(send(server, ['Host: internal:8000', ...lines])).resolves.toBe(expected);
  });

  test('a malformed Host is refused whatever the proxy says', async () => {
    const server = await serve({ allowedHosts, trustProxy: 1 });
    const lines = ['Host: a@b', 'X-Forwarded-Host: example.com'];
    await expect(send(server, lines)).resolves.toBe(invalid);
  });

  test('a host first seen without the header is not let through by memory with it', async () => {
    const server = await serve({ allowedHosts, trustProxy: 1 });
    await expect(send(server, ['Host: example.com'])).resolves.toMatch(/^200/);
    const spoofed = ['Host: example.com', 'X-Forwarded-Host: evil.com'];
    await expect(send(server, spoofed)).resolves.toBe(invalid);
    await expect(
      send(server, ['Host: example.com'], 'GET http://evil.com/ HTTP/1.1'),
    ).resolves.toBe(invalid);
    await expect(send(server, ['Host: example.com', 'Host: example.com'])).resolves.toBe(invalid);
  });
});

describe.each<HostName>(['express5', 'express4'])("%s with the app's own trust proxy", (host) => {
  const forwarded = (value: string, own = 'internal') => [
    `Host: ${own}`,
    `X-Forwarded-Host: ${value}`,
  ];

  test('inherits it', async () => {
    const server = await serve({ allowedHosts }, host, { 'trust proxy': 1 });
    await expect(send(server, forwarded('example.com'))).resolves.toBe(
      '200 example.com from x-forwarded-host',
    );
    await expect(send(server, forwarded('evil.com, example.com'))).resolves.toBe(invalid);
  });

  test('believes nobody by default', async () => {
    const server = await serve({ allowedHosts }, host);
    await expect(send(server, forwarded('example.com'))).resolves.toBe(invalid);
    await expect(send(server, forwarded('evil.com', 'example.com'))).resolves.toMatch(/^200/);
  });

  test('the option overrides it, but what req.hostname would read is checked all the same', async () => {
    const server = await serve({ allowedHosts, trustProxy: false }, host, { 'trust proxy': 1 });
    await expect(send(server, forwarded('example.com'))).resolves.toBe(invalid);
    await expect(send(server, forwarded('evil.com', 'example.com'))).resolves.toBe(invalid);
    await expect(send(server, forwarded('a.example.com', 'example.com'))).resolves.toBe(
      '200 example.com from host',
    );
  });
});
