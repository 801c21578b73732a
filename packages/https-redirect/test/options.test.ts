import { describe, expect, test } from '@jest/globals';
import type { OptionsError } from '@portcullis/core';
import { httpsRedirect } from '@portcullis/https-redirect';

function problems(options: unknown): [string, string, string?][] {
  try {
    // What a configuration file or plain JavaScript may hand over.
    httpsRedirect(options as never);
  } catch (error) {
    const { code, issues } = error as OptionsError;
    expect(code).toBe('ERR_PORTCULLIS_OPTIONS');
    return issues.map(({ code: issue, message, hint }) =>
      hint === undefined ? [issue, message] : [issue, message, hint],
    );
  }
  return [];
}

describe('httpsRedirect() refuses, naming the fix', () => {
  test.each<[unknown, [string, string, string?]]>([
    [
      { host: 'https://a.test' },
      [
        'HTTPS_REDIRECT_BAD_HOST',
        'host: "https://a.test" is no host (bad-port)',
        'write the host only, without a scheme or a path',
      ],
    ],
    [
      { allowedHosts: ['*a.test'] },
      [
        'HTTPS_REDIRECT_BAD_PATTERN',
        'allowedHosts[0]: "*a.test" misplaces the wildcard',
        "Domain wildcard patterns must be like '*.example.com'.",
      ],
    ],
    [
      { hsts: { maxAge: 300, preload: true } },
      [
        'HTTPS_REDIRECT_PRELOAD_TOO_SHORT',
        'hsts.maxAge: is 300 seconds, and preload needs at least 31536000 (a year)',
        "write maxAge: '365d', or leave preload out",
      ],
    ],
    [
      { hsts: { includeSubDomains: false, preload: true } },
      [
        'HTTPS_REDIRECT_PRELOAD_WITHOUT_SUBDOMAINS',
        'hsts.includeSubDomains: is false, and preload needs it',
        'set includeSubDomains to true, or leave preload out',
      ],
    ],
    [
      { hsts: { maxAge: 1.5 } },
      [
        'HTTPS_REDIRECT_OUT_OF_RANGE',
        'hsts.maxAge: is not a whole number of seconds',
        "write seconds such as 31536000, or '365d'",
      ],
    ],
    [
      { port: { 3000: 0 } },
      ['HTTPS_REDIRECT_BAD_PORT', 'port: has no port from 1 to 65535 at 3000'],
    ],
    [
      { port: { http: 443 } },
      ['HTTPS_REDIRECT_BAD_PORT', 'port: has no port from 1 to 65535 at http'],
    ],
  ])('%p', (options, expected) => {
    expect(problems(options)).toEqual([expected]);
  });

  test('an async exempt, whose promise would exempt nothing', () => {
    const [issue] = problems({ exempt: async () => Promise.resolve(true) });
    expect(issue).toEqual([
      'HTTPS_REDIRECT_WRONG_TYPE',
      expect.stringContaining('exempt: expected a function (req) => boolean or a list'),
      'an async function only promises: answer true or false at once',
    ]);
  });

  test.each(['080', ' 80', '0x50', '8e1', '80.0'])('a port map with %p', (from) => {
    const message = `port: has no port from 1 to 65535 at ${from}`;
    expect(problems({ port: { [from]: 443 } })).toEqual([['HTTPS_REDIRECT_BAD_PORT', message]]);
  });

  test.each<[unknown, string]>([
    [{ status: 303 }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ insecure: 'drop' }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ host: 7 }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ allowedHosts: [] }, 'HTTPS_REDIRECT_OUT_OF_RANGE'],
    [{ allowedHosts: '' }, 'HTTPS_REDIRECT_BAD_PATTERN'],
    [{ allowedHosts: [7] }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ allowedHosts: 7 }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ exempt: [7] }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ exempt: ['health'] }, 'HTTPS_REDIRECT_BAD_PATH'],
    [{ port: 0 }, 'HTTPS_REDIRECT_OUT_OF_RANGE'],
    [{ port: [] }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ port: null }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ protoHeaders: [] }, 'HTTPS_REDIRECT_OUT_OF_RANGE'],
    [{ protoHeaders: ['a b'] }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ protoHeaders: [7] }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ trustProxy: -1 }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ hsts: 'on' }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ hsts: { maxAge: -1 } }, 'HTTPS_REDIRECT_OUT_OF_RANGE'],
    [{ hsts: { maxAge: Number.NaN } }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ hsts: { maxAge: Infinity } }, 'HTTPS_REDIRECT_WRONG_TYPE'],
    [{ hsts: { maxage: 1 } }, 'HTTPS_REDIRECT_UNKNOWN_OPTION'],
    [{ hsts: { includeSubdomains: true } }, 'HTTPS_REDIRECT_UNKNOWN_OPTION'],
    [{ enable: false }, 'HTTPS_REDIRECT_UNKNOWN_OPTION'],
  ])('%p: %s', (options, code) => {
    expect(problems(options).map(([issue]) => issue)).toEqual([code]);
  });
});

test('returns a function named for stack traces, and knows its order', () => {
  expect(httpsRedirect().name).toBe('httpsRedirectMiddleware');
  expect(httpsRedirect({ enabled: false }).name).toBe('httpsRedirectMiddleware');
  expect(httpsRedirect.definition.order).toMatchObject({ after: ['trustedHost'] });
});
