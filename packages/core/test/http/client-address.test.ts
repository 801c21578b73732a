import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clientAddress,
  compileTrust,
  type ForwardedFamily,
  type TrustProxy,
} from '@portcullis/core/http';
import { closeAll } from '@portcullis/testing';
import { fact, listenFor } from './request-facts.ts';

afterEach(closeAll);

function client(
  value: TrustProxy | undefined,
  lines: string[],
  forwarded?: ForwardedFamily,
): Promise<unknown> {
  const trust = value === undefined ? undefined : compileTrust(value);
  return fact((req) => clientAddress(req, { trust, forwarded }), ['Host: a', ...lines]);
}

describe('clientAddress()', () => {
  test.each<[TrustProxy | undefined, string[], string]>([
    [undefined, ['X-Forwarded-For: 1.1.1.1'], '127.0.0.1'],
    [false, ['X-Forwarded-For: 1.1.1.1'], '127.0.0.1'],
    ['10.0.0.0/8', ['X-Forwarded-For: 1.1.1.1'], '127.0.0.1'],
    ['127.0.0.1', ['X-Forwarded-For: 1.1.1.1'], '1.1.1.1'],
    ['127.0.0.1', [], '127.0.0.1'],
    ['loopback, 10.0.0.0/8', ['X-Forwarded-For: 6.6.6.6, 1.1.1.1, 10.0.0.2'], '1.1.1.1'],
    ['loopback', ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 1.1.1.1'], '1.1.1.1'],
    [1, ['X-Forwarded-For: 6.6.6.6, 1.1.1.1'], '1.1.1.1'],
    [2, ['X-Forwarded-For: 6.6.6.6, 1.1.1.1'], '6.6.6.6'],
    [9, ['X-Forwarded-For: 6.6.6.6, 1.1.1.1'], '6.6.6.6'],
    [true, ['X-Forwarded-For: 6.6.6.6, 1.1.1.1'], '6.6.6.6'],
    ['loopback, 10.0.0.0/255.0.0.0', ['X-Forwarded-For: 1.1.1.1, 10.9.9.9'], '1.1.1.1'],
    [1, ['X-Forwarded-For: 1.1.1.1:4711'], '1.1.1.1'],
    [1, ['X-Forwarded-For: [2001:db8::1]:4711'], '2001:db8::1'],
    [1, ['X-Forwarded-For: [2001:db8::1]'], '2001:db8::1'],
    [1, ['X-Forwarded-For: 2001:db8::1'], '2001:db8::1'],
    [1, ['X-Forwarded-For: , ,1.1.1.1,'], '1.1.1.1'],
    ['loopback, 10.0.0.0/8', ['X-Forwarded-For: 1.1.1.1, garbage, 10.0.0.1'], '10.0.0.1'],
    [1, ['X-Forwarded-For: garbage'], '127.0.0.1'],
    [true, [`X-Forwarded-For: 6.6.6.6${', 1.1.1.1'.repeat(300)}`], '1.1.1.1'],
    [
      (address) => {
        if (address === '7.7.7.7') throw new Error('not expected');
        return true;
      },
      ['X-Forwarded-For: 6.6.6.6, 7.7.7.7'],
      '7.7.7.7',
    ],
  ])('trust %p, %p: %s', async (trust, lines, expected) => {
    await expect(client(trust, lines)).resolves.toBe(expected);
  });

  test.each<[TrustProxy, string[], string | null]>([
    [1, ['Forwarded: for=6.6.6.6, for=1.1.1.1'], '1.1.1.1'],
    ['loopback, 10.0.0.0/8', ['Forwarded: for=1.1.1.1', 'Forwarded: for="10.0.0.1:99"'], '1.1.1.1'],
    [1, ['X-Forwarded-For: 6.6.6.6'], '127.0.0.1'],
    [1, ['Forwarded: for=_hidden'], null],
    [1, ['Forwarded: for=unknown;for=1.1.1.1'], '127.0.0.1'],
    [1, ['Forwarded: for="garbage!"'], '127.0.0.1'],
    [1, [`Forwarded: ${'for=1.1.1.1,'.repeat(100)}`], '127.0.0.1'],
  ])('RFC 7239, trust %p, %p: %s', async (trust, lines, expected) => {
    await expect(client(trust, lines, 'forwarded')).resolves.toBe(expected);
  });

  test("takes Express's own trust proxy when it was told nothing", async () => {
    const server = await listenFor((req) => clientAddress(req), {
      host: 'express5',
      settings: { 'trust proxy': 1 },
    });
    const answer = await server.request('/', {
      headers: { 'X-Forwarded-For': '6.6.6.6, 1.1.1.1' },
    });
    expect(answer.json()).toBe('1.1.1.1');
  });

  test('a peer on a Unix socket is trusted as unix', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-'));
    const socketPath = join(folder, 'http.sock');
    const trust = compileTrust('unix');
    const server = createServer((req, res) => {
      res.end(JSON.stringify([clientAddress(req) ?? null, clientAddress(req, { trust })]));
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const body = await new Promise<string>((resolve, reject) => {
      const headers = { 'X-Forwarded-For': '6.6.6.6, 1.1.1.1' };
      request({ socketPath, headers, agent: false }, (res) => {
        res.setEncoding('utf8').on('data', resolve);
      })
        .on('error', reject)
        .end();
    });
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
    // First without an option: nobody is believed, and a Unix peer has no address.
    expect(JSON.parse(body)).toEqual([null, '1.1.1.1']);
  });
});
