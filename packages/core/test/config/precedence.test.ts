import { describe, expect, test } from '@jest/globals';
import { load, refusal, write } from './load.ts';

describe('Precedence', () => {
  const base = { CORS_MAX_AGE: 1 };
  const local = write('.env.local', 'CORS_MAX_AGE=3\n');
  const shared = write('.env', 'CORS_MAX_AGE=4\n');
  const env = { CORS_MAX_AGE: '5' };

  test('the process is stronger than the files, these than the section, this than base', async () => {
    const sections = { base, production: { cors: { maxAge: 2 } } };
    const maxAge = async (options: object): Promise<unknown> =>
      (await load(sections, options)).cors['maxAge'];
    expect(await maxAge({ env, envFile: [local, shared] })).toBe(5);
    expect(await maxAge({ envFile: [local, shared] })).toBe(3);
    expect(await maxAge({ envFile: shared })).toBe(4);
    expect(await maxAge({})).toBe(2);
    expect((await load({ base })).cors).toEqual({ maxAge: 1 });
    expect((await load({ base: {} })).cors).toEqual({});
  });

  test('config.with() is the strongest and leaves the original alone', async () => {
    const config = await load({ base }, { env });
    const other = config.with({ CORS_MAX_AGE: 9, gzip: { minimumSize: 1 } });
    expect([config.cors, config.gzip]).toEqual([{ maxAge: 5 }, {}]);
    expect([other.cors, other.gzip]).toEqual([{ maxAge: 9 }, { minimumSize: 1 }]);
    expect(other.explain('cors.maxAge')).toBe('cors.maxAge = 9 (from config.with())');
    expect(() => config.with({ CORS_MAXAGE: 9 })).toThrow('did you mean "CORS_MAX_AGE"?');
  });

  test('objects merge, lists and instances replace', async () => {
    const store = { get: () => 1 };
    const config = await load({
      base: {
        gzip: { compressLevel: { gzip: 6, br: 4 }, encodings: ['br', 'gzip'] },
        session: { store: { get: () => 0 } },
      },
      production: {
        gzip: { compressLevel: { br: 5, zstd: undefined }, encodings: ['gzip'] },
        session: { store },
      },
    });
    expect(config.gzip).toEqual({ compressLevel: { gzip: 6, br: 5 }, encodings: ['gzip'] });
    expect(config.session['store']).toBe(store);
    expect(Object.isFrozen(store)).toBe(false);
  });

  test('an empty variable is not set, and null takes a value back', async () => {
    expect((await load({ base }, { env: { CORS_MAX_AGE: '' } })).cors).toEqual({ maxAge: 1 });
    const config = await load({ base, production: { CORS_MAX_AGE: null } });
    expect(config.cors).toEqual({});
    expect(config.explain('CORS_MAX_AGE')).toBe('cors.maxAge is not set: the default applies');
  });

  test('null is a value where the option knows it', async () => {
    const config = await load({ SESSION_COOKIE_MAX_AGE: null, session: { absoluteMaxAge: null } });
    expect(config.session).toEqual({ maxAge: null, absoluteMaxAge: null });
  });

  test('undefined is not given', async () => {
    const config = await load({
      base: { cors: { maxAge: 1 }, CORS_ALLOW_METHODS: undefined },
      production: { cors: { maxAge: undefined } },
    });
    expect(config.cors).toEqual({ maxAge: 1 });
  });
});

describe('The environment', () => {
  const sections = {
    base: { gzip: { minimumSize: 1 } },
    development: { gzip: { minimumSize: 2 }, debug: true },
    production: { gzip: { minimumSize: 3 } },
  };

  test('is production unless it is named', async () => {
    const config = await load(sections);
    expect([config.environment, config.gzip['minimumSize'], config.debug]).toEqual([
      'production',
      3,
      false,
    ]);
  });

  test('is named by the call, by PORTCULLIS_ENV, or in a .env file', async () => {
    const env = { PORTCULLIS_ENV: 'development' };
    expect((await load(sections, { environment: 'development' })).gzip['minimumSize']).toBe(2);
    expect((await load(sections, { env })).debug).toBe(true);
    expect((await load(sections, { env, environment: 'production' })).debug).toBe(false);
    const envFile = write('.env', 'PORTCULLIS_ENV=development');
    expect((await load(sections, { envFile, env: { PORTCULLIS_ENV: '' } })).debug).toBe(true);
  });

  test('is not taken from NODE_ENV', async () => {
    expect((await load(sections, { env: { NODE_ENV: 'development' } })).environment).toBe(
      'production',
    );
  });

  test('that has no section is an error that lists the sections', async () => {
    expect((await refusal(sections, { environment: 'developement' })).message).toBe(
      [
        'The configuration cannot be used: 1 problem',
        '  ✖ the configuration object: has no section "developement"; it has development, production',
        '      → did you mean "development"?',
      ].join('\n'),
    );
    expect((await refusal(sections, { environment: 'x' })).issues[0]?.hint).toBeUndefined();
    expect((await refusal({ test: {} }, { environment: 'production' })).message).toContain(
      'it has test',
    );
  });

  test('production without a section of its own is what base says', async () => {
    const config = await load({ base: sections.base }, { environment: 'production' });
    expect(config.gzip).toEqual({ minimumSize: 1 });
    expect((await load({ development: {} })).gzip).toEqual({});
  });

  test('is only a name for a flat object', async () => {
    expect((await load({ debug: true }, { environment: 'staging' })).environment).toBe('staging');
  });

  test('of another section is checked too, so that mistakes show early', async () => {
    const { message } = await refusal({ ...sections, test: { gzipp: {} } });
    expect(message).toContain('✖ the configuration object [test]: gzipp is not a key');
    expect((await refusal({ base: {}, test: 5 })).message).toContain(
      'the configuration object [test]: expected an object or a class, got the number 5',
    );
  });

  test('production refuses debug, wherever it comes from', async () => {
    const hint =
      'name another environment: PORTCULLIS_ENV=development, or loadConfig(…, { environment })';
    const { issues } = await refusal({ base: { DEBUG: true } });
    expect(issues).toEqual([
      {
        code: 'CONFIG_DEBUG',
        source: 'the configuration object [base]',
        key: 'debug',
        reason: 'cannot be true in production: it shows visitors what they must not see',
        hint,
      },
    ]);
    const env = { PORTCULLIS_DEBUG: '1' };
    expect((await refusal(sections, { env })).message).toContain(
      'the environment variable PORTCULLIS_DEBUG',
    );
    expect((await refusal({ debug: true }, { environment: 'production' })).issues).toHaveLength(1);
    const config = await load(sections);
    expect(() => config.with({ debug: true })).toThrow('cannot be true in production');
  });

  test('does not read the DEBUG of other packages', async () => {
    expect((await load(sections, { env: { DEBUG: 'express:*' } })).debug).toBe(false);
  });
});

describe('The result', () => {
  test('is frozen, and does not follow later changes of what was given', async () => {
    const given = { cors: { allowOrigins: ['https://a.example'] }, middleware: [() => undefined] };
    const config = await load(given);
    given.cors.allowOrigins.push('https://evil.example');
    given.middleware.pop();
    expect(config.cors['allowOrigins']).toEqual(['https://a.example']);
    expect(config.middleware).toHaveLength(1);
    const parts = [config, config.cors, config.cors['allowOrigins'], config.middleware];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });

  test('leaves process.env as it is', async () => {
    const before = { ...process.env };
    const envFile = write('.env', 'CORS_MAX_AGE=5\nPORTCULLIS_TEST_ONLY=1');
    await load({}, { envFile, env: process.env });
    expect({ ...process.env }).toEqual(before);
  });

  test('is made of process.env when nothing else is given', async () => {
    const { loadConfig } = await import('@portcullis/core/config');
    process.env['GZIP_MINIMUM_SIZE'] = '77';
    try {
      expect((await loadConfig({})).gzip).toEqual({ minimumSize: 77 });
    } finally {
      delete process.env['GZIP_MINIMUM_SIZE'];
    }
  });
});
