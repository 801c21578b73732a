import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestResponse } from '@portcullis/testing';
// oxlint-disable-next-line import/default -- the file uses `export =`, which the rule does not know
import cors from '../src/compat.ts';
import { issuesOf, warningsOf } from './warnings.ts';

beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(closeAll);

const origin = 'https://app.example';
type Options = Parameters<typeof cors>[0];

async function ask(
  options: Options,
  init: { method?: string; headers?: Record<string, string> } = { headers: { origin } },
): Promise<TestResponse> {
  const server = await listen('express5', cors(options));
  return server.request('/', init);
}

async function allowedOrigin(options: Options, asked: string = origin): Promise<unknown> {
  const { headers } = await ask(options, { headers: { origin: asked } });
  return headers['access-control-allow-origin'];
}

describe('the options of the cors package', () => {
  test('without any, everybody may read, and a preflight passes with 204', async () => {
    expect(await allowedOrigin(undefined)).toBe('*');
    const response = await ask(undefined, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'x-any',
      },
    });
    expect(response).toMatchObject({ status: 204, text: '' });
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
      'access-control-allow-headers': 'x-any',
    });
  });

  test('with the names of that package', async () => {
    const options = {
      origin: [false, origin, /b\.example$/],
      methods: 'GET, PUT',
      allowedHeaders: 'X-A,X-B',
      exposedHeaders: ['X-Total'],
      credentials: true,
      maxAge: 31_536_000,
      optionsSuccessStatus: 200,
    };
    const response = await ask(options, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'x-a,x-b',
      },
    });
    expect(response).toMatchObject({ status: 200, text: 'OK' });
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': expect.stringContaining('X-A, X-B'),
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '86400',
    });
    const actual = await ask(options);
    expect(actual.headers['access-control-expose-headers']).toBe('X-Total');
    expect(await allowedOrigin(options, 'https://b.example')).toBe('https://b.example');
    expect(cors({ origin, headers: ['X-Old'] }).options?.allowHeaders).toEqual(['X-Old']);
  });

  test.each<[string, Options]>([
    ['false', { origin: false }],
    ['an empty text', { origin: '' }],
    ['an explicit undefined', { origin: undefined }],
    ['false from a delegate', (_req, callback) => callback(null, { origin: false })],
  ])(
    'origin: %s switches CORS off, and OPTIONS reaches the application',
    async (_name, options) => {
      const response = await ask(options, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET' },
      });
      expect(response).toMatchObject({ status: 200, text: 'hello' });
      expect(response.headers).not.toHaveProperty('vary');
    },
  );

  test('an origin as text is compared, not sent to everybody', async () => {
    expect(await allowedOrigin({ origin })).toBe(origin);
    expect(await allowedOrigin({ origin }, 'https://evil.example')).toBeUndefined();
  });

  test('origin: true with credentials reflects, and warns', async () => {
    const warnings = await warningsOf(async () => {
      expect(await allowedOrigin({ origin: true, credentials: true })).toBe(origin);
    });
    expect(warnings.map(({ code }) => code)).toEqual([
      'ERR_PORTCULLIS_CORS_ANY_ORIGIN_WITH_CREDENTIALS',
    ]);
  });

  test.each<[string, Options]>([
    ['a star', { origin: '*', credentials: true }],
    ['no origin', { credentials: true }],
    ['a list with true', { origin: [true, origin], credentials: true }],
  ])('%s with credentials stays closed, and warns', async (_name, options) => {
    const warnings = await warningsOf(async () => {
      const { headers } = await ask(options);
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_CORS_DEAD_CREDENTIALS']);
  });

  test.each<[string, RegExp, string, boolean]>([
    ['without anchors', /app\.example/, origin, true],
    ['with both', /^https:\/\/app\.example$/, origin, true],
    ['with the end', /\.example$/, 'https://any.example', true],
    ['with a middle', /^https:\/\/.*\.b\.example$/, 'https://any.b.example', true],
    ['with a g', /app\.example/g, origin, true],
    ['of another host', /b\.example$/, origin, false],
  ])('an expression %s matches as there', async (_name, expression, asked, allowed) => {
    expect(await allowedOrigin({ origin: expression }, asked)).toBe(allowed ? asked : undefined);
  });

  test('an expression that look-alikes pass is warned of', async () => {
    const warnings = await warningsOf(() => cors({ origin: /example\.com$/ }));
    expect(warnings).toEqual([
      {
        code: 'ERR_PORTCULLIS_CORS_REGEX_LOOSE',
        message: expect.stringContaining('https://evilexample.com'),
      },
    ]);
  });

  test.each<[unknown, boolean]>([
    [true, true],
    [false, false],
    [undefined, false],
    ['*', true],
    [origin, true],
    ['https://other.example', false],
    [/app\.example$/, true],
    [['https://other.example', /app/g], true],
    [[], false],
  ])('a function that answers %j: %s', async (answer, allowed) => {
    const custom = (_asked: string | undefined, callback: (error: null, allow: never) => void) =>
      callback(null, answer as never);
    expect(await allowedOrigin({ origin: custom as never })).toBe(allowed ? origin : undefined);
  });

  test('a function that answers with an error ends in the error handler', async () => {
    const response = await ask({
      origin: (_asked, callback) => callback(new Error('no database')),
    });
    expect(response.status).toBe(500);
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('a delegate chooses for each request', async () => {
    const strict = { origin };
    const server = await listen(
      'express5',
      cors((req, callback) => callback(null, req.url === '/strict' ? strict : undefined)),
    );
    const headers = { origin: 'https://other.example' };
    for (let i = 0; i < 2; i++) {
      const open = await server.request('/', { headers });
      expect(open.headers['access-control-allow-origin']).toBe('*');
      const closed = await server.request('/strict', { headers });
      expect(closed.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('a delegate that fails ends in the error handler', async () => {
    expect((await ask((_req, callback) => callback(new Error('no')))).status).toBe(500);
  });

  test.each<[string, unknown, string]>([
    ['an object for an origin', { origin: { host: 'a.example' } }, 'CORS_WRONG_TYPE'],
    ['a number among the origins', { origin: [origin, 5] }, 'CORS_WRONG_TYPE'],
    ['true for the options', true, 'CORS_WRONG_TYPE'],
  ])('%s is an options error, not a TypeError', (_name, options, code) => {
    const [issue] = issuesOf(() => cors(options as never));
    expect(issue?.code).toContain(code);
  });

  test('nothing among the origins is left out', async () => {
    expect(await allowedOrigin({ origin: [undefined as never, origin] })).toBe(origin);
  });

  test('an option that neither package has is an error', () => {
    expect(issuesOf(() => cors({ origins: [origin] } as never))).toMatchObject([
      { code: 'CORS_UNKNOWN_OPTION', path: 'origins' },
    ]);
  });
});
