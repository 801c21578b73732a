import { describe, expect, test } from '@jest/globals';
import type { Middleware } from '@portcullis/core';
import { loadConfig } from '@portcullis/core/config';
import { cors } from '@portcullis/cors';
import { gzip } from '@portcullis/gzip';
import { httpsRedirect } from '@portcullis/https-redirect';
import { session } from '@portcullis/session';
import { trustedHost } from '@portcullis/trusted-host';

interface Described {
  readonly definition: { readonly name: string; readonly options: object };
}

const factories: readonly Described[] = [cors, trustedHost, httpsRedirect, gzip, session];

function optionNames({ definition }: Described): readonly string[] {
  const { area, fields } = definition.options as { area: string; fields: object };
  return Object.keys(fields).map(
    (name) => `${area}_${name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`,
  );
}

describe('The table of configuration keys in core', () => {
  test.each(factories.map((factory) => [factory.definition.name, factory] as const))(
    'knows every option of %s',
    async (_name, factory) => {
      const config = await loadConfig({}, { env: {} });
      const unknown = optionNames(factory).filter((name) => {
        try {
          return config.explain(name) === '';
        } catch {
          return true;
        }
      });
      expect(unknown).toEqual([]);
    },
  );
});

/** The classes of the requirements, as they stand there. */
class BaseConfig {
  SECRET_KEY = 'q3Xc0Zl7vR9tYb1Nw5Ke8Jh2Gf6Ds4Ap-_uMiOoLzTg';
  ALLOWED_HOSTS = ['example.com', '*.example.com'];
  REDIRECT_HOST = true;
  CORS_ALLOW_ORIGINS = ['https://app.example.com'];
  CORS_ALLOW_METHODS = ['*'];
  CORS_ALLOW_HEADERS = ['*'];
  CORS_ALLOW_CREDENTIALS = true;
  CORS_ALLOW_ORIGIN_REGEX: string | null = null;
  CORS_EXPOSE_HEADERS: string[] = [];
  CORS_MAX_AGE = 600;
  SESSION_COOKIE_NAME = 'session';
  SESSION_COOKIE_DOMAIN: string | null = null;
  SESSION_COOKIE_PATH = '/';
  SESSION_COOKIE_HTTPONLY = true;
  SESSION_COOKIE_SECURE = false;
  SESSION_COOKIE_SAME_SITE = 'lax';
  SESSION_COOKIE_MAX_AGE: number | null = 1_209_600;
}

class DevelopmentConfig extends BaseConfig {
  DEBUG = true;
}

describe('A configuration', () => {
  function build(config: Awaited<ReturnType<typeof loadConfig>>): readonly Middleware[] {
    return [
      trustedHost(config.trustedHost),
      httpsRedirect(config.httpsRedirect),
      cors(config.cors),
      gzip(config.gzip),
      session(config.session),
    ];
  }

  test('of the requirements makes all five', async () => {
    const config = await loadConfig(DevelopmentConfig, { env: {} });
    expect(build(config).map(({ name }) => name)).toEqual([
      'trustedHostMiddleware',
      'httpsRedirectMiddleware',
      'corsMiddleware',
      'gzipMiddleware',
      'sessionMiddleware',
    ]);
  });

  test('from the environment alone makes all five', async () => {
    const env = {
      SECRET_KEY: new BaseConfig().SECRET_KEY,
      ALLOWED_HOSTS: 'example.com;*.example.com',
      REDIRECT_HOST: 'no',
      TRUSTED_HOST_TRUST_PROXY: '1',
      TRUSTED_HOST_EXEMPT: '/healthz',
      CORS_ALLOW_ORIGINS: 'https://app.example.com,https://*.example.org',
      CORS_ALLOW_CREDENTIALS: 'true',
      CORS_ALLOW_ORIGIN_REGEX: 'https://[a-z]+\\.example\\.net',
      CORS_MAX_AGE: '10m',
      HTTPS_REDIRECT_STATUS: '308',
      HTTPS_REDIRECT_PORT: '8443',
      HTTPS_REDIRECT_HSTS: 'true',
      GZIP_MINIMUM_SIZE: '1kb',
      GZIP_COMPRESS_LEVEL: '6',
      GZIP_ENCODINGS: 'br,gzip',
      GZIP_CACHE: 'off',
      SESSION_COOKIE_NAME: 'sid',
      SESSION_COOKIE_SECURE: 'auto',
      SESSION_COOKIE_MAX_AGE: 'none',
      SESSION_ABSOLUTE_MAX_AGE: '30d',
    };
    expect(build(await loadConfig({}, { env }))).toHaveLength(5);
  });

  test.each([
    ['CORS_MAX_AGE', 'soon', () => cors],
    ['GZIP_COMPRESS_LEVEL', '99', () => gzip],
    ['HTTPS_REDIRECT_STATUS', '200', () => httpsRedirect],
  ])('names the variable of a value that a package refuses: %s=%s', async (name, text, factory) => {
    const config = await loadConfig({}, { env: { [name]: text } });
    const make = factory();
    expect(() => make(config.get(make as never))).toThrow(
      `(from the environment variable ${name})`,
    );
  });

  test('never shows the secret that session refuses', async () => {
    const config = await loadConfig({ secretKey: 'hunter2' }, { env: {} });
    expect(() => session(config.session)).toThrow(
      /got a string of 7 characters \(hidden\) \(from the configuration object\)/,
    );
    expect(() => session(config.session)).not.toThrow(/hunter2/);
  });
});
