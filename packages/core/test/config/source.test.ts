import { pathToFileURL } from 'node:url';
import { relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defineMiddleware, type MiddlewareFactory } from '@portcullis/core';
import { defineConfig } from '@portcullis/core/config';
import { defineOptions, o, type OptionsDefinition } from '@portcullis/core/options';
import { load, refusal, warningsOf, write } from './load.ts';

/** The classes of the requirements, line by line. */
class BaseConfig {
  DEBUG = false;
  SECRET_KEY = 'q3Xc0Zl7vR9tYb1Nw5Ke8Jh2Gf6Ds4Ap-_uMiOoLzTg';
  ALLOWED_HOSTS = ['example.com', '*.example.com'];
  REDIRECT_HOST = true;
  MIDDLEWARE: unknown[] = [];
  CORS_ALLOW_ORIGINS = ['*'];
  CORS_ALLOW_METHODS = ['*'];
  CORS_ALLOW_HEADERS = ['*'];
  CORS_ALLOW_CREDENTIALS = true;
  CORS_ALLOW_ORIGIN_REGEX: string | null = null;
  CORS_EXPOSE_HEADERS: string[] = [];
  CORS_MAX_AGE = 600;
  SESSION_COOKIE_NAME = 'session';
  SESSION_COOKIE_SECURE = false;
}

class DevelopmentConfig extends BaseConfig {
  override DEBUG = true;
  override CORS_MAX_AGE = 5;
  override MIDDLEWARE = [function audit() {}];
}

describe('A class', () => {
  test('of the requirements is read line by line, with what it inherits', async () => {
    const config = await load(DevelopmentConfig);
    expect(config.debug).toBe(true);
    expect(config.middleware.map(({ name }) => name)).toEqual(['audit']);
    expect(config.cors).toEqual({
      allowOrigins: ['*'],
      allowMethods: ['*'],
      allowHeaders: ['*'],
      allowCredentials: true,
      exposeHeaders: [],
      maxAge: 5,
    });
    expect(config.trustedHost).toEqual({
      allowedHosts: ['example.com', '*.example.com'],
      wwwRedirect: true,
    });
    expect(config.session).toMatchObject({ cookieName: 'session', httpsOnly: false });
    expect(config.explain('cors.maxAge')).toBe('cors.maxAge = 5 (from class DevelopmentConfig)');
  });

  test('may have static fields and getters; methods are not values', async () => {
    class Base {
      static CORS_MAX_AGE = 1;
      static GZIP_ETAG = 'keep';
    }
    class Mine extends Base {
      static override CORS_MAX_AGE = 2;
      get redirectHost(): boolean {
        return this.answer();
      }
      answer(): boolean {
        return false;
      }
    }
    const config = await load(Mine);
    expect([config.cors, config.gzip, config.trustedHost]).toEqual([
      { maxAge: 2 },
      { etag: 'keep' },
      { wwwRedirect: false },
    ]);
  });

  test('may be a section; one that is not used is not constructed', async () => {
    class Production {
      constructor() {
        throw new Error('no vault here');
      }
    }
    const sections = { base: BaseConfig, development: DevelopmentConfig, production: Production };
    expect((await load(sections, { environment: 'development' })).cors['maxAge']).toBe(5);
    const error = await refusal(sections);
    expect(error.message).toContain('[production]: cannot be constructed: no vault here');
    expect((error.cause as Error).message).toBe('no vault here');
  });

  test('that throws something else than an error is reported all the same', async () => {
    class Odd {
      constructor() {
        throw 'odd';
      }
    }
    expect((await refusal(Odd)).message).toContain('class Odd: cannot be constructed: odd');
  });

  test('that replaces an object of its parent is told what it drops, in debug', async () => {
    class Parent {
      debug = true;
      cors = { allowOrigins: ['https://a.example'], maxAge: 600 };
      gzip = { minimumSize: 1 };
    }
    class Child extends Parent {
      override cors = { allowOrigins: ['https://b.example'] } as Parent['cors'];
      override gzip = { minimumSize: 2 };
    }
    expect(await warningsOf(() => load(Child))).toEqual([
      'PortcullisWarning ERR_PORTCULLIS_CONFIG_DROPPED_KEYS: class Child drops cors.maxAge: a field of a class replaces the field of its parent whole; use flat names',
    ]);
    expect(await warningsOf(() => load(Parent))).toEqual([]);
    expect(await warningsOf(() => load({ debug: true }))).toEqual([]);
    class Quiet extends Child {
      override debug = false;
    }
    expect(await warningsOf(() => load(Quiet))).toEqual([]);
  });
});

describe('A module', () => {
  const file = write(
    'config.cjs',
    `exports.Development = class Development { CORS_MAX_AGE = 1 };
     exports.values = { CORS_MAX_AGE: 2 };`,
  );

  test('gives the export that is named', async () => {
    const config = await load(`${file}#Development`);
    expect(config.explain('cors.maxAge')).toBe(`cors.maxAge = 1 (from ${file}#Development)`);
    expect((await load(new URL(`${pathToFileURL(file).href}#values`))).cors).toEqual({ maxAge: 2 });
    expect((await load(`${pathToFileURL(file).href}#values`)).cors).toEqual({ maxAge: 2 });
  });

  test('gives its default export without a name', async () => {
    const own = write(
      'own.cjs',
      'module.exports = { base: {}, production: { GZIP_ETAG: "drop" } };',
    );
    const config = await load(own);
    expect(config.explain('gzip.etag')).toBe(`gzip.etag = 'drop' (from ${own} [production])`);
  });

  test('without the export lists those that it has', async () => {
    expect((await refusal(`${file}#Develpment`)).message).toBe(
      [
        'The configuration cannot be used: 1 problem',
        `  ✖ ${file}: has no export "Develpment"; it exports #Development, #values`,
        '      → did you mean "#Development"?',
      ].join('\n'),
    );
    const { message } = await refusal(`${write('empty.cjs', 'exports.__esModule = true;')}#X`);
    expect(message).toContain('has no export "X"; it exports nothing');
  });

  test('without a default export says which name to add', async () => {
    const only = write('only.cjs', 'exports.__esModule = true; exports.A = {}; exports.B = {};');
    expect((await refusal(only)).message).toContain('has no default export; it exports #A, #B');
    const none = write('none.cjs', 'exports.__esModule = true;');
    expect((await refusal(none)).message).toMatch(/has no default export; it exports nothing$/);
  });

  test('that a compiler wrote gives its default export', async () => {
    const compiled = write(
      'compiled.cjs',
      'exports.__esModule = true; exports.default = { __esModule: true, default: { GZIP_ETAG: "drop" } };',
    );
    expect((await load(compiled)).gzip).toEqual({ etag: 'drop' });
    for (const value of ['null', '{ __esModule: true }', '5']) {
      const odd = write('odd.cjs', `exports.__esModule = true; exports.default = ${value};`);
      expect((await refusal(odd)).message).toContain('odd.cjs');
    }
  });

  test('that fails keeps the cause and names the path', async () => {
    const broken = write('broken.cjs', 'throw new RangeError("no such vault");');
    const error = await refusal(broken);
    expect(error.message).toContain(`✖ ${broken}: cannot be loaded: no such vault`);
    expect((error.cause as Error).name).toBe('RangeError');
    expect((await refusal(write('odd.cjs', 'throw "odd";'))).message).toContain(
      'cannot be loaded: odd',
    );
    const needy = write('needy.cjs', 'require("./nowhere.cjs");');
    expect((await refusal(needy)).message).toContain('cannot be loaded: Cannot find module');
    expect((await refusal('./nowhere.cjs')).message).toContain(
      '✖ ./nowhere.cjs: cannot be read (ENOENT)',
    );
  });

  test.each(['5', 'null', '[]', '() => ({})', '"text"'])(
    'that exports %s is refused',
    async (text) => {
      const { message } = await refusal(
        write('odd.cjs', `module.exports = { value: ${text} };`) + '#value',
      );
      expect(message).toMatch(/#value: (?:expected an object or a class, got|has no export)/);
    },
  );

  test('is shown by its path from here', async () => {
    const path = './packages/core/test/config/nothing.json';
    expect((await refusal(path)).message).toContain(`✖ ${path}: cannot be read (ENOENT)`);
    expect(relative(process.cwd(), path)).toBe('packages/core/test/config/nothing.json');
  });
});

describe('A JSON file', () => {
  test('holds values or sections', async () => {
    const file = write(
      'app.json',
      '\uFEFF{"base":{"cors":{"maxAge":1}},"production":{"CORS_MAX_AGE":2}}',
    );
    expect((await load(file)).cors).toEqual({ maxAge: 2 });
  });

  test('that is none is an error with file and line, and without its content', async () => {
    const error = await refusal(write('app.json', '{\n  "cors": {\n    "maxAge": 1,\n  }\n}'));
    expect(error.message).toMatch(/app\.json: is not valid JSON( \(line 4\))?$/);
    expect(error.cause).toBeUndefined();
    expect((await refusal(write('app.json', ''))).message).toMatch(/app\.json: is not valid JSON$/);
    expect((await refusal(write('app.json', '5'))).message).toContain(
      'expected an object or a class, got the number 5',
    );
  });

  test('cannot reach a prototype', async () => {
    const file = write(
      'app.json',
      '{"__proto__":{"debug":true},"cors":{"__proto__":{"maxAge":1}}}',
    );
    expect((await refusal(file)).message).toContain('__proto__ is not a key');
    const nested = await load(
      write(
        'app.json',
        '{"cors":{"__proto__":{"maxAge":1}},"gzip":{"cache":{"__proto__":{"x":1}}}}',
      ),
    );
    expect(Object.keys(nested.cors)).toEqual(['__proto__']);
    expect(nested.cors['maxAge']).toBeUndefined();
  });
});

describe('Keys', () => {
  test('that are none are errors with a suggestion, all at once', async () => {
    const { message } = await refusal({
      CORS_ALOW_ORIGINS: [],
      Cors: {},
      allowedHost: [],
      nonsense: 1,
      DEBUG: 'yes',
      MIDDLEWARE: [5],
      gzip: 'on' as unknown as object,
    });
    expect(message).toBe(
      [
        'The configuration cannot be used: 7 problems',
        '  ✖ the configuration object: CORS_ALOW_ORIGINS is not a key',
        '      → did you mean "CORS_ALLOW_ORIGINS"?',
        '  ✖ the configuration object: Cors is not a key',
        '      → did you mean "cors"?',
        '  ✖ the configuration object: allowedHost is not a key',
        '      → did you mean "allowedHosts"?',
        '  ✖ the configuration object: nonsense is not a key',
        '  ✖ the configuration object: DEBUG expected true or false, got the string "yes"',
        '  ✖ the configuration object: MIDDLEWARE expected a list of middleware functions, got a list of 1 item',
        '  ✖ the configuration object: gzip expected an object of options, got the string "on"',
      ].join('\n'),
    );
  });

  test('of core itself are checked here', async () => {
    const middleware = 5 as unknown as [];
    expect((await refusal({ middleware })).message).toContain(
      'middleware expected a list of middleware functions, got the number 5',
    );
    expect((await load({ DEBUG: null, MIDDLEWARE: null })).middleware).toEqual([]);
  });

  test('for one option in two spellings are an error', async () => {
    const { issues } = await refusal({
      cors: { maxAge: 1 },
      CORS_MAX_AGE: 2,
      allowedHosts: [],
      ALLOWED_HOSTS: [],
    });
    expect(issues.map(({ key, reason }) => `${key} ${reason}`)).toEqual([
      'ALLOWED_HOSTS means the same as allowedHosts, which is given too',
      'CORS_MAX_AGE means the same as cors.maxAge, which is given too',
    ]);
  });

  test('for several sections give way to a section of its own', async () => {
    const config = await load({
      httpsRedirect: { allowedHosts: ['b.example'] },
      allowedHosts: ['a.example'],
    });
    expect(config.httpsRedirect).toEqual({ allowedHosts: ['b.example'] });
    expect(config.trustedHost).toEqual({ allowedHosts: ['a.example'] });
  });

  test('of a section are left to its package, with their source', async () => {
    const definition = defineOptions<{ maxAge?: number }, { readonly maxAge: number }>({
      package: '@portcullis/cors',
      area: 'CORS',
      fields: { maxAge: o.withDefault(o.integer(), 600) },
    });
    const config = await load({ cors: { maxage: 5 } }, { env: { CORS_MAX_AGE: 'soon' } });
    expect(() => definition.resolve(config.cors)).toThrow(
      [
        '@portcullis/cors: 2 options cannot be used',
        '  ✖ maxage: is not an option (from the configuration object)',
        '      → did you mean "maxAge"?',
        '  ✖ maxAge: expected an integer, got the string "soon" (from the environment variable CORS_MAX_AGE)',
      ].join('\n'),
    );
    // A copy with other values is no longer what the configuration said.
    expect(() => definition.resolve({ ...config.cors, maxage: undefined, maxAge: 'x' })).toThrow(
      /"x"$/,
    );
  });

  test('explain themselves', async () => {
    const config = await load(
      { cors: { maxAge: 1 }, allowedHosts: ['a.example'] },
      { env: { GZIP_ETAG: 'drop' } },
    );
    expect(config.explain()).toBe(
      [
        "trustedHost.allowedHosts = [ 'a.example' ] (from the configuration object)",
        "httpsRedirect.allowedHosts = [ 'a.example' ] (from the configuration object)",
        'cors.maxAge = 1 (from the configuration object)',
        "gzip.etag = 'drop' (from the environment variable GZIP_ETAG)",
      ].join('\n'),
    );
    expect(config.explain('ALLOWED_HOSTS').split('\n')).toHaveLength(2);
    expect(config.explain('cors')).toBe('cors.maxAge = 1 (from the configuration object)');
    expect(config.explain('cors.strict')).toBe('cors.strict is not set: the default applies');
    expect(config.explain('debug')).toBe('debug is not set: the default applies');
    expect(() => config.explain('cors.maxage')).toThrow(
      'has no key "cors.maxage"; did you mean "cors.maxAge"?',
    );
    expect(() => config.explain('nonsense')).toThrow(/has no key "nonsense"$/);
  });
});

describe('config.get', () => {
  interface AuditOptions {
    level?: number | undefined;
    tokens?: readonly string[] | undefined;
  }
  const options: OptionsDefinition<
    AuditOptions,
    { readonly level: number; readonly tokens: readonly unknown[] }
  > = defineOptions({
    package: 'audit-trail',
    area: 'AUDIT_TRAIL',
    fields: {
      level: o.withDefault(o.integer({ min: 1 }), 1),
      tokens: o.withDefault(o.list(o.secret({ minLength: 1 })), []),
    },
  });
  const audit: MiddlewareFactory<AuditOptions> = defineMiddleware({
    name: 'audit-trail',
    options,
    setup: () =>
      function auditMiddleware(_req, _res, next) {
        next();
      },
  });

  test('gives the options of a middleware of your own, from objects and the environment', async () => {
    const env = { AUDIT_TRAIL_LEVEL: '3', AUDIT_TRAIL_TOKENS: 'tok-84-en' };
    const config = await load({ auditTrail: { level: 2 } }, { env, definitions: [audit] });
    expect(config.get(audit)).toEqual({ level: 3, tokens: expect.anything() });
    expect(String(config.get(options).tokens)).toBe('[secret]');
    expect(config.explain('AUDIT_TRAIL_LEVEL')).toContain('auditTrail.level = 3');
    expect(audit(config.get(audit)).name).toBe('auditMiddleware');
  });

  test('takes options without a factory too', async () => {
    const config = await load({}, { env: { AUDIT_TRAIL_LEVEL: '3' }, definitions: [options] });
    expect(config.get(options)).toEqual({ level: 3 });
  });

  test('gives the options of ours', async () => {
    const cors = defineMiddleware<{ maxAge?: number }, { readonly maxAge: number }>({
      name: 'cors',
      options: defineOptions({
        package: 'x',
        area: 'OTHER',
        fields: { maxAge: o.withDefault(o.integer(), 1) },
      }),
      setup: () => (_req, _res, next) => next(),
    });
    const config = await load({}, { env: { CORS_MAX_AGE: '5' }, definitions: [cors] });
    expect(config.get(cors)).toEqual({ maxAge: 5 });
  });

  test('works with a schema of another library, which has no names in the environment', async () => {
    const foreign = defineMiddleware<{ level: number }, { level: number }>({
      name: 'foreign',
      options: {
        '~standard': {
          version: 1,
          vendor: 'x',
          validate: (value) => ({ value: value as { level: number } }),
        },
      },
      setup: () => (_req, _res, next) => next(),
    });
    const config = await load(
      { foreign: { level: 1 } },
      { env: { FOREIGN_LEVEL: '2' }, definitions: [foreign] },
    );
    expect(config.get(foreign)).toEqual({ level: 1 });
  });

  test('of a middleware that the configuration was not told of throws', async () => {
    const config = await load({});
    expect(() => config.get(audit)).toThrow('loaded without "auditTrail": pass it in definitions');
    expect((await refusal({ auditTrail: {} })).message).toContain('auditTrail is not a key');
  });
});

describe('defineConfig', () => {
  test('returns its argument', () => {
    const config = { base: { cors: { maxAge: 1 } } };
    expect(defineConfig(config)).toBe(config);
  });
});
