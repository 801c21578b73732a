import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  clearCookies,
  cookieLimit,
  joinChunks,
  mostChunks,
  roomInCookies,
  splitCookie,
} from '../src/cookie/chunks.ts';
import { noCookies, scanCookies } from '../src/cookie/scan.ts';
import { cookieFormat, replaceCookies } from '../src/cookie/set-cookie.ts';

const plain = cookieFormat({ name: 'session', path: '/', sameSite: 'lax' });
const moment = { secure: false, maxAge: 60 };

describe('cookieFormat', () => {
  test('writes the attributes in one order', () => {
    const format = cookieFormat({
      name: 'sid',
      path: '/app',
      domain: 'example.com',
      sameSite: 'none',
      partitioned: true,
      priority: 'high',
    });
    expect(format.set('v', { secure: true, maxAge: 60 })).toBe(
      'sid=v; Path=/app; Domain=example.com; HttpOnly; SameSite=None; Partitioned; Priority=High; Secure; Max-Age=60',
    );
  });

  test('leaves Max-Age out of a cookie that ends with the browser', () => {
    expect(plain.set('v', { secure: false })).toBe('session=v; Path=/; HttpOnly; SameSite=Lax');
  });

  test('removes a cookie with the attributes it was set with', () => {
    expect(plain.clear(true, '.1')).toBe(
      'session.1=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    );
  });

  test('knows how long a line is without its value', () => {
    const line = plain.set('value', moment, '.0');
    expect(plain.overhead(moment, '.0')).toBe(line.length - 'value'.length);
  });
});

describe('splitCookie', () => {
  const room = roomInCookies(plain, moment, 1);
  const cookie = { format: plain, moment, most: mostChunks };

  test('keeps a value that just fits in one cookie of 4096 octets, attributes counted', () => {
    const [line, ...others] = splitCookie('x'.repeat(room), cookie, noCookies) ?? [];
    expect(line).toHaveLength(cookieLimit);
    expect(others).toEqual([]);
  });

  test('splits a value that is one octet longer', () => {
    const lines = splitCookie('x'.repeat(room + 1), cookie, noCookies) ?? [];
    expect(lines.map((line) => line.split('=')[0])).toEqual(['session.0', 'session.1']);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(cookieLimit);
  });

  test('gives up when four cookies do not hold it', () => {
    const most = roomInCookies(plain, moment, mostChunks);
    expect(splitCookie('x'.repeat(most), cookie, noCookies)).toHaveLength(4);
    expect(splitCookie('x'.repeat(most + 1), cookie, noCookies)).toBeUndefined();
  });

  test('gives up at the second cookie when only one is allowed', () => {
    expect(splitCookie('x'.repeat(room + 1), { ...cookie, most: 1 }, noCookies)).toBeUndefined();
  });

  test('removes chunks that a shorter value leaves behind', () => {
    const came = scanCookies('session.0=a; session.1=b; session.2=c', 'session');
    const one = splitCookie('v', cookie, came) ?? [];
    expect(one.map((line) => line.slice(0, 11))).toEqual([
      'session.0=;',
      'session.1=;',
      'session.2=;',
      'session=v; ',
    ]);
    const two = splitCookie('x'.repeat(room + 1), cookie, came) ?? [];
    expect(two.map((line) => line.slice(0, 11))).toEqual([
      'session.0=x',
      'session.1=x',
      'session.2=;',
    ]);
  });

  test('removes the undivided cookie when a value is split', () => {
    const lines = splitCookie('x'.repeat(room + 1), cookie, scanCookies('session=a', 'session'));
    expect(lines?.[0]).toBe(plain.clear(false));
  });

  test('gives back every value after a round trip', () => {
    const longest = roomInCookies(plain, moment, mostChunks);
    fc.assert(
      fc.property(fc.integer({ min: room + 1, max: longest }), (length) => {
        const value = 'abcdefghijk'.repeat(Math.ceil(length / 11)).slice(0, length);
        const lines = splitCookie(value, cookie, noCookies) ?? [];
        const header = lines.map((line) => line.slice(0, line.indexOf(';'))).join('; ');
        expect(joinChunks(scanCookies(header, 'session').chunks)[0]).toBe(value);
      }),
    );
  });
});

describe('joinChunks', () => {
  test.each([
    ['nothing', [], []],
    ['a gap at the start', [[], ['b']], []],
    ['a gap further on', [['a'], [], ['c']], ['a']],
    ['a chunk that came twice', [['a', 'A'], ['b']], ['ab', 'Ab', 'a', 'A']],
    ['a chunk too many, or not', [['a'], ['b'], ['c']], ['abc', 'ab', 'a']],
    ['more than four', [['a'], ['b'], ['c'], ['d'], ['e']], ['abcd', 'abc', 'ab', 'a']],
  ])('handles %s', (_, chunks, joined) => {
    expect(joinChunks(chunks)).toEqual(joined);
  });

  test('tries at most 16 combinations', () => {
    const eight = 'abcdefgh'.split('');
    expect(joinChunks([eight, eight, eight, eight])).toHaveLength(16);
  });
});

describe('clearCookies', () => {
  test('removes the cookie and the chunks that came', () => {
    const lines = clearCookies(plain, false, scanCookies('session=a; session.1=b', 'session'));
    expect(lines).toEqual([plain.clear(false), plain.clear(false, '.1')]);
  });
});

describe('replaceCookies', () => {
  test.each([
    ['no header', undefined, 'session=new'],
    ['another cookie', 'a=1; Path=/', ['a=1; Path=/', 'session=new']],
    ['an earlier one of ours', 'session=old; Path=/', 'session=new'],
    ['a list', ['a=1', 'session=old', 'b=2'], ['a=1', 'b=2', 'session=new']],
    ['a cookie without a value', ['flag'], ['flag', 'session=new']],
    ['a number', 5, ['5', 'session=new']],
  ])('replaces in %s', (_, present, wanted) => {
    expect(replaceCookies(present, ['session=new'])).toEqual(wanted);
  });
});
