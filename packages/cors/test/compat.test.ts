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
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      'access-control-allow-headers': 'x-any',
      vary: 'Access-Control-Request-Headers',
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
    expect(response).toMatchObject({ status: 200, text: '' });
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'X-A,X-B',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '31536000',
      'content-length': '0',
    });
    const actual = await ask(options);
    expect(actual.headers['access-control-expose-headers']).toBe('X-Total');
    expect(await allowedOrigin(options, 'https://b.example')).toBe('https://b.example');
    const older = await ask({ origin, headers: ['X-Old', 'X-Older'] }, { method: 'OPTIONS' });
    expect(older.headers['access-control-allow-headers']).toBe('X-Old,X-Older');
  });

  test.each<[string, Options, string | undefined]>([
    ['an empty list of allowed headers', { allowedHeaders: [] }, undefined],
    ['an empty text for the allowed headers', { allowedHeaders: '' }, 'x-asked'],
  ])('%s', async (_name, options, allowed) => {
    const headers = { 'access-control-request-headers': 'x-asked' };
    const response = await ask(options, { method: 'OPTIONS', headers });
    expect(response.headers['access-control-allow-headers']).toBe(allowed);
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

  test('an origin as text is sent as it stands, in the form that browsers send', async () => {
    expect(await allowedOrigin({ origin }, 'https://evil.example')).toBe(origin);
    expect(await allowedOrigin({ origin: `${origin}/` })).toBe(origin);
    expect(await allowedOrigin({ origin: [`${origin}:443`] })).toBe(origin);
  });

  test.each<[Options, string]>([
    [{ origin: 'app.example' }, 'write "https://app.example"'],
    [{ origin: ['*'] }, 'name the origins one by one'],
    [{ origin: 'https://*.app.example' }, 'name the origins one by one'],
  ])('%j is taken, and warned of, because no browser sends it', async (options, advice) => {
    const warnings = await warningsOf(() => cors(options));
    expect(warnings).toEqual([
      {
        code: 'ERR_PORTCULLIS_CORS_ORIGIN_NEVER_SENT',
        message: expect.stringContaining(advice),
      },
    ]);
    expect(await allowedOrigin(options)).toBe(
      typeof options === 'object' && typeof options?.origin === 'string'
        ? options.origin
        : undefined,
    );
  });

  test('origin: true with credentials reflects, and warns', async () => {
    const warnings = await warningsOf(async () => {
      expect(await allowedOrigin({ origin: true, credentials: true })).toBe(origin);
    });
    expect(warnings.map(({ code }) => code)).toEqual([
      'ERR_PORTCULLIS_CORS_ANY_ORIGIN_WITH_CREDENTIALS',
    ]);
  });

  test('true in a list is every origin as well', async () => {
    const options = { origin: [true, 'https://b.example'], credentials: true };
    const warnings = await warningsOf(async () => {
      expect(await allowedOrigin(options)).toBe(origin);
    });
    expect(warnings.map(({ code }) => code)).toEqual([
      'ERR_PORTCULLIS_CORS_ANY_ORIGIN_WITH_CREDENTIALS',
    ]);
  });

  test.each<[string, Options]>([
    ['a star', { origin: '*', credentials: true }],
    ['no origin', { credentials: true }],
  ])(
    '%s with credentials is sent although browsers refuse it, and warned of',
    async (_, options) => {
      const warnings = await warningsOf(async () => {
        expect((await ask(options)).headers).toMatchObject({
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': 'true',
        });
      });
      expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_CORS_DEAD_CREDENTIALS']);
    },
  );

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

  test.each<[unknown, string | undefined]>([
    [true, origin],
    [false, undefined],
    [undefined, undefined],
    ['*', '*'],
    [origin, origin],
    ['https://other.example', 'https://other.example'],
    [/app\.example$/, origin],
    [['https://other.example', /app/g], origin],
    [[], undefined],
  ])('a function that answers %j: %s', async (answer, allowed) => {
    const custom = (_asked: string | undefined, callback: (error: null, allow: never) => void) =>
      callback(null, answer as never);
    expect(await allowedOrigin({ origin: custom as never })).toBe(allowed);
  });

  test('a function is asked about requests without an Origin too, and can refuse them', async () => {
    const asked: unknown[] = [];
    const response = await ask(
      {
        origin: (requestOrigin, callback) => {
          asked.push(requestOrigin);
          callback(new Error('who are you?'));
        },
      },
      {},
    );
    expect(asked).toEqual([undefined]);
    expect(response.status).toBe(500);
  });

  test('an expression of a function is not tried on what is longer than any origin', async () => {
    const options: Options = { origin: (_asked, callback) => callback(null, /^https:/) };
    expect(await allowedOrigin(options)).toBe(origin);
    expect(await allowedOrigin(options, `https://${'a'.repeat(400)}`)).toBeUndefined();
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
