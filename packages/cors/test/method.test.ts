import { describe, expect, test } from '@jest/globals';
import { parseMethod } from '../src/method.ts';

describe('parseMethod', () => {
  test.each([
    ['GET', 'GET'],
    ['get', 'GET'],
    ['Post', 'POST'],
    ['delete', 'DELETE'],
    ['head', 'HEAD'],
    ['options', 'OPTIONS'],
    ['Put', 'PUT'],
    ['PATCH', 'PATCH'],
    ['QUERY', 'QUERY'],
    ['PROPFIND', 'PROPFIND'],
    ['getaway', 'getaway'],
  ])('reads %s as %s, as browsers do', (given, method) => {
    expect(parseMethod(given)).toBe(method);
  });

  test.each([
    ['', 'CORS_METHOD_NAME', undefined],
    ['GET ', 'CORS_METHOD_NAME', undefined],
    ['GET, POST', 'CORS_METHOD_NAME', undefined],
    ['r\u00e9sum\u00e9', 'CORS_METHOD_NAME', undefined],
    ['CONNECT', 'CORS_METHOD_FORBIDDEN', 'remove it'],
    ['trace', 'CORS_METHOD_FORBIDDEN', 'remove it'],
    ['Track', 'CORS_METHOD_FORBIDDEN', 'remove it'],
    ['patch', 'CORS_METHOD_CASE', 'write "PATCH"'],
    ['Query', 'CORS_METHOD_CASE', 'write "QUERY"'],
  ])('refuses %j with %s', (given, code, hint) => {
    expect(parseMethod(given)).toEqual({ code, hint, fault: expect.any(String) });
  });
});
