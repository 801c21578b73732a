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

/** What a browser reads of a response, so that spelling and order do not count. */
function readByBrowser({ status, headers }: TestResponse): Record<string, unknown> {
  const list = (name: string): readonly string[] | undefined => {
    const value = headers[name];
    if (value === undefined) return undefined;
    return String(value)
      .toLowerCase()
      .split(',')
      .map((item) => item.trim())
      .sort();
  };
  return {
    status,
    origin: headers['access-control-allow-origin'],
    credentials: headers['access-control-allow-credentials'],
    methods: list('access-control-allow-methods'),
    exposed: list('access-control-expose-headers'),
    maxAge: headers['access-control-max-age'],
  };
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

describe('the same answer for a browser', () => {
  test.each<[string, CorsOptions | undefined, Request]>([
    ['no options, actual', undefined, actual],
    ['no options, preflight', undefined, preflight],
    ['one origin, actual', { origin }, actual],
    ['one origin, preflight', { origin, credentials: true }, preflight],
    ['a list, allowed', { origin: [origin, 'https://b.example'], credentials: true }, actual],
    ['a list, denied', { origin: ['https://b.example'] }, actual],
    ['an expression without anchors', { origin: /app\.example/ }, actual],
    ['an expression, denied', { origin: /b\.example$/ }, actual],
    ['true', { origin: true }, preflight],
    ['true with credentials', { origin: true, credentials: true }, actual],
    ['false', { origin: false }, actual],
    ['false, preflight', { origin: false }, preflight],
    ['a function', { origin: callback }, actual],
    ['a function, denied', { origin: callback }, { headers: { origin: evil } }],
    ['methods as text', { origin, methods: 'GET,PUT' }, preflight],
    ['methods as a list', { origin, methods: ['GET', 'PUT'] }, preflight],
    ['exposed headers as text', { origin, exposedHeaders: 'X-A,X-B' }, actual],
    ['exposed headers as a list', { origin, exposedHeaders: ['X-A', 'X-B'] }, actual],
    ['maxAge', { origin, maxAge: 60 }, preflight],
    ['optionsSuccessStatus', { origin, optionsSuccessStatus: 200 }, preflight],
    ['allowedHeaders', { origin, allowedHeaders: ['X-A'] }, preflight],
    ['preflightContinue', { origin, preflightContinue: true }, preflight],
  ])('%s', async (name, options, request) => {
    const [theirs, ours] = (await both(options, request)).map((answer) => readByBrowser(answer));
    // That package shows `true` as a reflected origin even without credentials, where a star says the same.
    const expected = name === 'true' ? { ...theirs, origin: '*' } : theirs;
    // It leaves out the age; browsers then keep the answer for five seconds, ours for ten minutes.
    const aged = ours?.['maxAge'] !== undefined && expected?.['maxAge'] === undefined;
    // That package shows its options to denied origins too, without effect.
    if (expected?.['origin'] === undefined) {
      expect(ours?.['origin']).toBeUndefined();
      expect(ours?.['status']).toBe(expected?.['status']);
    } else {
      expect(ours).toEqual(aged ? { ...expected, maxAge: '600' } : expected);
    }
  });

  test.each<[string, Request]>([
    ['allowed', preflight],
    ['refused', { ...preflight, headers: { ...preflight.headers, origin: evil } }],
  ])('a preflight %s passes or fails in the browser alike', async (_name, request) => {
    const passes = ({ status, headers }: TestResponse): boolean =>
      status >= 200 &&
      status < 300 &&
      headers['access-control-allow-origin'] === request.headers?.['origin'];
    const [theirs, ours] = await both({ origin: [origin], allowedHeaders: ['X-A'] }, request);
    expect(passes(ours)).toBe(passes(theirs));
  });
});

describe('what differs, as the README says', () => {
  test('one origin as text is compared, instead of being sent to everybody', async () => {
    const [theirs, ours] = await both({ origin }, { headers: { origin: evil } });
    expect(theirs.headers['access-control-allow-origin']).toBe(origin);
    expect(ours.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('a denied origin learns nothing', async () => {
    const options = { origin: [origin], credentials: true, exposedHeaders: ['X-A'] };
    const [theirs, ours] = await both(options, { headers: { origin: evil } });
    expect(theirs.headers['access-control-allow-credentials']).toBe('true');
    expect(ours.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(ours.headers).not.toHaveProperty('access-control-expose-headers');
  });

  test('a refused preflight is 400 and says why, instead of 204', async () => {
    const request = { ...preflight, headers: { ...preflight.headers, origin: evil } };
    const [theirs, ours] = await both({ origin: [origin] }, request);
    expect(theirs.status).toBe(204);
    expect(ours).toMatchObject({ status: 400, text: 'Disallowed CORS origin' });
  });

  test('OPTIONS that is no preflight reaches the application', async () => {
    const [theirs, ours] = await both({ origin }, { method: 'OPTIONS', headers: { origin } });
    expect(theirs).toMatchObject({ status: 204, text: '' });
    expect(ours).toMatchObject({ status: 200, text: 'hello' });
  });

  test('Vary is there also when a function says no', async () => {
    const [theirs, ours] = await both({ origin: callback }, { headers: { origin: evil } });
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

  test('two Origin lines are never reflected', async () => {
    const twice = { headers: { origin: `${origin}, ${evil}` } };
    const [theirs, ours] = await both({ origin: true }, twice);
    expect(theirs.headers['access-control-allow-origin']).toBe(`${origin}, ${evil}`);
    expect(ours.headers['access-control-allow-origin']).toBeUndefined();
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

  test('credentials with every origin, which browsers refuse, are left out', async () => {
    const [theirs, ours] = await both({ credentials: true }, actual);
    expect(theirs.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'true',
    });
    expect(ours.headers['access-control-allow-origin']).toBe('*');
    expect(ours.headers).not.toHaveProperty('access-control-allow-credentials');
  });
});
