import { describe, expect, test } from '@jest/globals';
import { cors } from '@portcullis/cors';
import { gzip } from '@portcullis/gzip';
import { httpsRedirect } from '@portcullis/https-redirect';
import { session } from '@portcullis/session';
import { redisStore } from '@portcullis/session-redis';
import { trustedHost } from '@portcullis/trusted-host';
import { upgrade } from '@portcullis/upgrade';
import { inspect } from 'node:util';

/** What somebody reads at start, for each package. `as never`: the compiler would have said it earlier. */
const cases: readonly (readonly [string, () => unknown, string])[] = [
  [
    'cors',
    () =>
      cors({
        allowOrigin: 'https://a.example',
        allowOrigins: ['example.com', 'https://a.example/path'],
        allowMethods: ['GET', 5],
        allowCredentials: 'true',
        maxAge: 100_000,
        maxage: 5,
      } as never),
    `@portcullis/cors: 7 options cannot be used
  ✖ allowOrigin: is not an option
      → did you mean "allowOrigins"?
  ✖ maxage: is not an option
      → did you mean "maxAge"?
  ✖ allowOrigins[0]: "example.com" cannot match: an origin starts with a scheme
      → write "https://example.com"
  ✖ allowOrigins[1]: "https://a.example/path" cannot match: an origin has no user, path, query, fragment or space
      → write "https://a.example"
  ✖ allowMethods[1]: expected a method, got the number 5
  ✖ allowCredentials: expected true or false, got the string "true"
      → remove the quotes
  ✖ maxAge: expected a duration (seconds, or text such as '10m', '14d') from 0 to 86400 seconds, got the number 100000`,
  ],
  [
    'trusted-host',
    () =>
      trustedHost({ hosts: ['a.example'], allowedHosts: ['*example.com'], status: 500 } as never),
    `@portcullis/trusted-host: 3 options cannot be used
  ✖ hosts: is not an option
      → did you mean "allowedHosts"?
  ✖ allowedHosts[0]: "*example.com" misplaces the wildcard
      → Domain wildcard patterns must be like '*.example.com'.
  ✖ status: expected one of 400, 403, 421, got the number 500`,
  ],
  [
    'https-redirect',
    () => httpsRedirect({ status: 300, hsts: { maxage: 5 } } as never),
    `@portcullis/https-redirect: 2 options cannot be used
  ✖ hsts.maxage: is not an option
      → did you mean "maxAge"?
  ✖ status: expected one of 301, 302, 307, 308, got the number 300`,
  ],
  [
    'gzip',
    () => gzip({ threshold: 5, minimumSize: '1 parsec', encodings: ['gzip', 'lzma'] } as never),
    `@portcullis/gzip: 3 options cannot be used
  ✖ threshold: is not an option
      → did you mean "minimumSize"?
  ✖ minimumSize: expected a size (bytes, or text such as '1kb'), 0 bytes or more, got the string "1 parsec"
  ✖ encodings[1]: expected one of "zstd", "br", "gzip", "deflate", got the string "lzma"`,
  ],
  [
    'session',
    () => session({ secretKey: 'hunter2', sameSite: 'Lax', secure: true } as never),
    `@portcullis/session: 3 options cannot be used
  ✖ secure: is not an option
      → did you mean "httpsOnly"?
  ✖ secretKey: expected a secret of at least 32 characters, got a string of 7 characters (hidden)
      → make one with: node -p "crypto.randomBytes(32).toString('base64url')"
  ✖ sameSite: expected one of "lax", "strict", "none", got the string "Lax"
      → did you mean "lax"?`,
  ],
  [
    'session-redis',
    () => redisStore({ prefx: 'a' } as never),
    `@portcullis/session-redis: 2 options cannot be used
  ✖ prefx: is not an option
      → the options are client and prefix
  ✖ client: is required
      → pass a connected client of redis, ioredis or iovalkey (not a promise of it), or an object with eval and evalSha`,
  ],
  [
    'upgrade',
    () => upgrade({} as never, [], { lingr: 4, timeout: 'x' } as never),
    `@portcullis/upgrade: 2 options cannot be used
  ✖ lingr: is not an option
      → did you mean "linger"?
  ✖ timeout: expected a duration (seconds, or text such as '10m', '14d') from 0.001 to 2147483 seconds, got the string "x"`,
  ],
];

describe.each(cases)('wrong options of %s', (_name, make, message) => {
  const error = caught(make);

  test('come together, each with what to do', () => {
    expect(error.message).toBe(message);
  });

  test('have a code and can be read by programs', () => {
    const lines = message.split('\n').filter((line) => line.startsWith('  ✖ '));
    expect(error.code).toBe('ERR_PORTCULLIS_OPTIONS');
    expect(error.issues.map((issue) => `  ✖ ${issue.path}`)).toEqual(
      lines.map((line) => line.slice(0, line.indexOf(':'))),
    );
  });

  test('never show a secret', () => {
    const shown = [error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)].join('\n');
    expect(shown).not.toContain('hunter2');
  });
});

// A URL with a password is a common slip where an origin or a host is wanted.
test.each([
  ['cors', () => cors({ allowOrigins: ['https://me:hunter2@a.example'] })],
  ['trusted-host', () => trustedHost({ allowedHosts: ['https://me:hunter2@a.example'] })],
  ['https-redirect', () => httpsRedirect({ host: 'https://me:hunter2@a.example' })],
  ['https-redirect', () => httpsRedirect({ allowedHosts: ['https://me:hunter2@a.example'] })],
])('%s refuses a URL with a password without showing it', (_name, make) => {
  const error = caught(make);
  expect(error.code).toBe('ERR_PORTCULLIS_OPTIONS');
  const shown = [error.stack, inspect(error, { depth: 9 }), JSON.stringify(error)].join('\n');
  expect(shown).not.toContain('hunter2');
});

function caught(
  make: () => unknown,
): Error & { code: string; issues: readonly { path: string }[] } {
  try {
    make();
  } catch (error) {
    return error as ReturnType<typeof caught>;
  }
  throw new Error('nothing was refused');
}
