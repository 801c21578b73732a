import { describe, expect, test } from '@jest/globals';
import { cors } from '../src/index.ts';
import type { CorsOptions } from '../src/index.ts';
import { issuesOf, warningsOf } from './warnings.ts';

const url = 'https://a.example';
const credentialed = { allowOrigins: [url], allowCredentials: true };
/** Options as JavaScript or a configuration file may give them. */
const untyped = (options: object): CorsOptions => options as CorsOptions;

describe('options that cannot work are refused', () => {
  test.each<[string, CorsOptions, string, string, string]>([
    [
      'null',
      { allowOrigins: ['null'] },
      'CORS_NULL_ORIGIN',
      'allowOrigins[0]',
      'dangerouslyAllowNullOrigin',
    ],
    [
      'file:',
      { allowOrigins: ['file://'] },
      'CORS_NULL_ORIGIN',
      'allowOrigins[0]',
      'http://localhost',
    ],
    [
      'a URL object of file:',
      { allowOrigins: [new URL('file:///a')] },
      'CORS_NULL_ORIGIN',
      'allowOrigins[0]',
      'serve',
    ],
    [
      'a path',
      { allowOrigins: [url, `${url}/app`] },
      'CORS_ORIGIN_NOT_AN_ORIGIN',
      'allowOrigins[1]',
      `write "${url}"`,
    ],
    ['port 0', { allowOrigins: [`${url}:0`] }, 'CORS_ORIGIN_PORT', 'allowOrigins[0]', ''],
    [
      'a short address',
      { allowOrigins: ['http://127.1'] },
      'CORS_ORIGIN_IP',
      'allowOrigins[0]',
      'http://127.0.0.1',
    ],
    [
      'no scheme',
      { allowOrigins: ['a.example'] },
      'CORS_ORIGIN_SCHEME',
      'allowOrigins[0]',
      `write "${url}"`,
    ],
    [
      'a wildcard inside',
      { allowOrigins: ['https://*example.com'] },
      'CORS_PATTERN_PLACEMENT',
      'allowOrigins[0]',
      '*.example.com',
    ],
    [
      'a wildcard before an address',
      { allowOrigins: ['https://*.127.0.0.1'] },
      'CORS_PATTERN_PLACEMENT',
      'allowOrigins[0]',
      '',
    ],
    [
      'a top-level domain',
      { ...credentialed, allowOrigins: ['https://*.com'] },
      'CORS_PUBLIC_SUFFIX',
      'allowOrigins[0]',
      'dangerouslyAllowPublicSuffix',
    ],
    [
      'shared hosting',
      { ...credentialed, allowOrigins: ['https://*.github.io'] },
      'CORS_PUBLIC_SUFFIX',
      'allowOrigins[0]',
      'dangerouslyAllowPublicSuffix',
    ],
    [
      'a RegExp that can hang',
      { allowOrigins: [/https:\/\/([a-z0-9]+\.?)+example\.com/] },
      'CORS_REGEX_UNSAFE',
      'allowOrigins[0]',
      'https://*.example.com',
    ],
    [
      'a text that can hang',
      { allowOriginRegex: '(a+)+' },
      'CORS_REGEX_UNSAFE',
      'allowOriginRegex',
      'function',
    ],
    [
      'a repetition that hangs although it is counted',
      { allowOriginRegex: 'https://(?:[a-z]{1,10}){1,10}x' },
      'CORS_REGEX_UNSAFE',
      'allowOriginRegex',
      'function',
    ],
    [
      'a text that takes seconds to judge',
      { allowOriginRegex: '[a-z]?'.repeat(400) },
      'CORS_REGEX_TOO_LONG',
      'allowOriginRegex',
      'patterns',
    ],
    [
      'a RegExp that takes seconds to judge',
      { allowOrigins: ['https://a.example', new RegExp('[a-z]?'.repeat(400))] },
      'CORS_REGEX_TOO_LONG',
      'allowOrigins[1]',
      'patterns',
    ],
    [
      'a broken expression',
      { allowOriginRegex: 'https://(' },
      'CORS_REGEX_SYNTAX',
      'allowOriginRegex',
      '',
    ],
    [
      'a named group of Python',
      { allowOriginRegex: 'https://(?P<a>b)' },
      'CORS_REGEX_SYNTAX',
      'allowOriginRegex',
      'Python',
    ],
    [
      'flags of Python',
      { allowOriginRegex: '(?i)https://b' },
      'CORS_REGEX_SYNTAX',
      'allowOriginRegex',
      'new RegExp',
    ],
    ['an empty method', { allowMethods: [''] }, 'CORS_METHOD_NAME', 'allowMethods[0]', ''],
    ['methods in one text', { allowMethods: 'GET, POST' }, 'CORS_METHOD_NAME', 'allowMethods', ''],
    [
      'TRACE',
      { allowMethods: ['GET', 'TRACE'] },
      'CORS_METHOD_FORBIDDEN',
      'allowMethods[1]',
      'remove',
    ],
    ['patch', { allowMethods: ['patch'] }, 'CORS_METHOD_CASE', 'allowMethods[0]', 'write "PATCH"'],
    [
      'a header with a space',
      { allowHeaders: ['X Foo'] },
      'CORS_HEADER_NAME',
      'allowHeaders[0]',
      '',
    ],
    [
      'Cookie as a header',
      { allowHeaders: ['Cookie'] },
      'CORS_HEADER_FORBIDDEN',
      'allowHeaders[0]',
      'allowCredentials',
    ],
    [
      'Sec- as a header',
      { allowHeaders: ['Sec-Foo'] },
      'CORS_HEADER_FORBIDDEN',
      'allowHeaders[0]',
      'remove',
    ],
    [
      'a response header to allow',
      { allowHeaders: ['Access-Control-Allow-Origin'] },
      'CORS_HEADER_RESPONSE_ONLY',
      'allowHeaders[0]',
      'remove',
    ],
    [
      'a request header to expose',
      { exposeHeaders: ['Origin'] },
      'CORS_EXPOSE_NEVER_READ',
      'exposeHeaders[0]',
      'remove',
    ],
    [
      'Set-Cookie to expose',
      { exposeHeaders: ['Set-Cookie'] },
      'CORS_EXPOSE_SET_COOKIE',
      'exposeHeaders[0]',
      'allowCredentials',
    ],
    [
      'everything to expose, with credentials',
      { ...credentialed, exposeHeaders: ['*'] },
      'CORS_EXPOSE_ANY_WITH_CREDENTIALS',
      'exposeHeaders[0]',
      'list',
    ],
    ['a negative age', { maxAge: -1 }, 'CORS_OUT_OF_RANGE', 'maxAge', ''],
    ['more than a day', { maxAge: 86_401 }, 'CORS_OUT_OF_RANGE', 'maxAge', ''],
    ['part of a second', { allowOrigins: url, maxAge: 1.5 }, 'CORS_OUT_OF_RANGE', 'maxAge', ''],
    ['an age that is no number', { maxAge: Number.NaN }, 'CORS_WRONG_TYPE', 'maxAge', ''],
    ['an age in words', { maxAge: 'forever' }, 'CORS_WRONG_TYPE', 'maxAge', ''],
    [
      'a status that fails the preflight',
      { successStatus: 302 },
      'CORS_OUT_OF_RANGE',
      'successStatus',
      '',
    ],
    ['a number of origins', untyped({ allowOrigins: 5 }), 'CORS_WRONG_TYPE', 'allowOrigins', ''],
    [
      'true for every origin',
      untyped({ allowOrigins: true }),
      'CORS_WRONG_TYPE',
      'allowOrigins',
      '',
    ],
    [
      'an object that only says it is a URL',
      untyped({ allowOrigins: [url, { [Symbol.toStringTag]: 'URL' }] }),
      'CORS_WRONG_TYPE',
      'allowOrigins[1]',
      '',
    ],
    [
      'a number for a method',
      untyped({ allowMethods: [5] }),
      'CORS_WRONG_TYPE',
      'allowMethods[0]',
      '',
    ],
    [
      'a number for a header',
      untyped({ allowHeaders: [5] }),
      'CORS_WRONG_TYPE',
      'allowHeaders[0]',
      '',
    ],
    [
      'a number for an expression',
      untyped({ allowOriginRegex: 5 }),
      'CORS_WRONG_TYPE',
      'allowOriginRegex',
      '',
    ],
    [
      'a misspelt option',
      untyped({ allowOrigin: [url] }),
      'CORS_UNKNOWN_OPTION',
      'allowOrigin',
      'allowOrigins',
    ],
    ['a misspelt age', untyped({ maxage: 5 }), 'CORS_UNKNOWN_OPTION', 'maxage', 'maxAge'],
  ])('%s', (_name, options, code, path, hint) => {
    const [issue, ...more] = issuesOf(() => cors(options));
    expect(more).toEqual([]);
    expect(issue).toMatchObject({ code, path });
    expect(issue?.hint ?? '').toContain(hint);
  });

  test.each([
    ['origin', 'allowOrigins'],
    ['methods', 'allowMethods'],
    ['allowedHeaders', 'allowHeaders'],
    ['exposedHeaders', 'exposeHeaders'],
    ['credentials', 'allowCredentials'],
    ['optionsSuccessStatus', 'successStatus'],
  ])('%s, the name of another package: did you mean %s?', (theirs, name) => {
    const [issue] = issuesOf(() => cors(untyped({ [theirs]: 'x' })));
    expect(issue).toMatchObject({ code: 'CORS_UNKNOWN_OPTION', path: theirs });
    expect(issue?.hint).toContain(`"${name}"`);
  });

  test('all at once, each with its place', () => {
    const issues = issuesOf(() =>
      cors(
        untyped({
          allowOrigins: ['example.com', 'https://*x.com', 'https://a.example/b'],
          allowMethods: ['patch'],
          allowHeaders: ['Cookie'],
          exposeHeaders: ['Set-Cookie'],
          maxAge: '1y',
          credentials: true,
        }),
      ),
    );
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'credentials CORS_UNKNOWN_OPTION',
      'allowOrigins[0] CORS_ORIGIN_SCHEME',
      'allowOrigins[1] CORS_PATTERN_PLACEMENT',
      'allowOrigins[2] CORS_ORIGIN_NOT_AN_ORIGIN',
      'allowMethods[0] CORS_METHOD_CASE',
      'allowHeaders[0] CORS_HEADER_FORBIDDEN',
      'exposeHeaders[0] CORS_EXPOSE_SET_COOKIE',
      'maxAge CORS_WRONG_TYPE',
    ]);
  });

  test('also where an option that is wrong in one place is wrong with another option in a second', () => {
    const issues = issuesOf(() =>
      cors(
        untyped({
          strict: true,
          allowOrigins: [
            'null',
            'x',
            '*',
            'https://A.example',
            'http://b.example',
            'https://*.io',
            /.*/g,
          ],
          allowOriginRegex: 5,
          allowCredentials: true,
          allowHeaders: ['DNT', 'a b'],
          exposeHeaders: ['*', ''],
          enforce: true,
        }),
      ),
    );
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'allowOrigins[1] CORS_ORIGIN_SCHEME',
      'allowOriginRegex CORS_WRONG_TYPE',
      'allowHeaders[1] CORS_HEADER_NAME',
      'exposeHeaders[1] CORS_HEADER_NAME',
      'allowOrigins CORS_ANY_ORIGIN_WITH_CREDENTIALS',
      'enforce CORS_ENFORCE_ANY_ORIGIN',
      'allowOrigins[0] CORS_NULL_ORIGIN',
      'allowOrigins[3] CORS_ORIGIN_NORMALIZED',
      'allowOrigins[4] CORS_INSECURE_ORIGIN',
      'allowOrigins[5] CORS_PUBLIC_SUFFIX',
      'allowOrigins[6] CORS_REGEX_FLAGS',
      'allowOrigins[6] CORS_ANY_ORIGIN_WITH_CREDENTIALS',
      'allowHeaders[0] CORS_HEADER_NEVER_SENT',
      'exposeHeaders[0] CORS_EXPOSE_ANY_WITH_CREDENTIALS',
    ]);
  });

  test('in words that say what to write', () => {
    expect(() => cors({ allowOrigins: ['example.com'], allowMethods: ['patch'] })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(
          [
            'allowOrigins[0]: "example.com" cannot match: an origin starts with a scheme',
            '      \u2192 write "https://example.com"',
            '  \u2716 allowMethods[0]: "patch" cannot be allowed: methods are case-sensitive, and browsers do not turn "patch" into "PATCH"',
            '      \u2192 write "PATCH"',
          ].join('\n'),
        ),
      }),
    );
  });
});

describe('options that are allowed but doubtful warn once, when they are given', () => {
  test.each<[string, CorsOptions, string, string]>([
    ['no origin at all', {}, 'CORS_NO_ORIGINS', 'allowOrigins: ["https://app.example"]'],
    [
      'every origin with credentials',
      { allowOrigins: '*', allowCredentials: true },
      'CORS_ANY_ORIGIN_WITH_CREDENTIALS',
      'dangerouslyAllowAnyOriginWithCredentials',
    ],
    [
      'an expression for every origin with credentials',
      { allowOrigins: /https:\/\/.*/, allowCredentials: true },
      'CORS_ANY_ORIGIN_WITH_CREDENTIALS',
      'https://evil.com',
    ],
    [
      'an expression for every origin',
      { allowOriginRegex: 'https?://.*' },
      'CORS_REGEX_LOOSE',
      'evil.com',
    ],
    [
      'a slash at the end',
      { allowOrigins: [`${url}/`] },
      'CORS_ORIGIN_NORMALIZED',
      `write "${url}"`,
    ],
    [
      'upper case',
      { allowOrigins: ['HTTPS://A.example'] },
      'CORS_ORIGIN_NORMALIZED',
      `write "${url}"`,
    ],
    [
      'a default port',
      { allowOrigins: [`${url}:443`] },
      'CORS_ORIGIN_NORMALIZED',
      `write "${url}"`,
    ],
    [
      'a name that is not ASCII',
      { allowOrigins: ['https://caf\u00e9.example'] },
      'CORS_ORIGIN_NORMALIZED',
      'xn--caf-dma',
    ],
    [
      'shared hosting',
      { allowOrigins: ['https://*.vercel.app'] },
      'CORS_PUBLIC_SUFFIX',
      'vercel.app',
    ],
    [
      'http with credentials',
      { ...credentialed, allowOrigins: ['http://a.example'] },
      'CORS_INSECURE_ORIGIN',
      'https://a.example',
    ],
    [
      'an expression with an open front',
      { allowOriginRegex: /https:\/\/.*example\.org/ },
      'CORS_REGEX_LOOSE',
      'https://evilexample.org',
    ],
    [
      'an expression with an open dot',
      { allowOrigins: [/https:\/\/api.example\.org/] },
      'CORS_REGEX_LOOSE',
      'https://apixexample.org',
    ],
    [
      'an expression with state',
      { allowOrigins: [/https:\/\/a\.example/g] },
      'CORS_REGEX_FLAGS',
      'remove',
    ],
    [
      'a header that pages never set',
      { allowOrigins: url, allowHeaders: ['Origin'] },
      'CORS_HEADER_NEVER_SENT',
      'remove',
    ],
    [
      'an age that only Firefox honours',
      { allowOrigins: url, maxAge: '1d' },
      'CORS_MAX_AGE_CAPPED',
      '7200',
    ],
    [
      'enforce for nobody',
      { allowOrigins: '*', enforce: true },
      'CORS_ENFORCE_ANY_ORIGIN',
      'name the origins',
    ],
  ])('%s', async (_name, options, code, text) => {
    const warnings = await warningsOf(() => cors(options));
    expect(warnings).toEqual([
      { code: `ERR_PORTCULLIS_${code}`, message: expect.stringContaining(text) },
    ]);
    expect(issuesOf(() => cors({ ...options, strict: true }))).toEqual([
      expect.objectContaining({ code }),
    ]);
  });
});
