import { describe, expect, test } from '@jest/globals';
import { fromFlatList } from '../src/access-control.ts';
import { answerPreflight, compilePreflight, debugPreflight } from '../src/preflight.ts';
import type { PreflightOptions } from '../src/preflight.ts';

const defaults: PreflightOptions = {
  allowMethods: ['GET'],
  allowHeaders: [],
  allowCredentials: false,
  maxAge: 600,
  successStatus: 200,
  allowPrivateNetwork: false,
};
const question = {
  origin: 'https://a.example',
  method: 'GET',
  headers: undefined,
  privateNetwork: false,
};
const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

function toObject(list: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (let i = 0; i < list.length; i += 2) object[list[i] ?? ''] = list[i + 1] ?? '';
  return object;
}

describe('answerPreflight', () => {
  test('passes with everything the browser needs', () => {
    const answer = answerPreflight(compilePreflight(defaults, false), question);
    expect({ ...answer, headers: toObject(answer.headers) }).toEqual({
      status: 200,
      body: 'OK',
      failures: [],
      headers: {
        'access-control-allow-origin': 'https://a.example',
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'Accept, Accept-Language, Content-Language, Content-Type',
        'access-control-max-age': '600',
        vary,
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '2',
      },
    });
  });

  test('names every failure at once, in one order, and grants nothing', () => {
    const policy = compilePreflight({ ...defaults, allowCredentials: true }, false);
    const bodies = [
      { origin: undefined },
      { method: 'PUT' },
      { headers: 'x-foo' },
      { origin: undefined, method: 'PUT' },
      { origin: undefined, headers: 'x-foo' },
      { method: 'PUT', headers: 'x-foo' },
      { origin: undefined, method: 'PUT', headers: 'x-foo' },
    ].map((change) => {
      const { status, body, headers } = answerPreflight(policy, { ...question, ...change });
      expect(status).toBe(400);
      expect(fromFlatList(headers).every((value) => value === undefined)).toBe(true);
      expect(toObject(headers)).toMatchObject({ vary, 'content-length': String(body?.length) });
      return body;
    });
    expect(bodies).toEqual([
      'Disallowed CORS origin',
      'Disallowed CORS method',
      'Disallowed CORS headers',
      'Disallowed CORS origin, method',
      'Disallowed CORS origin, headers',
      'Disallowed CORS method, headers',
      'Disallowed CORS origin, method, headers',
    ]);
  });

  test('gives a fresh list each time, so that nobody can write into the next answer', () => {
    const policy = compilePreflight(defaults, false);
    for (const change of [{}, { method: 'PUT' }]) {
      const first = answerPreflight(policy, { ...question, ...change });
      const before = [...first.headers];
      first.headers.fill('x');
      expect(answerPreflight(policy, { ...question, ...change }).headers).toEqual(before);
    }
  });

  test('has no body with 204 and 205', () => {
    for (const [successStatus, length] of [
      [204, undefined],
      [205, '0'],
    ] as const) {
      const policy = compilePreflight({ ...defaults, successStatus }, false);
      const { status, body, headers } = answerPreflight(policy, question);
      expect({ status, body }).toEqual({ status: successStatus, body: undefined });
      expect(toObject(headers)['content-length']).toBe(length);
      expect(headers).not.toContain('content-type');
    }
  });

  test('mirrors the list of headers under "*", and nothing when there is none', () => {
    const policy = compilePreflight({ ...defaults, allowHeaders: ['*'] }, true);
    const mirrored = (headers: string | undefined): unknown =>
      toObject(answerPreflight(policy, { ...question, headers }).headers)[
        'access-control-allow-headers'
      ];
    expect(mirrored('X-Example, authorization')).toBe('X-Example, authorization');
    expect(mirrored('')).toBeUndefined();
    expect(mirrored(undefined)).toBeUndefined();
  });

  test('expands "*" to the seven methods and keeps what stands beside it', () => {
    const methods = (allowMethods: readonly string[]): unknown =>
      toObject(
        answerPreflight(compilePreflight({ ...defaults, allowMethods }, true), question).headers,
      )['access-control-allow-methods'];
    expect(methods(['*'])).toBe('DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT');
    expect(methods(['GET', '*', 'QUERY'])).toBe(
      'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY',
    );
    expect(methods(['GET', 'GET'])).toBe('GET');
  });

  test('answers the private network question only when it is allowed and asked', () => {
    const header = 'access-control-allow-private-network';
    const on = compilePreflight({ ...defaults, allowPrivateNetwork: true }, false);
    expect(
      toObject(answerPreflight(on, { ...question, privateNetwork: true }).headers),
    ).toMatchObject({
      [header]: 'true',
      vary: `${vary}, Access-Control-Request-Private-Network`,
    });
    expect(answerPreflight(on, question).headers).not.toContain(header);
    const off = compilePreflight(defaults, false);
    expect(answerPreflight(off, { ...question, privateNetwork: true }).headers).not.toContain(
      header,
    );
  });
});

describe('debugPreflight', () => {
  const policy = compilePreflight({ ...defaults, allowHeaders: ['*'] }, false);

  test('shows an allowed origin what is allowed, so that the browser can name the fault', () => {
    const answer = debugPreflight(
      policy,
      { ...question, method: 'PUT', headers: 'x-a' },
      'because',
    );
    expect(answer).toMatchObject({
      status: 200,
      body: 'Disallowed CORS method\nbecause',
      failures: ['method'],
    });
    expect(toObject(answer.headers)).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': 'x-a',
      'content-length': '30',
    });
  });

  test.each(['GET', 'HEAD', 'POST'])(
    'does not make a yes of a no to %s, which browsers let pass unlisted',
    (method) => {
      const other = compilePreflight({ ...defaults, allowMethods: ['PUT'] }, false);
      const asked = { ...question, method, headers: 'accept' };
      const answer = debugPreflight(other, asked, 'because');
      expect(answer).toMatchObject({ status: 400, body: 'Disallowed CORS method\nbecause' });
      expect(fromFlatList(answer.headers).every((value) => value === undefined)).toBe(true);
      const named = debugPreflight(other, { ...asked, headers: 'x-b' }, 'because');
      expect(named).toMatchObject({ status: 200, failures: ['method', 'headers'] });
    },
  );

  test('never mirrors a list that failed', () => {
    const answer = debugPreflight(policy, { ...question, headers: 'a b' }, 'because');
    expect(answer.headers).not.toContain('access-control-allow-headers');
  });

  test('shows another origin nothing', () => {
    const answer = debugPreflight(
      policy,
      { ...question, origin: undefined, method: 'PUT' },
      'because',
    );
    expect(answer).toMatchObject({ status: 400, body: 'Disallowed CORS origin, method\nbecause' });
    expect(fromFlatList(answer.headers).every((value) => value === undefined)).toBe(true);
  });
});
