import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { TestMiddleware, TestResponse } from '@portcullis/testing';
import { cors } from '../src/index.ts';
import type { CorsOptions } from '../src/index.ts';

// Some checks make cors warn, on purpose; options.test.ts reads the warnings.
beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(closeAll);

const origin = 'https://app.example';
const evil = 'https://evil.example';
const list: CorsOptions = {
  allowOrigins: [origin],
  allowMethods: ['GET', 'PUT'],
  allowHeaders: ['X-Token'],
  exposeHeaders: ['X-Total'],
  allowCredentials: true,
};
const preflight = (method: string, extra: Record<string, string> = {}) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': method, ...extra },
});

/** One line for everything a response says about CORS, so that a check shows what must be there and what must not. */
function grants({ headers }: TestResponse): Record<string, unknown> {
  const entries = Object.entries(headers).filter(
    ([name]) => name === 'vary' || name.startsWith('access-control-'),
  );
  return Object.fromEntries(
    entries.map(([name, value]) => [name.replace('access-control-', ''), value]),
  );
}

const granted = {
  'allow-origin': origin,
  'allow-credentials': 'true',
  'expose-headers': 'X-Total',
  vary: 'Origin',
};
const preflightVary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
const passed = {
  'allow-origin': origin,
  'allow-credentials': 'true',
  'allow-methods': 'GET, PUT',
  'allow-headers': 'Accept, Accept-Language, Content-Language, Content-Type, X-Token',
  'max-age': '600',
  vary: preflightVary,
};

interface Check {
  readonly name: string;
  readonly options?: CorsOptions;
  readonly handler?: TestMiddleware;
  readonly request: { method?: string; headers?: Record<string, string>; body?: string };
  readonly status?: number;
  readonly grants: Record<string, unknown>;
  readonly text?: string | RegExp;
}

const checks: readonly Check[] = [
  {
    name: 'an allowed origin may read',
    request: { headers: { origin } },
    grants: granted,
    text: 'hello',
  },
  {
    name: 'another origin is served, but may not read',
    request: { headers: { origin: evil } },
    grants: { vary: 'Origin' },
    text: 'hello',
  },
  {
    name: 'without an Origin only Vary is there',
    request: {},
    grants: { vary: 'Origin' },
    text: 'hello',
  },
  {
    name: 'HEAD has the headers',
    request: { method: 'HEAD', headers: { origin } },
    grants: granted,
    text: '',
  },
  {
    name: 'an empty Origin may not read',
    request: { headers: { origin: '' } },
    grants: { vary: 'Origin' },
  },
  {
    name: 'GET with a preflight header is an actual request',
    request: { headers: { origin, 'access-control-request-method': 'GET' } },
    grants: granted,
    text: 'hello',
  },
  {
    name: 'a preflight passes',
    request: preflight('PUT', { 'access-control-request-headers': 'x-token' }),
    grants: passed,
    text: 'OK',
  },
  {
    name: 'a preflight fails for method and headers',
    request: preflight('DELETE', { 'access-control-request-headers': 'x-other' }),
    status: 400,
    grants: { vary: preflightVary },
    text: 'Disallowed CORS method, headers',
  },
  {
    name: 'a preflight fails for its origin',
    request: {
      ...preflight('PUT'),
      headers: { origin: evil, 'access-control-request-method': 'PUT' },
    },
    status: 400,
    grants: { vary: preflightVary },
    text: 'Disallowed CORS origin',
  },
  {
    name: 'a preflight with an empty method fails',
    request: preflight(''),
    status: 400,
    grants: { vary: preflightVary },
    text: 'Disallowed CORS method',
  },
  {
    name: 'OPTIONS without the preflight headers reaches the application',
    request: { method: 'OPTIONS' },
    grants: { vary: 'Origin' },
    text: 'hello',
  },
  {
    name: 'OPTIONS with an Origin alone reaches the application',
    request: { method: 'OPTIONS', headers: { origin } },
    grants: granted,
    text: 'hello',
  },
  {
    name: 'OPTIONS without an Origin reaches the application',
    request: { method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT' } },
    grants: { vary: 'Origin' },
    text: 'hello',
  },
  {
    name: 'preflightContinue lets the application answer',
    options: { ...list, preflightContinue: true },
    handler: (_req, res) => {
      res.statusCode = 299;
      res.end('mine');
    },
    request: preflight('PUT'),
    status: 299,
    grants: passed,
    text: 'mine',
  },
  {
    name: 'preflightContinue grants nothing to a preflight that fails',
    options: { ...list, preflightContinue: true },
    request: preflight('DELETE'),
    grants: { vary: preflightVary },
    text: 'hello',
  },
  {
    name: 'a literal star for everybody',
    options: { allowOrigins: '*' },
    request: { headers: { origin: evil, cookie: 'a=b' } },
    grants: { 'allow-origin': '*', vary: 'Origin' },
  },
  {
    name: 'a literal star for null too',
    options: { allowOrigins: '*' },
    request: { headers: { origin: 'null' } },
    grants: { 'allow-origin': '*', vary: 'Origin' },
  },
  {
    name: 'null for null, where that is meant',
    options: { ...list, dangerouslyAllowNullOrigin: true },
    request: { headers: { origin: 'null' } },
    grants: { ...granted, 'allow-origin': 'null' },
  },
  {
    name: 'a method that only a preflight allows',
    options: { ...list, allowMethods: ['QUERY'], maxAge: 0 },
    request: preflight('QUERY'),
    grants: { ...passed, 'allow-methods': 'QUERY', 'max-age': '0' },
  },
  {
    name: 'the origin instead of a star when credentials are allowed',
    options: {
      allowOrigins: '*',
      allowCredentials: true,
      dangerouslyAllowAnyOriginWithCredentials: true,
    },
    request: { headers: { origin: evil } },
    grants: { 'allow-origin': evil, 'allow-credentials': 'true', vary: 'Origin' },
  },
  {
    name: 'a malformed Origin is never reflected',
    options: {
      allowOrigins: ['*', /.*/],
      allowCredentials: true,
      dangerouslyAllowAnyOriginWithCredentials: true,
    },
    request: { headers: { origin: `${evil}/` } },
    grants: { vary: 'Origin' },
  },
  {
    name: 'an asynchronous function decides, and its Vary is kept',
    options: {
      allowOrigins: (asked) => Promise.resolve({ allow: asked === origin, vary: 'Authorization' }),
    },
    request: { headers: { origin } },
    grants: { 'allow-origin': origin, vary: 'Origin, Authorization' },
    text: 'hello',
  },
  {
    name: 'an error page keeps the headers',
    handler: () => {
      throw new Error('broken');
    },
    request: { headers: { origin } },
    status: 500,
    grants: granted,
  },
  {
    name: 'next(error) keeps the headers',
    handler: (_req, _res, next) => next(Object.assign(new Error('no'), { status: 401 })),
    request: { headers: { origin } },
    status: 401,
    grants: granted,
  },
  {
    name: '404 keeps the headers',
    handler: (_req, _res, next) => next(),
    request: { headers: { origin } },
    status: 404,
    grants: granted,
  },
  {
    name: '304 keeps the headers',
    handler: (_req, res) => {
      res.statusCode = 304;
      res.end();
    },
    request: { headers: { origin } },
    status: 304,
    grants: granted,
  },
  {
    name: 'writeHead with a Vary of its own keeps both',
    handler: (_req, res) => {
      res.writeHead(200, { Vary: 'Accept' });
      res.end('mine');
    },
    request: { headers: { origin } },
    grants: { ...granted, vary: 'Accept, Origin' },
    text: 'mine',
  },
  {
    name: 'headers of the application give way to the policy',
    handler: (_req, res) => {
      res.setHeader('Access-Control-Allow-Origin', '*');
      res.setHeader('Access-Control-Expose-Headers', '*');
      res.end('mine');
    },
    request: { headers: { origin } },
    grants: granted,
    text: 'mine',
  },
  {
    name: 'headers of the application are removed for another origin',
    handler: (_req, res) => {
      res.setHeader('Access-Control-Allow-Origin', '*');
      res.setHeader('Access-Control-Allow-Methods', 'DELETE');
      res.end('mine');
    },
    request: { method: 'OPTIONS', headers: { origin: evil } },
    grants: { vary: 'Origin' },
    text: 'mine',
  },
  {
    name: 'enforce refuses an unsafe request of another site',
    options: { ...list, enforce: true },
    request: {
      method: 'POST',
      headers: { origin: evil, 'sec-fetch-site': 'cross-site' },
      body: 'x',
    },
    status: 403,
    grants: { vary: 'Origin' },
    text: 'Disallowed cross-origin request',
  },
  {
    name: 'debug tells an allowed origin which method failed',
    options: { ...list, debug: true },
    request: preflight('DELETE'),
    grants: passed,
    text: /Disallowed CORS method\nmethod: "DELETE" is not in allowMethods \(GET, PUT\)/,
  },
];

describe.each(hostNames)('on %s', (host) => {
  test.each(checks)('$name', async (check) => {
    const { options = list, handler, request, status = 200, text } = check;
    const server = await listen(host, cors(options), handler);
    const response = await server.request('/', request);
    expect({ status: response.status, ...grants(response) }).toEqual({ status, ...check.grants });
    if (text instanceof RegExp) expect(response.text).toMatch(text);
    else if (text !== undefined) expect(response.text).toBe(text);
  });
});
