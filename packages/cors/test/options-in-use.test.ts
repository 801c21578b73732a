import { describe, expect, test } from '@jest/globals';
import { cors } from '../src/index.ts';
import type { CorsOptions } from '../src/index.ts';
import { warningsOf } from './warnings.ts';

const url = 'https://a.example';
const credentialed = { allowOrigins: [url], allowCredentials: true };

describe('options that are fine do not warn', () => {
  test.each<[string, CorsOptions]>([
    ['a list with credentials', credentialed],
    ['a lone text', { allowOrigins: url }],
    ['a URL object with a path', { allowOrigins: [new URL(`${url}/app`)] }],
    ['every origin without credentials', { allowOrigins: '*' }],
    [
      'every origin with credentials, acknowledged',
      { allowOrigins: '*', allowCredentials: true, dangerouslyAllowAnyOriginWithCredentials: true },
    ],
    [
      'an expression for every origin, acknowledged',
      {
        allowOrigins: /.*/,
        allowCredentials: true,
        dangerouslyAllowAnyOriginWithCredentials: true,
      },
    ],
    ['null, acknowledged', { allowOrigins: ['null'], dangerouslyAllowNullOrigin: true }],
    ['null alone, acknowledged', { dangerouslyAllowNullOrigin: true }],
    [
      'shared hosting, acknowledged',
      {
        ...credentialed,
        allowOrigins: ['https://*.github.io'],
        dangerouslyAllowPublicSuffix: true,
      },
    ],
    ['names below localhost', { ...credentialed, allowOrigins: ['http://*.localhost:*'] }],
    [
      'loopback over http with credentials',
      {
        ...credentialed,
        allowOrigins: [
          'http://localhost:3000',
          'http://127.0.0.1',
          'http://[::1]',
          'http://a.localhost',
        ],
      },
    ],
    ['a strict expression', { allowOriginRegex: 'https://.*\\.example\\.org' }],
    [
      'methods in lower case that browsers raise',
      { allowOrigins: url, allowMethods: ['get', 'post'] },
    ],
    [
      'methods and headers that are always safe',
      {
        allowOrigins: url,
        allowMethods: ['GET', 'HEAD'],
        allowHeaders: ['Accept'],
        exposeHeaders: ['Content-Length'],
      },
    ],
    ['"*" for headers with credentials', { ...credentialed, allowHeaders: '*' }],
    [
      'undefined everywhere',
      { allowOrigins: url, allowMethods: undefined, maxAge: undefined, trustProxy: undefined },
    ],
    ['an age without a preflight', { allowOrigins: url, maxAge: '5m' }],
    ['a function alone', { allowOrigins: () => true }],
    [
      'an expression beside a list and a function',
      { allowOrigins: [url, () => false], allowOriginRegex: /https:\/\/b\.example/ },
    ],
  ])('%s', async (_name, options) => {
    expect(await warningsOf(() => cors({ ...options, strict: true }))).toEqual([]);
  });
});

describe('the options in use', () => {
  test('can be read back: complete, canonical, frozen', () => {
    const ask = () => true;
    const { options } = cors({
      allowOrigins: [
        new URL(`${url}/x`),
        '*',
        'https://*.b.example',
        /https:\/\/c\.example/,
        ask,
        'null',
      ],
      allowOriginRegex: 'https://d\\.example',
      allowMethods: 'post',
      maxAge: '10m',
      dangerouslyAllowNullOrigin: true,
    });
    expect(options).toMatchObject({
      allowOrigins: [url, '*', 'https://*.b.example', /https:\/\/c\.example/, ask, 'null'],
      allowOriginRegex: /https:\/\/d\.example/,
      allowMethods: ['POST'],
      allowCredentials: false,
      maxAge: 600,
    });
    expect(Object.isFrozen(options)).toBe(true);
    expect(Object.isFrozen(options?.allowOrigins)).toBe(true);
    expect(cors(() => ({ allowOrigins: url })).options).toBeUndefined();
  });

  test('do not follow the object they were read from, which may be frozen', () => {
    const given = { allowOrigins: [url], allowMethods: Object.freeze(['GET']) };
    const middleware = cors(Object.freeze(given));
    given.allowOrigins.push('https://evil.example');
    expect(middleware.options?.allowOrigins).toEqual([url]);
    expect(middleware.explain({ origin: 'https://evil.example' }).allowed).toBe(false);
  });

  test('do not follow an expression that is changed in place, nor what a subclass says of itself', () => {
    const changed = /https:\/\/a\.example/;
    class Liar extends RegExp {
      override get source(): string {
        return '.*';
      }
    }
    const middleware = cors({ allowOrigins: [changed, new Liar(String.raw`https://b\.example`)] });
    // The one way to change an expression in place is deprecated, and still there.
    (changed as { compile(source: string): unknown }).compile('.*');
    expect(middleware.explain({ origin: 'https://evil.example' }).allowed).toBe(false);
    expect(middleware.explain({ origin: url }).allowed).toBe(true);
    expect(middleware.explain({ origin: 'https://b.example' }).allowed).toBe(true);
    expect(middleware.options?.allowOrigins[0]).toEqual(/https:\/\/a\.example/);
  });

  test('are read once, so that a getter cannot show one policy to the check and use another', () => {
    let reads = 0;
    const { options } = cors({
      get allowOrigins() {
        return reads++ === 0 ? url : '*';
      },
    });
    expect([options?.allowOrigins, reads]).toEqual([[url], 1]);
  });

  test('are not taken from a prototype', () => {
    const inherited = Object.create({ allowOrigins: '*', allowCredentials: true }) as CorsOptions;
    const { options } = cors(Object.assign(inherited, { allowOriginRegex: 'https://b' }));
    expect(options).toMatchObject({ allowOrigins: [], allowCredentials: false });
    const parsed = JSON.parse('{ "__proto__": { "allowOrigins": "*" } }') as CorsOptions;
    expect(() => cors(parsed)).toThrow('is not an option');
  });

  test('the middleware and the factory have names', () => {
    expect(cors.name).toBe('cors');
    expect(cors({ allowOrigins: url }).name).toBe('corsMiddleware');
    expect(cors.definition.name).toBe('cors');
  });

  test('app.use(cors) is answered with what to write', () => {
    const misuse = cors as unknown as (req: object, res: object, next: () => void) => void;
    expect(() => misuse({}, {}, () => {})).toThrow('app.use(cors())');
  });
});
