import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestResponse } from '@portcullis/testing';
import { cors } from '../src/index.ts';
import type { CorsOptions } from '../src/index.ts';

/** One test for each sentence of the requirements about CORS; the sentence is the name. */

beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(closeAll);

const origin = 'https://example.org';
const all = {
  allowOrigins: ['*'],
  allowCredentials: true,
  allowMethods: ['*'],
  allowHeaders: ['*'],
};

async function get(
  options: CorsOptions,
  headers: Record<string, string> = { origin },
): Promise<TestResponse> {
  const server = await listen('express5', cors(options), (_req, res) => {
    res.end('{"message":"Hello World"}');
  });
  return server.request('/', { headers });
}

async function preflight(
  options: CorsOptions,
  headers: Record<string, string> = {},
): Promise<TestResponse> {
  const server = await listen('express5', cors(options));
  return server.request('/', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET', ...headers },
  });
}

describe('How CORS middleware works', () => {
  test('The middleware adds the necessary HTTP headers to the response to inform the browser', async () => {
    const response = await get({ allowOrigins: [origin] });
    expect(response.headers['access-control-allow-origin']).toBe(origin);
    expect(response.text).toBe('{"message":"Hello World"}');
  });

  test('Access-Control-Allow-Origin: which origins are allowed to access the resource', async () => {
    const options = {
      allowOrigins: ['http://localhost', 'http://localhost:8080', 'https://example.com'],
    };
    for (const allowed of options.allowOrigins) {
      const response = await get(options, { origin: allowed });
      expect(response.headers['access-control-allow-origin']).toBe(allowed);
    }
    const other = await get(options, { origin: 'http://localhost:9090' });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    expect(other.status).toBe(200);
  });

  test('Access-Control-Allow-Methods: which HTTP methods are allowed', async () => {
    const response = await preflight({ allowOrigins: [origin], allowMethods: ['GET', 'POST'] });
    expect(response.headers['access-control-allow-methods']).toBe('GET, POST');
  });

  test('Access-Control-Allow-Headers: which headers can be used in the actual request', async () => {
    const response = await preflight({ allowOrigins: [origin], allowHeaders: ['X-Example'] });
    expect(response.headers['access-control-allow-headers']).toBe(
      'Accept, Accept-Language, Content-Language, Content-Type, X-Example',
    );
  });

  test('Access-Control-Allow-Credentials: whether credentials are allowed', async () => {
    const on = await get({ allowOrigins: [origin], allowCredentials: true });
    expect(on.headers['access-control-allow-credentials']).toBe('true');
    const off = await get({ allowOrigins: [origin] });
    expect(off.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('The FastAPI example: every origin, method and header, with credentials', () => {
  test('a request is answered for its origin, with credentials', async () => {
    const { headers, text } = await get(all);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
    expect(text).toBe('{"message":"Hello World"}');
  });

  test('a preflight passes for any method and header', async () => {
    const response = await preflight(all, {
      'access-control-request-method': 'DELETE',
      'access-control-request-headers': 'X-Anything',
    });
    expect(response).toMatchObject({ status: 200, text: 'OK' });
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'X-Anything',
      'access-control-allow-credentials': 'true',
    });
  });
});

describe('The arguments', () => {
  test('allow_origins: a list of origins that should be permitted', async () => {
    const options = { allowOrigins: ['https://example.org', 'https://www.example.org'] };
    for (const allowed of options.allowOrigins) {
      expect((await get(options, { origin: allowed })).headers['access-control-allow-origin']).toBe(
        allowed,
      );
    }
  });

  test("allow_origins: ['*'] allows any origin", async () => {
    const { headers } = await get({ allowOrigins: ['*'] }, { origin: 'https://anybody.example' });
    expect(headers['access-control-allow-origin']).toBe('*');
  });

  test('allow_origin_regex: a regex string to match against origins', async () => {
    const options = { allowOriginRegex: 'https://.*\\.example\\.org' };
    const sub = 'https://sub.example.org';
    expect((await get(options, { origin: sub })).headers['access-control-allow-origin']).toBe(sub);
  });

  test('allow_origin_regex: the whole origin must match', async () => {
    const options = { allowOriginRegex: 'https://.*\\.example\\.org' };
    for (const other of ['https://sub.example.org.hacker.com', 'http://sub.example.org', origin]) {
      expect(
        (await get(options, { origin: other })).headers['access-control-allow-origin'],
      ).toBeUndefined();
    }
  });

  test('allow_origin_regex: nothing by default', () => {
    expect(cors({ allowOrigins: [origin] }).options?.allowOriginRegex).toBeUndefined();
  });

  test("allow_methods: defaults to ['GET']", async () => {
    expect(
      (await preflight({ allowOrigins: [origin] })).headers['access-control-allow-methods'],
    ).toBe('GET');
    const post = await preflight(
      { allowOrigins: [origin] },
      { 'access-control-request-method': 'POST' },
    );
    expect(post).toMatchObject({ status: 400, text: 'Disallowed CORS method' });
  });

  test.each(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])(
    "allow_methods: ['*'] allows all standard methods: %s",
    async (method) => {
      const options = { allowOrigins: ['*'], allowMethods: ['*'] };
      const response = await preflight(options, { 'access-control-request-method': method });
      expect(response.status).toBe(200);
      expect(response.headers['access-control-allow-methods']).toBe(
        'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT',
      );
    },
  );

  test('allow_headers: defaults to []', async () => {
    const response = await preflight(
      { allowOrigins: [origin] },
      { 'access-control-request-headers': 'X-Foo' },
    );
    expect(response).toMatchObject({ status: 400, text: 'Disallowed CORS headers' });
  });

  test("allow_headers: ['*'] allows all headers", async () => {
    const options = { allowOrigins: [origin], allowHeaders: ['*'] };
    const response = await preflight(options, {
      'access-control-request-headers': 'Authorization, X-Foo',
    });
    expect(response.status).toBe(200);
    expect(response.headers['access-control-allow-headers']).toBe('Authorization, X-Foo');
  });

  test.each(['Accept', 'Accept-Language', 'Content-Language', 'Content-Type'])(
    'allow_headers: %s is always allowed',
    async (name) => {
      const response = await preflight(
        { allowOrigins: [origin] },
        { 'access-control-request-headers': name },
      );
      expect(response.status).toBe(200);
      expect(response.headers['access-control-allow-headers']).toContain(name);
    },
  );

  test('allow_credentials: defaults to false', () => {
    expect(cors({ allowOrigins: [origin] }).options?.allowCredentials).toBe(false);
  });

  test('expose_headers: response headers that are made accessible to the browser', async () => {
    const { headers } = await get({
      allowOrigins: [origin],
      exposeHeaders: ['X-Status', 'X-Total'],
    });
    expect(headers['access-control-expose-headers']).toBe('X-Status, X-Total');
  });

  test('expose_headers: defaults to []', async () => {
    const { headers } = await get({ allowOrigins: [origin] });
    expect(headers['access-control-expose-headers']).toBeUndefined();
  });

  test('max_age: a maximum time in seconds for browsers to cache responses', async () => {
    const response = await preflight({ allowOrigins: [origin], maxAge: 60 });
    expect(response.headers['access-control-max-age']).toBe('60');
    const never = await preflight({ allowOrigins: [origin], maxAge: 0 });
    expect(never.headers['access-control-max-age']).toBe('0');
  });

  test('max_age: defaults to 600', async () => {
    expect((await preflight({ allowOrigins: [origin] })).headers['access-control-max-age']).toBe(
      '600',
    );
  });
});

describe('CORS preflight requests', () => {
  test('are any OPTIONS request with Origin and Access-Control-Request-Method headers', async () => {
    const reached: string[] = [];
    const server = await listen('express5', cors({ allowOrigins: [origin] }), (req, res) => {
      reached.push(String(req.headers['x-case']));
      res.end();
    });
    const method = { 'access-control-request-method': 'GET' };
    const cases = { both: { origin, ...method }, origin: { origin }, method, none: {} };
    for (const [name, headers] of Object.entries(cases)) {
      await server.request('/', { method: 'OPTIONS', headers: { ...headers, 'x-case': name } });
    }
    expect(reached).toEqual(['origin', 'method', 'none']);
  });

  test('are intercepted and answered with 200 when they pass', async () => {
    expect(await preflight({ allowOrigins: [origin] })).toMatchObject({ status: 200, text: 'OK' });
  });

  test('are intercepted and answered with 400 when they fail', async () => {
    const response = await preflight(
      { allowOrigins: ['https://another.example'], allowHeaders: ['X-Example'] },
      { 'access-control-request-method': 'POST', 'access-control-request-headers': 'X-Nope' },
    );
    expect(response).toMatchObject({
      status: 400,
      text: 'Disallowed CORS origin, method, headers',
    });
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('Simple requests', () => {
  test('pass through as normal, with CORS headers on the response', async () => {
    const server = await listen('express5', cors({ allowOrigins: [origin] }), (req, res) => {
      res.statusCode = 201;
      res.end(req.method);
    });
    const response = await server.request('/', { method: 'POST', headers: { origin }, body: 'x' });
    expect(response).toMatchObject({ status: 201, text: 'POST' });
    expect(response.headers['access-control-allow-origin']).toBe(origin);
  });

  test('without an Origin header pass through untouched', async () => {
    const response = await get({ allowOrigins: [origin] }, {});
    expect(response.status).toBe(200);
    expect(
      Object.keys(response.headers).filter((name) => name.startsWith('access-control')),
    ).toEqual([]);
  });
});
