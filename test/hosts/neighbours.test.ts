import { afterEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import { clientAddress, getHost, requestScheme } from '@portcullis/core/http';
import { httpsRedirect } from '@portcullis/https-redirect';
import { closeAll, listen, type HostName } from '@portcullis/testing';
import { trustedHost } from '@portcullis/trusted-host';
import helmet from 'helmet';

afterEach(closeAll);

const stack = [
  trustedHost({ allowedHosts: ['example.com', '*.example.com'] }),
  httpsRedirect({ hsts: true }),
];

describe.each<HostName>(['express5', 'express4'])('on %s with its own trust proxy', (host) => {
  const headers = {
    Host: 'internal',
    'X-Forwarded-Host': 'example.com',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-For': '203.0.113.9',
  };

  test('Portcullis and the getters of Express say the same', async () => {
    const server = await listen(
      host,
      stack,
      (req, res) => {
        // What Express adds to the request.
        const { hostname, ip, protocol } = req as unknown as express.Request;
        const own = [getHost(req)?.hostname, clientAddress(req), requestScheme(req)];
        res.end(JSON.stringify([own, [hostname, ip, protocol]]));
      },
      { settings: { 'trust proxy': 1 } },
    );
    const [own, theirs] = (await server.request('/', { headers })).json() as unknown[][];
    expect(own).toEqual(['example.com', '203.0.113.9', 'https']);
    expect(theirs).toEqual(own);
  });

  test('whatever Express could answer for req.hostname has been checked', async () => {
    const server = await listen(
      host,
      stack,
      (req, res) => res.end((req as unknown as express.Request).hostname),
      { settings: { 'trust proxy': true } },
    );
    for (const value of ['evil.test', 'evil.test, example.com', 'example.com, evil.test']) {
      const answer = await server.request('/', {
        headers: { ...headers, 'X-Forwarded-Host': value },
      });
      expect([answer.status, answer.text]).toEqual([400, 'Invalid host header']);
    }
  });

  test.each([
    ['before', [helmet(), ...stack]],
    ['after', [...stack, helmet()]],
  ])("helmet %s: one Strict-Transport-Security, helmet's", async (_, middleware) => {
    const server = await listen(host, middleware, undefined, { settings: { 'trust proxy': 1 } });
    const answer = await server.request('/', { headers });
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    expect(answer.headers['content-security-policy']).toBeDefined();
  });
});

test('mounted under a path in a router of a mounted app, the redirect keeps the whole path', async () => {
  const inner = express.Router().use(httpsRedirect({ host: 'example.com' }));
  const app = express().use('/outer', express().use('/inner', inner));
  // A whole app is a handler like any other.
  const server = await listen('http', [], app as never);
  const answer = await server.request('/outer/inner/x?y');
  expect(answer.headers['location']).toBe('https://example.com/outer/inner/x?y');
});
