import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { Secret } from '@portcullis/core';
import { load, refusal, warningsOf, write } from './load.ts';

const key = 'q3Xc0Zl7vR9tYb1Nw5Ke8Jh2Gf6Ds4Ap-_uMiOoLzTg';

describe('A variable', () => {
  test.each<[string, string, string, unknown]>([
    ['CORS_ALLOW_CREDENTIALS', 'false', 'cors.allowCredentials', false],
    ['CORS_ALLOW_CREDENTIALS', 'FALSE', 'cors.allowCredentials', false],
    ['CORS_ALLOW_CREDENTIALS', '0', 'cors.allowCredentials', false],
    ['CORS_ALLOW_CREDENTIALS', 'no', 'cors.allowCredentials', false],
    ['CORS_ALLOW_CREDENTIALS', 'off', 'cors.allowCredentials', false],
    ['CORS_ALLOW_CREDENTIALS', 'True', 'cors.allowCredentials', true],
    ['CORS_ALLOW_CREDENTIALS', '1', 'cors.allowCredentials', true],
    ['CORS_ALLOW_CREDENTIALS', 'yes', 'cors.allowCredentials', true],
    ['CORS_ALLOW_CREDENTIALS', 'on', 'cors.allowCredentials', true],
    ['CORS_MAX_AGE', '30', 'cors.maxAge', 30],
    ['CORS_MAX_AGE', '10m', 'cors.maxAge', '10m'],
    ['CORS_MAX_AGE', '0x10', 'cors.maxAge', '0x10'],
    [
      'CORS_ALLOW_ORIGINS',
      'https://a.example, https://b.example,',
      'cors.allowOrigins',
      ['https://a.example', 'https://b.example'],
    ],
    ['CORS_ALLOW_ORIGINS', '["https://a.example"]', 'cors.allowOrigins', ['https://a.example']],
    ['CORS_ALLOW_ORIGINS', ' , ', 'cors.allowOrigins', []],
    ['CORS_ALLOW_HEADERS', '"a,b",c', 'cors.allowHeaders', ['a,b', 'c']],
    ['CORS_ALLOW_HEADERS', '[broken', 'cors.allowHeaders', ['[broken']],
    [
      'CORS_ALLOW_ORIGIN_REGEX',
      'https://.*\\.example',
      'cors.allowOriginRegex',
      'https://.*\\.example',
    ],
    ['CORS_TRUST_PROXY', '1', 'cors.trustProxy', 1],
    ['CORS_TRUST_PROXY', 'true', 'cors.trustProxy', true],
    ['CORS_TRUST_PROXY', 'loopback, 10.0.0.0/8', 'cors.trustProxy', 'loopback, 10.0.0.0/8'],
    ['TRUSTED_HOST_STATUS', '421', 'trustedHost.status', 421],
    ['REDIRECT_HOST', 'false', 'trustedHost.wwwRedirect', false],
    ['HTTPS_REDIRECT_PORT', 'auto', 'httpsRedirect.port', 'auto'],
    ['HTTPS_REDIRECT_ENABLED', 'no', 'httpsRedirect.enabled', false],
    ['GZIP_MINIMUM_SIZE', '1kb', 'gzip.minimumSize', '1kb'],
    ['GZIP_ENCODINGS', 'br,gzip', 'gzip.encodings', ['br', 'gzip']],
    ['SESSION_COOKIE_NAME', 'sid', 'session.cookieName', 'sid'],
    ['SESSION_COOKIE_DOMAIN', 'a.example', 'session.domain', 'a.example'],
    ['SESSION_COOKIE_PATH', '/app', 'session.path', '/app'],
    ['SESSION_COOKIE_SECURE', '1', 'session.httpsOnly', true],
    ['SESSION_COOKIE_SECURE', 'auto', 'session.httpsOnly', 'auto'],
    ['SESSION_COOKIE_SAME_SITE', 'strict', 'session.sameSite', 'strict'],
    ['SESSION_COOKIE_MAX_AGE', '14d', 'session.maxAge', '14d'],
    ['SESSION_COOKIE_MAX_AGE', 'none', 'session.maxAge', null],
    ['SESSION_ABSOLUTE_MAX_AGE', '60', 'session.absoluteMaxAge', 60],
    ['SESSION_ENCRYPT', 'off', 'session.encrypt', false],
  ])('%s=%s sets %s', async (name, text, path, value) => {
    const config = await load({}, { env: { [name]: text } });
    const [section = '', option = ''] = path.split('.');
    const options = new Map<string, unknown>(Object.entries(config)).get(section);
    expect(options).toEqual({ [option]: value });
  });

  test.each([
    'a.example;b.example',
    'a.example b.example',
    'a.example, b.example;',
    '["a.example","b.example"]',
  ])('ALLOWED_HOSTS=%s sets both host packages', async (text) => {
    const config = await load({}, { env: { ALLOWED_HOSTS: text } });
    expect(config.trustedHost).toEqual({ allowedHosts: ['a.example', 'b.example'] });
    expect(config.httpsRedirect).toEqual({ allowedHosts: ['a.example', 'b.example'] });
  });

  test('ALLOWED_HOSTS may hold an IPv6 address in brackets', async () => {
    const { trustedHost } = await load({}, { env: { ALLOWED_HOSTS: '[::1],localhost' } });
    expect(trustedHost).toEqual({ allowedHosts: ['[::1]', 'localhost'] });
  });

  test('for one section is stronger than the one for several', async () => {
    const env = { ALLOWED_HOSTS: 'a.example', HTTPS_REDIRECT_ALLOWED_HOSTS: 'b.example' };
    const config = await load({}, { env });
    expect(config.trustedHost).toEqual({ allowedHosts: ['a.example'] });
    expect(config.httpsRedirect).toEqual({ allowedHosts: ['b.example'] });
  });

  test('that is no boolean is an error with its name', async () => {
    const env = { CORS_ALLOW_CREDENTIALS: 'maybe' };
    expect((await refusal({}, { env })).issues).toEqual([
      {
        code: 'CONFIG_WRONG_TYPE',
        source: 'the environment variable CORS_ALLOW_CREDENTIALS',
        key: 'CORS_ALLOW_CREDENTIALS',
        reason: 'expected true or false, got the string "maybe"',
      },
    ]);
  });

  test('in two spellings is an error', async () => {
    const env = { SESSION_COOKIE_MAX_AGE: '1', SESSION_MAX_AGE: '2' };
    expect((await refusal({}, { env })).message).toContain(
      'SESSION_COOKIE_MAX_AGE: means the same as SESSION_MAX_AGE, which is given too',
    );
  });

  test('SESSION_COOKIE_HTTPONLY may say what is so anyway, and nothing else', async () => {
    expect((await load({}, { env: { SESSION_COOKIE_HTTPONLY: 'true' } })).session).toEqual({});
    expect(
      (await refusal({}, { env: { SESSION_COOKIE_HTTPONLY: 'false' } })).issues[0]?.reason,
    ).toBe('cannot be false: the session cookie is always HttpOnly');
    expect((await load({ SESSION_COOKIE_HTTPONLY: true })).session).toEqual({});
    expect((await refusal({ SESSION_COOKIE_HTTPONLY: false })).message).toContain(
      'always HttpOnly',
    );
  });

  test('that is undefined is not set', async () => {
    expect((await load({}, { env: { CORS_MAX_AGE: undefined } })).cors).toEqual({});
  });

  test('MIDDLEWARE is not read from text', async () => {
    expect((await load({}, { env: { MIDDLEWARE: 'x', CORS_DEBUG: 'true' } })).middleware).toEqual(
      [],
    );
  });
});

describe('A secret', () => {
  const reveal = (value: unknown): unknown => (value as Secret).reveal();

  test('comes from SECRET_KEY and is hidden from there on', async () => {
    const config = await load({}, { env: { SECRET_KEY: key } });
    expect(reveal(config.session['secretKey'])).toBe(key);
    expect(
      `${inspect(config, { depth: 9, showHidden: true })}${JSON.stringify(config)}${config.explain()}`,
    ).not.toContain(key);
    expect(config.explain('secretKey')).toBe(
      'session.secretKey = [secret] (from the environment variable SECRET_KEY)',
    );
  });

  test('may be a JSON list, newest first; a comma divides nothing', async () => {
    const both = await load({}, { env: { SECRET_KEY: JSON.stringify([key, 'older,key']) } });
    expect((both.session['secretKey'] as readonly unknown[]).map(reveal)).toEqual([
      key,
      'older,key',
    ]);
    const one = await load({}, { env: { SECRET_KEY: 'with,comma' } });
    expect(reveal(one.session['secretKey'])).toBe('with,comma');
  });

  test('of an object, a section or a class is hidden too', async () => {
    expect((await load({ secretKey: 5 as unknown as string })).session).toEqual({ secretKey: 5 });
    const sources = [{ secretKey: key }, { SECRET_KEY: [key] }, { session: { secretKey: key } }];
    for (const source of sources) {
      const config = await load(source);
      expect(inspect(config, { depth: 9 })).not.toContain(key);
      expect([config.session['secretKey']].flat().map(reveal)).toEqual([key]);
    }
  });

  test('is hidden also where it is no secret that a session could use', async () => {
    const misplaced = { current: key, older: [{ key }] };
    for (const source of [
      { secretKey: misplaced as never },
      { session: { secretKey: misplaced } },
    ]) {
      const config = await load(source);
      const said = inspect(config, { depth: 9 }) + JSON.stringify(config) + config.explain();
      expect(said).not.toContain(key);
      expect(said).toContain('current: [secret]');
    }
  });

  test('comes from the file that SECRET_KEY_FILE names, without the newline at its end', async () => {
    const path = write('key', `${key}\r\n`);
    const config = await load({}, { env: { SECRET_KEY_FILE: path } });
    expect(reveal(config.session['secretKey'])).toBe(key);
    expect(config.explain('session.secretKey')).toBe(
      `session.secretKey = [secret] (from the file ${path})`,
    );
  });

  test('cannot come from both at once', async () => {
    const env = { SECRET_KEY: key, SECRET_KEY_FILE: '/run/secrets/key' };
    const error = await refusal({}, { env });
    expect(error.issues).toEqual([
      {
        code: 'CONFIG_CONFLICT',
        source: 'the environment variable SECRET_KEY_FILE',
        key: 'SECRET_KEY_FILE',
        reason: 'is given beside SECRET_KEY',
        hint: 'keep one of the two',
      },
    ]);
    expect(inspect(error)).not.toContain(key);
  });

  test('of a weaker source gives way to a file', async () => {
    const env = { SECRET_KEY_FILE: write('key', key) };
    const config = await load({}, { env, envFile: write('.env', 'SECRET_KEY=weaker') });
    expect(reveal(config.session['secretKey'])).toBe(key);
  });

  test('that cannot be read, or is empty, is an error with the name of the file', async () => {
    expect((await refusal({}, { env: { SECRET_KEY_FILE: '/nowhere/key' } })).message).toContain(
      'the environment variable SECRET_KEY_FILE: names "/nowhere/key", which cannot be read',
    );
    const empty = write('key', '\n');
    expect((await refusal({}, { env: { SECRET_KEY_FILE: empty } })).message).toContain(
      'which is empty',
    );
  });

  test('under a wrong name is in no part of the error', async () => {
    const errors = [
      await refusal({ secretkey: key, session: key as unknown as object }),
      await refusal({}, { envFile: write('.env', `SECRET_KEY=${key}#more`) }),
      await refusal(write('app.json', `{"SECRET_KEY": "${key}" oops}`)),
      await refusal(write('app.json', `{"SECRET_KEY": "${key}"`)),
      await refusal(write('app.json', key)),
    ];
    for (const error of errors) {
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key.slice(0, 8));
    }
  });
});

describe('A .env file', () => {
  const text = [
    '# comment',
    'CORS_MAX_AGE=1',
    'export GZIP_MINIMUM_SIZE = 5 # bytes',
    'OTHER="line one',
    'CORS_MAX_AGE=not this one',
    '"',
    "SESSION_COOKIE_NAME='a#b'",
    'CORS_MAX_AGE=2',
    'SESSION_COOKIE_PATH=`/x#y`',
    'SESSION_COOKIE_DOMAIN="unfinished',
  ];

  test.each([
    ['LF', text.join('\n')],
    ['CRLF', text.join('\r\n')],
    ['a byte order mark', `\uFEFF${text.slice(1).join('\n')}`],
  ])('is read with %s', async (_name, content) => {
    const envFile = write('.env', content);
    const config = await load({}, { envFile });
    expect(config.cors).toEqual({ maxAge: 2 });
    expect(config.gzip).toEqual({ minimumSize: 5 });
    expect(config.session).toMatchObject({ cookieName: 'a#b', path: '/x#y' });
    expect(config.explain('gzip.minimumSize')).toContain(
      `(from ${envFile}:${content === text.join('\n') || content.includes('\r') ? 3 : 2})`,
    );
    expect(config.explain('CORS_MAX_AGE')).toContain(':');
  });

  test('names the line of a value', async () => {
    const envFile = write('.env', text.join('\n'));
    const config = await load({}, { envFile });
    expect(config.explain('cors.maxAge')).toBe(`cors.maxAge = 2 (from ${envFile}:8)`);
  });

  test('that cuts a value at "#" is an error with the line', async () => {
    const envFile = write(
      '.env',
      'A=1\nSECRET_KEY=abc#def\nSESSION_COOKIE_PATH=#x\nCORS_MAX_AGE=5 #c\nGZIP_ETAG= #c\nOTHER=a#b',
    );
    const { issues } = await refusal({}, { envFile });
    expect(issues.map(({ source, key: name, reason }) => [source, name, reason])).toEqual([
      [`${envFile}:2`, 'SECRET_KEY', 'is cut at "#"'],
      [`${envFile}:3`, 'SESSION_COOKIE_PATH', 'is cut at "#"'],
    ]);
    expect(issues[0]?.hint).toBe('put the value in quotes, or a space before the "#" of a comment');
  });

  test('that is missing is an error, unless it is optional', async () => {
    expect((await refusal({}, { envFile: './no.env' })).message).toContain(
      '✖ ./no.env: cannot be read',
    );
    expect((await load({}, { envFile: [{ path: './no.env', optional: true }] })).cors).toEqual({});
  });

  test('is one of several, the first being the strongest', async () => {
    const envFile = [
      write('.env.local', 'CORS_MAX_AGE=1'),
      { path: write('.env', 'CORS_MAX_AGE=2\nGZIP_ETAG=drop') },
    ];
    const config = await load({}, { envFile });
    expect([config.cors, config.gzip]).toEqual([{ maxAge: 1 }, { etag: 'drop' }]);
  });
});

describe('A variable with a wrong letter', () => {
  test('is warned of when it is near a known one', async () => {
    const env = { SESSION_COKIE_NAME: 'x', SECRET_KEY_FLIE: 'y', PORTCULIS_ENV: 'z' };
    expect(await warningsOf(() => load({}, { env }))).toEqual([
      'PortcullisWarning ERR_PORTCULLIS_CONFIG_UNKNOWN_VARIABLE: the environment variable SESSION_COKIE_NAME is not read; did you mean SESSION_COOKIE_NAME?; the environment variable SECRET_KEY_FLIE is not read; did you mean SECRET_KEY_FILE?; the environment variable PORTCULIS_ENV is not read; did you mean PORTCULLIS_ENV?',
    ]);
  });

  test('is warned of with the line of its file, or the file when it stands on no proper line', async () => {
    const envFile = write('.env', 'CORS_MAXAGE=1\nCORS MAX_AGE=2');
    const [warning] = await warningsOf(() => load({}, { envFile }));
    expect(warning).toContain(`CORS_MAXAGE (${envFile}:1) is not read; did you mean CORS_MAX_AGE?`);
    expect(warning).toContain(`CORS MAX_AGE (${envFile}) is not read; did you mean CORS_MAX_AGE?`);
  });

  test('is left alone when it is another word', async () => {
    const env = {
      SESSION_MANAGER: 'local/x',
      PATH: '/bin',
      GZIP: '-9',
      DEBUG: '*',
      COLUMNS: '80',
      CORS: '1',
    };
    expect(await warningsOf(() => load({}, { env }))).toEqual([]);
  });
});
