import { afterEach, describe, expect, test } from '@jest/globals';
import { connect as connectHttp2 } from 'node:http2';
import {
  compileTrust,
  forwardedHosts,
  ownHost,
  rawHost,
  requestHost,
  type Host,
  type RequestTrust,
} from '@portcullis/core/http';
import { closeAll, rawRequest, type HostName } from '@portcullis/testing';
import { bodyOf, fact, listenFor } from './request-facts.ts';

afterEach(closeAll);

const trust = compileTrust('loopback');

async function seen(lines: string[], target = '/', given: RequestTrust = {}): Promise<string> {
  return describeHost(await fact((req) => requestHost(req, given), lines, target));
}

function describeHost(found: unknown): string {
  // The JSON of requestHost().
  const result = found as { ok: boolean; reason: string; host: Host; source: string };
  if (!result.ok) return result.reason;
  const { hostname, port } = result.host;
  return `${hostname}${port === undefined ? '' : ` ${port}`} (${result.source})`;
}

describe('requestHost() reads the Host line', () => {
  test.each<[string[], string, string]>([
    [['Host: EXAMPLE.com:3000'], '/', 'example.com 3000 (host)'],
    [['hOsT: example.com'], '/', 'example.com (host)'],
    [['Host:'], '/', 'empty'],
    [['Host: a.test', 'Host: a.test'], '/', 'duplicate'],
    [['Host: a.test', 'hOsT: b.test'], '/', 'duplicate'],
    [['Host: a.test, b.test'], '/', 'bad-name'],
    [['Host: a.test'], '*', 'a.test (host)'],
    [['Host: a.test'], '//evil.test/x', 'a.test (host)'],
    [['Host: a.test'], 'http://a.test/x', 'a.test (host)'],
    [['Host: a.test'], 'HTTP://A.test:80/x', 'a.test (host)'],
    [['Host: a.test:443'], 'https://a.test?x', 'a.test 443 (host)'],
    [['Host: a.test'], 'http://evil.test/x', 'target-mismatch'],
    [['Host: a.test'], 'http://a.test:81/x', 'target-mismatch'],
    [['Host: a.test'], 'http://u:p@a.test/x', 'bad-target'],
    [['Host: a.test'], 'foo://a.test/x', 'bad-target'],
    [['Host: a.test'], 'http:///x', 'bad-target'],
  ])('%p %s: %s', async (lines, target, expected) => {
    await expect(seen(lines, target)).resolves.toBe(expected);
  });

  test('HTTP/1.0 without one is missing', async () => {
    const server = await listenFor((req) => requestHost(req));
    expect(bodyOf(await rawRequest(server.port, 'GET / HTTP/1.0\r\n\r\n'))).toEqual({
      ok: false,
      reason: 'missing',
    });
  });

  test('what an adapter without raw headers has put into req.headers is used', async () => {
    const read = fact(
      (req) => {
        req.rawHeaders = [];
        return requestHost(req);
      },
      ['Host: a.test'],
    );
    expect(describeHost(await read)).toBe('a.test (host)');
  });
});

describe('what was said before proxies are asked', () => {
  test('rawHost() is the line, ownHost() what it means', async () => {
    const lines = ['Host: A.test:81', 'X-Forwarded-Host: b.test'];
    const read = fact((req) => [rawHost(req), ownHost(req)], lines);
    await expect(read).resolves.toMatchObject(['A.test:81', { host: { hostname: 'a.test' } }]);
  });
});

describe('requestHost() behind proxies', () => {
  test.each<[RequestTrust, string[], string]>([
    [{}, ['X-Forwarded-Host: b.test'], 'a.test (host)'],
    [{ trust: compileTrust('10.0.0.1') }, ['X-Forwarded-Host: b.test'], 'a.test (host)'],
    [{ trust }, ['X-Forwarded-Host: b.test:8443'], 'b.test 8443 (x-forwarded-host)'],
    [{ trust }, ['X-Forwarded-Host:'], 'a.test (host)'],
    [{ trust }, ['X-Forwarded-Host: evil.test, b.test'], 'b.test (x-forwarded-host)'],
    [
      { trust },
      ['X-Forwarded-Host: evil.test', 'X-Forwarded-Host: b.test'],
      'b.test (x-forwarded-host)',
    ],
    [
      { trust: compileTrust(true) },
      ['X-Forwarded-Host: b.test, c.test'],
      'b.test (x-forwarded-host)',
    ],
    [{ trust }, ['X-Forwarded-Host: //evil.test'], 'bad-name'],
    [{ trust }, ['X-Forwarded-Host: b.test,'], 'empty'],
    [{ trust }, ['X-Forwarded-Host: \xa0b.test'], 'bad-name'],
    [{ trust }, ['X-Forwarded-Host: a.test,\xa0b.test'], 'bad-name'],
    [{ trust }, ['X-Forwarded-Host: a.test \t, \t b.test'], 'b.test (x-forwarded-host)'],
    [{ trust }, [`X-Forwarded-Host: ${'b,'.repeat(16)}b`], 'too-long'],
    [{ trust }, ['Forwarded: host=evil.test'], 'a.test (host)'],
    [{ trust, forwarded: 'forwarded' }, ['Forwarded: host=b.test'], 'b.test (forwarded)'],
    [{ trust, forwarded: 'forwarded' }, ['Forwarded: HOST="b.test:81"'], 'b.test 81 (forwarded)'],
    [
      { trust, forwarded: 'forwarded' },
      ['Forwarded: host=evil.test, host=b.test'],
      'b.test (forwarded)',
    ],
    [
      { trust, forwarded: 'forwarded' },
      ['Forwarded: host=evil.test, for=1.1.1.1'],
      'a.test (host)',
    ],
    [{ trust, forwarded: 'forwarded' }, ['Forwarded: for=1.1.1.1'], 'a.test (host)'],
    [{ trust, forwarded: 'forwarded' }, ['Forwarded: host'], 'bad-forwarded'],
    [{ trust, forwarded: 'forwarded' }, ['X-Forwarded-Host: evil.test'], 'a.test (host)'],
  ])('%p, %p: %s', async (given, lines, expected) => {
    await expect(seen(['Host: a.test', ...lines], '/', given)).resolves.toBe(expected);
  });

  test.each<HostName>(['express5', 'express4'])(
    "%s: hands over every host that the app's own trust proxy lets it read",
    async (host) => {
      const nobody = compileTrust(false);
      const read = (given: RequestTrust) =>
        listenFor((req) => forwardedHosts(req, given), { host, settings: { 'trust proxy': true } });
      const headers = {
        Host: 'a.test',
        'X-Forwarded-Host': 'evil.test',
        Forwarded: 'host=b.test',
      };
      const given = await (await read({ trust: nobody })).request('/', { headers });
      expect(given.json()).toMatchObject({ all: [{ hostname: 'evil.test' }] });
      const rfc = await (await read({ forwarded: 'forwarded' })).request('/', { headers });
      expect(rfc.json()).toMatchObject({
        all: [{ hostname: 'b.test' }, { hostname: 'evil.test' }],
        chosen: { hostname: 'b.test' },
        source: 'forwarded',
      });
      const bad = { ...headers, 'X-Forwarded-Host': 'evil.test/' };
      const fault = await (await read({ trust: nobody })).request('/', { headers: bad });
      expect(fault.json()).toBe('bad-name');
      const none = await (await read({ trust: nobody })).request('/');
      expect(none.json()).toBeNull();
    },
  );

  test('Express that trusts nobody has nothing forwarded', async () => {
    const server = await listenFor((req) => forwardedHosts(req) ?? null, { host: 'express5' });
    const headers = { 'X-Forwarded-Host': 'evil.test' };
    expect((await server.request('/', { headers })).json()).toBeNull();
  });

  test('an app whose own trust is narrower than the option is not asked twice', async () => {
    const server = await listenFor((req) => forwardedHosts(req, { trust: compileTrust(false) }), {
      host: 'express5',
      settings: { 'trust proxy': '10.0.0.1' },
    });
    const headers = { 'X-Forwarded-Host': 'evil.test' };
    expect((await server.request('/', { headers })).json()).toBeNull();
  });
});

describe('requestHost() over HTTP/2', () => {
  async function over2(headers: Record<string, string>): Promise<string> {
    const server = await listenFor((req) => requestHost(req), { host: 'http2' });
    const session = connectHttp2(server.url);
    try {
      const stream = session.request(headers);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return describeHost(JSON.parse(Buffer.concat(chunks).toString()));
    } finally {
      session.close();
    }
  }

  test.each<[Record<string, string>, string]>([
    [{ ':authority': 'A.test:81' }, 'a.test 81 (authority)'],
    [{ ':authority': 'a.test', host: 'a.test' }, 'a.test (authority)'],
    [{ ':authority': 'a.test', host: 'A.test.' }, 'a.test (authority)'],
    [{ ':authority': 'a.test', host: 'b.test' }, 'authority-mismatch'],
    [{ ':authority': 'a.test', host: 'a.test:80' }, 'authority-mismatch'],
    [{ ':authority': 'a.test', ':path': '*', ':method': 'OPTIONS' }, 'a.test (authority)'],
  ])('%p: %s', async (headers, expected) => {
    await expect(over2(headers)).resolves.toBe(expected);
  });

  test.each<Record<string, string>>([
    { ':authority': 'u@a.test' },
    { ':authority': 'u@a.test', host: 'a.test' },
  ])('%p is refused, by newer Nodes before it arrives', async (headers) => {
    const answer = await over2(headers).catch((error: Error) => error.message);
    expect(answer).toMatch(/^userinfo$|NGHTTP2_PROTOCOL_ERROR/);
  });

  test('a malformed Host beside a good :authority is refused, or dropped by newer Nodes before we see it', async () => {
    const answer = await over2({ ':authority': 'a.test', host: 'b@a.test' });
    const dropped = Number(process.versions.node.split('.')[0]) >= 22;
    expect(answer).toBe(dropped ? 'a.test (authority)' : 'userinfo');
  });

  test('a client that sends Host only', async () => {
    await expect(over2({ host: 'a.test' })).resolves.toBe('a.test (host)');
  });
});
