import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  compileTrust,
  explainScheme,
  isSecure,
  requestScheme,
  type RequestTrust,
  type TrustProxy,
} from '@portcullis/core/http';
import { closeAll, hostNames } from '@portcullis/testing';
import { fact, listenFor } from './request-facts.ts';

afterEach(closeAll);

function scheme(
  value: TrustProxy | undefined,
  lines: string[],
  more: RequestTrust = {},
): Promise<unknown> {
  const trust = value === undefined ? undefined : compileTrust(value);
  return fact((req) => requestScheme(req, { ...more, trust }), ['Host: a', ...lines]);
}

describe('requestScheme()', () => {
  test.each<[TrustProxy | undefined, string[], string]>([
    [undefined, [], 'http'],
    [undefined, ['X-Forwarded-Proto: https'], 'http'],
    ['10.0.0.0/8', ['X-Forwarded-Proto: https'], 'http'],
    [1, [], 'http'],
    [1, ['X-Forwarded-Proto: https'], 'https'],
    [1, ['X-Forwarded-Proto: HTTPS'], 'https'],
    [1, ['X-Forwarded-Proto: wss'], 'https'],
    [1, ['X-Forwarded-Proto: ws'], 'http'],
    [1, ['X-Forwarded-Proto: http'], 'http'],
    [1, ['X-Forwarded-Proto: httpsfoo'], 'http'],
    [1, ['X-Forwarded-Proto: \xa0https'], 'http'],
    [1, ['X-Forwarded-Proto: http, \t https \t'], 'https'],
    [1, ['X-Forwarded-Proto: http, \xa0https'], 'http'],
    [1, ['X-Forwarded-Proto: on'], 'http'],
    [1, ['X-Forwarded-Proto:'], 'http'],
    [1, ['X-Forwarded-Proto: https,'], 'http'],
    [1, ['X-Forwarded-Proto: https, http'], 'http'],
    [1, ['X-Forwarded-Proto: http, https'], 'https'],
    [1, ['X-Forwarded-Proto: http', 'X-Forwarded-Proto: https'], 'https'],
    [true, ['X-Forwarded-Proto: https, http'], 'https'],
    [true, ['X-Forwarded-Proto: https, http', 'X-Forwarded-For: 1.1.1.1'], 'https'],
    [true, ['X-Forwarded-Proto: https, http', 'X-Forwarded-For: 2.2.2.2, 1.1.1.1'], 'https'],
    [true, ['X-Forwarded-Proto: https, http', 'X-Forwarded-For: garbage'], 'http'],
    [2, ['X-Forwarded-Proto: https, http'], 'https'],
    [2, ['X-Forwarded-Proto: https, http, http'], 'http'],
    ['loopback', ['X-Forwarded-Proto: https, http', 'X-Forwarded-For: 1.1.1.1'], 'http'],
    [
      'loopback, 10.0.0.0/8',
      ['X-Forwarded-Proto: https, http', 'X-Forwarded-For: 1.1.1.1, 10.0.0.1'],
      'https',
    ],
  ])('trust %p, %p: %s', async (trust, lines, expected) => {
    await expect(scheme(trust, lines)).resolves.toBe(expected);
  });

  test.each<[string[], string]>([
    [['Forwarded: proto=https'], 'https'],
    [['Forwarded: for="[2001:db8::1]:80";proto="HTTPS"'], 'https'],
    [['Forwarded: proto=https, proto=http'], 'http'],
    [['Forwarded: proto=http, proto=https'], 'https'],
    [['Forwarded: proto=on'], 'http'],
    [['Forwarded: for=1.1.1.1'], 'http'],
    [['Forwarded: proto=https;proto=https'], 'http'],
    [['Forwarded: ,'], 'http'],
    [['X-Forwarded-Proto: https'], 'http'],
    [[], 'http'],
  ])('RFC 7239, %p: %s', async (lines, expected) => {
    await expect(scheme(1, lines, { forwarded: 'forwarded' })).resolves.toBe(expected);
  });

  test.each<[string[], string[], string]>([
    [['x-arr-ssl'], ['X-Arr-Ssl: 2048|256|C=US'], 'https'],
    [['x-arr-ssl'], ['X-Forwarded-Proto: https'], 'http'],
    [['front-end-https'], ['Front-End-Https: on'], 'https'],
    [['x-forwarded-ssl'], ['X-Forwarded-Ssl: off'], 'http'],
    [['x-forwarded-ssl'], ['X-Forwarded-Ssl: maybe'], 'http'],
    [
      ['cloudfront-forwarded-proto', 'x-forwarded-proto'],
      ['CloudFront-Forwarded-Proto: https', 'X-Forwarded-Proto: http'],
      'https',
    ],
    [['cloudfront-forwarded-proto', 'x-forwarded-proto'], ['X-Forwarded-Proto: https'], 'https'],
  ])('headers %p, %p: %s', async (protoHeaders, lines, expected) => {
    await expect(scheme(1, lines, { protoHeaders })).resolves.toBe(expected);
  });

  test('the headers that one middleware was told of also count for those after it', async () => {
    const trust = compileTrust(1);
    const read = (req: IncomingMessage): unknown => [
      requestScheme(req, { trust }),
      requestScheme(req, { trust, protoHeaders: ['x-arr-ssl'] }),
      requestScheme(req),
    ];
    const schemes = await fact(read, ['Host: a', 'X-Arr-Ssl: 2048']);
    expect(schemes).toEqual(['http', 'https', 'https']);
  });

  test.each(hostNames)('%s over TLS is secure', async (host) => {
    const server = await listenFor((req) => isSecure(req), { host, tls: true });
    expect((await server.request('/')).json()).toBe(true);
  });

  test('a trusted proxy may say that the client came over http though it uses TLS itself', async () => {
    const trust = compileTrust('loopback');
    const server = await listenFor((req) => requestScheme(req, { trust }), { tls: true });
    const headers = { 'X-Forwarded-Proto': 'http' };
    expect((await server.request('/', { headers })).json()).toBe('http');
    expect((await server.request('/')).json()).toBe('https');
  });
});

describe('explainScheme()', () => {
  const trust = compileTrust('loopback');
  test.each<[RequestTrust, string[], unknown]>([
    [{}, ['X-Forwarded-Proto: https'], { scheme: 'http', headers: [] }],
    [{ trust }, [], { scheme: 'http', headers: ['X-Forwarded-Proto'] }],
    [
      { trust },
      ['X-Forwarded-Proto: gopher'],
      { scheme: 'http', headers: ['X-Forwarded-Proto'], fault: 'bad-scheme' },
    ],
    [
      { trust, forwarded: 'forwarded' },
      ['Forwarded: proto'],
      { scheme: 'http', headers: ['Forwarded'], fault: 'bad-forwarded' },
    ],
    [
      { trust, forwarded: 'forwarded' },
      ['Forwarded: proto=gopher'],
      { scheme: 'http', headers: ['Forwarded'], fault: 'bad-scheme' },
    ],
  ])('%p, %p', async (given, lines, expected) => {
    await expect(fact((req) => explainScheme(req, given), ['Host: a', ...lines])).resolves.toEqual(
      expected,
    );
  });
});
