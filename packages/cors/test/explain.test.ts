import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeAll, listen } from '@portcullis/testing';
import { cors } from '../src/index.ts';
import type { CorsDecision, CorsOptions } from '../src/index.ts';

beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(closeAll);

const origin = 'https://app.example';
const evil = 'https://evil.example';
const options: CorsOptions = {
  allowOrigins: [origin, 'https://*.tenant.example', /https:\/\/c\d\.example/],
  allowMethods: ['GET', 'PUT'],
  allowHeaders: ['X-Token'],
  exposeHeaders: ['X-Total'],
  allowCredentials: true,
};

describe('explain', () => {
  test('a simple request of an allowed origin', () => {
    expect(cors(options).explain({ origin })).toEqual({
      allowed: true,
      rule: origin,
      reasons: [],
      preflight: undefined,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'X-Total',
        vary: 'Origin',
      },
      console: undefined,
    });
  });

  test.each([
    ['https://a.tenant.example', 'https://*.tenant.example'],
    ['https://c1.example', '/https:\\/\\/c\\d\\.example/'],
  ])('names the rule that allows %s', (asked, rule) => {
    expect(cors(options).explain({ origin: asked })).toMatchObject({ allowed: true, rule });
  });

  test.each([
    [evil, 'origin: "https://evil.example" is not allowed by allowOrigins'],
    ['null', 'origin: "null" is allowed by dangerouslyAllowNullOrigin only'],
    [`${origin}/`, 'origin: the Origin header is not one origin'],
    [
      `https://${'a'.repeat(60)}.${'b'.repeat(30)}.example`,
      /^origin: "https:\/\/a+\.b+\.\.\." is not/,
    ],
  ])('says why %s is denied', (asked, reason) => {
    const { allowed, reasons, headers, console } = cors(options).explain({
      origin: asked,
      url: 'https://api.example/x',
    });
    expect(allowed).toBe(false);
    expect(reasons).toEqual([reason instanceof RegExp ? expect.stringMatching(reason) : reason]);
    expect(headers).toEqual({ vary: 'Origin' });
    expect(console).toBe(
      `Access to fetch at 'https://api.example/x' from origin '${asked}' has been blocked by CORS policy: ` +
        "No 'Access-Control-Allow-Origin' header is present on the requested resource.",
    );
  });

  test('the preflight of a request that needs one', () => {
    const { allowed, preflight } = cors(options).explain({
      origin,
      method: 'put',
      headers: ['X-Token', 'Accept', 'Content-Type'],
    });
    expect(allowed).toBe(true);
    expect(preflight).toMatchObject({
      status: 200,
      body: 'OK',
      headers: {
        'access-control-allow-methods': 'GET, PUT',
        vary: expect.stringContaining('Request-Method'),
      },
    });
    expect(
      cors(options).explain({ origin, method: 'POST', headers: ['Accept-Language'] }).preflight,
    ).toBeUndefined();
  });

  test('a preflight that fails, with all its reasons', () => {
    const explanation = cors(options).explain({
      origin: evil,
      method: 'patch',
      headers: ['X-Other', 'x-other'],
    });
    expect(explanation).toMatchObject({
      allowed: false,
      rule: undefined,
      reasons: [
        'origin: "https://evil.example" is not allowed by allowOrigins',
        'method: "patch" is not in allowMethods (GET, PUT)',
        'headers: "x-other" is not in allowHeaders',
      ],
      preflight: { status: 400, body: 'Disallowed CORS origin, method, headers' },
      console: expect.stringContaining(
        "Response to preflight request doesn't pass access control check: No '",
      ),
    });
  });

  test('what the browser can say under debug', () => {
    const debugging = cors({ ...options, debug: true });
    expect(debugging.explain({ origin, method: 'delete' })).toMatchObject({
      preflight: { status: 200, body: expect.stringContaining('method: "DELETE"') },
      console: expect.stringContaining(
        'Method DELETE is not allowed by Access-Control-Allow-Methods in preflight response.',
      ),
    });
    expect(debugging.explain({ origin, headers: ['X-Token', 'X-Other'] }).console).toContain(
      'Request header field x-other is not allowed by Access-Control-Allow-Headers in preflight response.',
    );
    expect(debugging.explain({ origin: evil, method: 'DELETE' }).console).toContain(
      "No 'Access-Control-Allow-Origin'",
    );
    const post = { origin, method: 'POST', headers: ['X-Token'] };
    expect(debugging.explain(post)).toMatchObject({
      allowed: false,
      preflight: { status: 400, headers: { vary: expect.any(String) } },
      console: expect.stringContaining("No 'Access-Control-Allow-Origin'"),
    });
    expect(debugging.explain({ ...post, headers: ['X-Other'] })).toMatchObject({
      preflight: { status: 200 },
      console: expect.stringContaining('Request header field x-other is not allowed'),
    });
  });

  test('a function has to be asked', () => {
    const asking = cors({ ...options, allowOrigins: [origin, () => true] });
    expect(asking.explain({ origin: evil })).toMatchObject({
      allowed: undefined,
      reasons: [expect.stringContaining('a function in allowOrigins decides')],
    });
    expect(asking.explain({ origin }).allowed).toBe(true);
    expect(asking.explain({ origin: 'null' }).allowed).toBe(false);
    expect(() => cors(() => options).explain({ origin })).toThrow('explain() needs fixed options');
  });

  test('a request that no page makes', () => {
    expect(cors(options).explain({})).toMatchObject({ allowed: true, headers: { vary: 'Origin' } });
  });

  test('agrees with what the server does', async () => {
    const middleware = cors(options);
    const server = await listen('express5', middleware);
    for (const asked of [origin, evil, 'https://a.tenant.example', 'null']) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const explained = middleware.explain({ origin: asked, method });
        const response =
          explained.preflight === undefined
            ? await server.request('/', { headers: { origin: asked } })
            : await server.request('/', {
                method: 'OPTIONS',
                headers: { origin: asked, 'access-control-request-method': method },
              });
        const { headers, status = 200 } = explained.preflight ?? { headers: explained.headers };
        expect(response.status).toBe(status);
        expect(response.headers).toMatchObject(headers);
      }
    }
  });
});

describe('debug', () => {
  const preflight = async (extra: CorsOptions, headers: Record<string, string>) => {
    const server = await listen('http', cors({ ...options, debug: true, ...extra }));
    return server.request('/', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET', ...headers },
    });
  };

  test.each<[string, CorsOptions, string, string]>([
    [
      'a name that is not allowed',
      {},
      'x-token, x-other',
      'headers: "x-other" is not in allowHeaders',
    ],
    [
      'a name that is none',
      { allowHeaders: '*' },
      'x-a, b c',
      'headers: "b c" is not a header name',
    ],
    [
      'a list that is too long',
      {},
      ','.repeat(5000),
      'headers: the list is longer than 4096 characters',
    ],
    ['a list that repeats itself', {}, 'x-token,'.repeat(80), 'headers: the list repeats too much'],
  ])('names %s', async (_name, extra, list, reason) => {
    const response = await preflight(extra, { 'access-control-request-headers': list });
    expect(response).toMatchObject({ status: 200, text: `Disallowed CORS headers\n${reason}` });
    expect(response.headers['access-control-allow-origin']).toBe(origin);
  });

  test('never grants anything to another origin', async () => {
    const response = await preflight(
      {},
      { origin: evil, 'access-control-request-method': 'PATCH' },
    );
    expect(response.status).toBe(400);
    expect(response.text).toContain('origin: "https://evil.example"');
    expect(
      Object.keys(response.headers).filter((name) => name.startsWith('access-control')),
    ).toEqual([]);
  });
});

describe('the channel portcullis:cors:decision', () => {
  test('tells every decision while somebody listens', async () => {
    const heard: CorsDecision[] = [];
    const listener = (message: unknown): void => void heard.push(message as CorsDecision);
    subscribe('portcullis:cors:decision', listener);
    try {
      const server = await listen('http', cors({ ...options, enforce: true }));
      await server.request('/a', { headers: { origin } });
      await server.request('/b', { headers: { origin: evil } });
      await server.request('/c', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PATCH' },
      });
      await server.request('/d', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } });
      await server.request('/e');
    } finally {
      unsubscribe('portcullis:cors:decision', listener);
    }
    expect(heard).toEqual([
      { kind: 'actual', allowed: true, origin, rule: origin, method: 'GET', url: '/a' },
      { kind: 'actual', allowed: false, origin: evil, rule: undefined, method: 'GET', url: '/b' },
      {
        kind: 'preflight',
        allowed: false,
        origin,
        rule: origin,
        failures: ['method'],
        method: 'OPTIONS',
        url: '/c',
      },
      {
        kind: 'enforce',
        allowed: false,
        origin: undefined,
        rule: undefined,
        method: 'POST',
        url: '/d',
      },
    ]);
  });
});
