import { describe, expect, test } from '@jest/globals';
import {
  faultOfAllowedHeader,
  faultOfExposedHeader,
  formatAllowedHeaders,
  isNeverSent,
} from '../src/header-name.ts';

describe('names that can be allowed', () => {
  test.each([
    'Authorization',
    'x-api-key',
    'Content-Type',
    'Range',
    'User-Agent',
    'Security',
    'Proxied',
  ])('%s', (name) => {
    expect(faultOfAllowedHeader(name)).toBeUndefined();
    expect(isNeverSent(name)).toBe(false);
  });

  test.each([
    'Origin',
    'accept-encoding',
    'DNT',
    'Connection',
    'Content-Length',
    'Referer',
    'TE',
    'Via',
  ])('%s, though no page sends it', (name) => {
    expect(faultOfAllowedHeader(name)).toBeUndefined();
    expect(isNeverSent(name)).toBe(true);
  });
});

describe('names that cannot be allowed', () => {
  test.each([
    ['', 'CORS_HEADER_NAME'],
    ['x foo', 'CORS_HEADER_NAME'],
    ['x-foo, x-bar', 'CORS_HEADER_NAME'],
    ['x-f\u00f6o', 'CORS_HEADER_NAME'],
    ['Cookie', 'CORS_HEADER_FORBIDDEN'],
    ['set-cookie', 'CORS_HEADER_FORBIDDEN'],
    ['Host', 'CORS_HEADER_FORBIDDEN'],
    ['Sec-Fetch-Site', 'CORS_HEADER_FORBIDDEN'],
    ['Proxy-Authorization', 'CORS_HEADER_FORBIDDEN'],
    ['Access-Control-Request-Method', 'CORS_HEADER_FORBIDDEN'],
    ['access-control-request-headers', 'CORS_HEADER_FORBIDDEN'],
    ['Access-Control-Allow-Origin', 'CORS_HEADER_RESPONSE_ONLY'],
    ['access-control-allow-headers', 'CORS_HEADER_RESPONSE_ONLY'],
    ['Access-Control-Max-Age', 'CORS_HEADER_RESPONSE_ONLY'],
  ])('%j: %s', (name, code) => {
    expect(faultOfAllowedHeader(name)?.code).toBe(code);
  });

  test('the fix for Cookie is allowCredentials', () => {
    expect(faultOfAllowedHeader('Cookie')?.hint).toContain('allowCredentials');
  });
});

describe('names that can be exposed', () => {
  test.each(['X-Total-Count', 'ETag', 'Content-Length', 'Location', '*'])('%s', (name) => {
    expect(faultOfExposedHeader(name)).toBeUndefined();
  });

  test.each([
    ['', 'CORS_HEADER_NAME'],
    ['a b', 'CORS_HEADER_NAME'],
    ['Set-Cookie', 'CORS_EXPOSE_SET_COOKIE'],
    ['set-cookie2', 'CORS_EXPOSE_SET_COOKIE'],
    ['Origin', 'CORS_EXPOSE_NEVER_READ'],
    ['Access-Control-Request-Method', 'CORS_EXPOSE_NEVER_READ'],
    ['Access-Control-Allow-Methods', 'CORS_EXPOSE_NEVER_READ'],
  ])('but not %j: %s', (name, code) => {
    expect(faultOfExposedHeader(name)?.code).toBe(code);
  });
});

describe('formatAllowedHeaders', () => {
  test('sorts, adds the safelisted names and merges spellings', () => {
    expect(formatAllowedHeaders(['X-Example', 'content-type', 'authorization', 'X-EXAMPLE'])).toBe(
      'Accept, Accept-Language, Content-Language, Content-Type, X-Example, authorization',
    );
  });
});
