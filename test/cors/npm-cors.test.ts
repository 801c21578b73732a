import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
// oxlint-disable-next-line import/default -- the file uses `export =`, which the rule does not know
import compat from '@portcullis/cors/compat';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestResponse } from '@portcullis/testing';
import npmCors from 'cors';
import type { CorsOptions } from 'cors';

/** `@portcullis/cors/compat` beside the package whose options it takes, over real requests. */

beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(closeAll);

const origin = 'https://app.example';
const evil = 'https://evil.example';

interface Request {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

async function both(
  options: CorsOptions | undefined,
  request: Request,
): Promise<[TestResponse, TestResponse]> {
  const theirs = await listen('express5', npmCors(options));
  const ours = await listen('express5', compat(options as Parameters<typeof compat>[0]));
  return [await theirs.request('/', request), await ours.request('/', request)];
}

/** Everything that speaks to CORS, spelled as it came. */
function spoken({ status, headers, text }: TestResponse): Record<string, unknown> {
  const about = Object.entries(headers).filter(
    ([name]) => name.startsWith('access-control-') || name === 'vary',
  );
  return { status, text, ...Object.fromEntries(about) };
}

const actual = { headers: { origin } };
const preflight = {
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-a',
  },
};
const callback: CorsOptions['origin'] = (asked, done) => done(null, asked === origin);

const noOrigin = { headers: {} };
const foreign = { headers: { origin: evil } };
const options = { method: 'OPTIONS', headers: {} };
const denied = { ...preflight, headers: { ...preflight.headers, origin: evil } };
const malformed = { headers: { origin: 'app.example' } };

describe('the same answer', () => {
  const cases: [string, CorsOptions | undefined][] = [
    ['no options', undefined],
    ['one origin', { origin }],
    ['one origin with credentials', { origin, credentials: true }],
    ['a star with credentials', { origin: '*', credentials: true }],
    ['a list', { origin: [origin, 'https://b.example'] }],
    ['an expression without anchors', { origin: /app\.example/ }],
    ['an expression that allows all', { origin: /./ }],
    ['true', { origin: true }],
    ['true with credentials', { origin: true, credentials: true }],
    ['true in a list', { origin: [true, origin] }],
    ['false', { origin: false }],
    ['a function', { origin: callback }],
    ['a function with a list', { origin: (_asked, done) => done(null, [origin, /b$/]) }],
    ['a function with a text', { origin: (_asked, done) => done(null, evil) }],
    ['no scheme', { origin: 'app.example' }],
    ['no scheme in a list', { origin: ['app.example'] }],
    ['a star in a list', { origin: ['*'] }],
    ['methods as text', { origin, methods: 'GET,PUT' }],
    ['methods as a list', { origin, methods: ['GET', 'PUT'] }],
    ['exposed headers as text', { origin, exposedHeaders: 'X-A,X-B' }],
    ['exposed headers as a list', { origin, exposedHeaders: ['X-A', 'X-B'] }],
    ['maxAge', { origin, maxAge: 60 }],
    ['maxAge 0', { origin, maxAge: 0 }],
    ['maxAge -1', { origin, maxAge: -1 }],
    ['optionsSuccessStatus', { origin, optionsSuccessStatus: 200 }],
    ['allowedHeaders', { origin, allowedHeaders: ['X-A', 'X-B'] }],
    ['allowedHeaders as text', { origin, allowedHeaders: 'X-A, X-B' }],
    ['no allowedHeaders', { origin, allowedHeaders: [] }],
    ['preflightContinue', { origin, preflightContinue: true }],
  ];
  const requests: [string, Request][] = [
    ['a request', actual],
    ['a preflight', preflight],
    ['a request without an Origin', noOrigin],
    ['a request of another origin', foreign],
    ['a preflight of another origin', denied],
    ['a request with a malformed Origin', malformed],
    ['OPTIONS that is no preflight', options],
  ];

  test.each(cases)('with %s', async (_name, given) => {
    const theirs = await listen('express5', npmCors(given));
    const ours = await listen('express5', compat(given as Parameters<typeof compat>[0]));
    for (const [name, request] of requests) {
      const expected = spoken(await theirs.request('/', request));
      const found = spoken(await ours.request('/', request));
      // Where nobody is allowed, that package describes its options all the same, without effect.
      if (expected['access-control-allow-origin'] === undefined) {
        expect([name, Object.keys(found).join()]).toEqual([name, expect.not.stringContaining('-')]);
        expect([name, found['status']]).toEqual([name, expected['status']]);
      } else {
        expect([name, found]).toEqual([name, expected]);
      }
    }
  });
});

describe('what differs, as the README says', () => {
  test('a denied origin learns nothing', async () => {
    const given = { origin: [origin], credentials: true, exposedHeaders: ['X-A'] };
    const [theirs, ours] = await both(given, foreign);
    expect(theirs.headers['access-control-allow-credentials']).toBe('true');
    expect(ours.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(ours.headers).not.toHaveProperty('access-control-expose-headers');
  });

  test('204 has no Content-Length', async () => {
    const [theirs, ours] = await both({ origin }, preflight);
    expect(theirs.headers['content-length']).toBe('0');
    expect(ours.headers).not.toHaveProperty('content-length');
  });

  test('Vary is there also when a function says no', async () => {
    const [theirs, ours] = await both({ origin: callback }, foreign);
    expect(theirs.headers['vary']).toBeUndefined();
    expect(ours.headers['vary']).toBe('Origin');
  });

  test('an expression with the flag g gives the same answer every time', async () => {
    const theirs = await listen('express5', npmCors({ origin: /app\.example/g }));
    const ours = await listen('express5', compat({ origin: /app\.example/g }));
    const answers = async (server: typeof ours): Promise<unknown[]> => {
      const list: unknown[] = [];
      for (let i = 0; i < 3; i++) {
        list.push((await server.request('/', actual)).headers['access-control-allow-origin']);
      }
      return list;
    };
    expect(await answers(theirs)).toEqual([origin, undefined, origin]);
    expect(await answers(ours)).toEqual([origin, origin, origin]);
  });

  test('writeHead of the application does not lose Vary', async () => {
    const handler: TestMiddleware = (_req, res) => {
      res.writeHead(200, { Vary: 'Accept' });
      res.end();
    };
    const theirs = await listen('express5', npmCors({ origin: [origin] }), handler);
    const ours = await listen('express5', compat({ origin: [origin] }), handler);
    expect((await theirs.request('/', actual)).headers['vary']).toBe('Accept');
    expect((await ours.request('/', actual)).headers['vary']).toBe('Accept, Origin');
  });

  test('the origin null, which every site can make, cannot be named', () => {
    expect(() => compat({ origin: ['null'], credentials: true })).toThrow('"null"');
  });

  test('an expression that can hang is refused', () => {
    expect(() => compat({ origin: /^(a+)+$/ })).toThrow('exponential');
  });
});
