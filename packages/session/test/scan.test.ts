import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { noCookies, scanCookies } from '../src/cookie/scan.ts';

describe('scanCookies', () => {
  test.each([
    ['no header', undefined, []],
    ['an empty header', '', []],
    ['other cookies only', 'a=1; b=2', []],
    ['one cookie', 'session=abc', ['abc']],
    ['an empty value', 'session=', ['']],
    ['a cookie between others', 'a=1; session=abc; b=2', ['abc']],
    ['two of one name, in order', 'session=evil; x=y; session=good', ['evil', 'good']],
    ['no space after the semicolon', 'a=1;session=abc', ['abc']],
    ['white space around a value', 'session= abc ;a=1', ['abc']],
    ['an equals sign in a value', 'session=a=b', ['a=b']],
    ['quotes, which stay', 'session="abc"', ['"abc"']],
    ['the name at the end of another name', 'mysession=1', []],
    ['the name at the start of another name', 'sessions=1', []],
    ['the name inside a value', 'a=session=1; b=x session=2', []],
    ['the name alone', 'session', []],
    ['the signature cookie of cookie-session', 'session.sig=abc', []],
  ])('finds the values in %s', (_, header, values) => {
    expect(scanCookies(header, 'session').values).toEqual(values);
  });

  test('finds chunks by their index, and every value of each', () => {
    const found = scanCookies('session.2=c; session.0=a; session.0=A; session.1=b', 'session');
    expect(found).toEqual({ values: [], chunks: [['a', 'A'], ['b'], ['c']] });
  });

  test('leaves out chunk numbers of two digits', () => {
    expect(scanCookies('session.99=x; session.x=y; session.=z', 'session')).toBe(noCookies);
  });

  test('stops after 32 values, because each may cost a decryption', () => {
    const header = Array.from({ length: 500 }, (_, index) => `session=${String(index)}`).join('; ');
    expect(scanCookies(header, 'session').values).toHaveLength(32);
  });

  test('finds what a full parse finds', () => {
    const name = fc.constantFrom('session', 'sess', 'a', 'xsession', 'session.0', 'session.sig');
    const value = fc.stringMatching(/^[a-z0-9=.]{0,12}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (pairs) => {
        const header = pairs.map(([key, text]) => `${key}=${text}`).join('; ');
        const wanted = pairs.filter(([key]) => key === 'session').map(([, text]) => text);
        expect(scanCookies(header, 'session').values).toEqual(wanted);
      }),
    );
  });
});
