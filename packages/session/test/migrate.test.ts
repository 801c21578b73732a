import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { scanCookies } from '../src/cookie/scan.ts';
import { fromCookieSession, fromExpressSession, fromStarlette } from '../src/index.ts';
import type { MigrationCodec } from '../src/index.ts';

const until = '2099-01-01';

function read(codec: MigrationCodec, header: string, now = 1_700_000_100): unknown {
  return codec.read((name) => scanCookies(header, name).values, now);
}

describe('fromCookieSession', () => {
  const codec = fromCookieSession({ keys: 'key1', until });
  const value = 'session=eyJ2aWV3cyI6MX0=';
  const good = `${value}; session.sig=DJaPtrG-tmTnVr33fOWXqWGnVlw`;

  test('reads a cookie that cookie-session made', () => {
    expect(read(codec, good)).toEqual({ data: { views: 1 } });
  });

  test('finds the key in a list', () => {
    expect(read(fromCookieSession({ keys: ['key0', 'key1'], until }), good)).toBeDefined();
  });

  test.each([
    ['no signature', value],
    ['another signature', `${value}; session.sig=EJaPtrG-tmTnVr33fOWXqWGnVlw`],
    ['a short signature', `${value}; session.sig=x`],
    ['changed data', 'session=eyJ2aWV3cyI6Mn0=; session.sig=DJaPtrG-tmTnVr33fOWXqWGnVlw'],
    ['nothing', ''],
  ])('refuses %s', (_, header) => {
    expect(read(codec, header)).toBeUndefined();
  });

  test.each(['null', '[1]', '"text"', '{broken'])(
    'refuses signed %s, which is no session',
    (text) => {
      const pair = `session=${Buffer.from(text).toString('base64')}`;
      const mac = createHmac('sha1', 'key1').update(pair).digest('base64url');
      expect(read(codec, `${pair}; session.sig=${mac}`)).toBeUndefined();
    },
  );
});

describe('fromStarlette', () => {
  const codec = fromStarlette({ keys: 'example', until });
  const payload = 'eyJzb21lIjogImRhdGEifQ==';
  const good = `session=${payload}.ZVPxAA.DnuleGQm4eV-Ux8xFWlAxKw6OP8`;
  const signedAt = 1_700_000_000;

  test('reads a cookie that Starlette made', () => {
    expect(read(codec, good)).toEqual({ data: { some: 'data' } });
  });

  test.each([
    ['exactly maxAge old', signedAt + 1_209_600, true],
    ['a second older', signedAt + 1_209_601, false],
    ['from the future', signedAt - 1, false],
  ])('judges a cookie %s', (_, now, accepted) => {
    expect(read(codec, good, now) !== undefined).toBe(accepted);
  });

  test('takes another maxAge', () => {
    expect(read(fromStarlette({ keys: 'example', until, maxAge: '1m' }), good)).toBeUndefined();
  });

  test.each([
    ['another key', good.replace('OP8', 'OP9')],
    ['changed data', good.replace('eyJz', 'eyJt')],
    ['a time that is none', `session=${payload}.Z.DnuleGQm4eV-Ux8xFWlAxKw6OP8`],
    ['two parts', `session=${payload}.ZVPxAA`],
    ['nothing', ''],
  ])('refuses %s', (_, header) => {
    expect(read(codec, header)).toBeUndefined();
  });

  test.each([
    ['', 'no time'],
    ['AAAAAAAAAAAA', 'a time of nine bytes'],
  ])('refuses %j, signed, as %s', (time) => {
    const key = createHash('sha1').update('itsdangerous.Signersignerexample').digest();
    const signed = `${payload}.${time}`;
    const mac = createHmac('sha1', key).update(signed).digest('base64url');
    expect(read(codec, `session=${signed}.${mac}`)).toBeUndefined();
  });

  test('refuses signed text that is no session', () => {
    const key = createHash('sha1').update('itsdangerous.Signersignerexample').digest();
    const signed = `${Buffer.from('5').toString('base64')}.ZVPxAA`;
    const mac = createHmac('sha1', key).update(signed).digest('base64url');
    expect(read(codec, `session=${signed}.${mac}`)).toBeUndefined();
  });
});

describe('fromExpressSession', () => {
  const codec = fromExpressSession({ keys: ['another', 'keyboard cat'], until });
  const id = 'vXkBqYLzrgIzjDPJlXkLsmZfMNyYuJqC';
  const good = `connect.sid=s%3A${id}.qC8RVRRHrhqtBTJ0WZcPoNUeFL%2BBK8MZqEq%2FfTyLDAc`;

  test('reads an id that express-session signed', () => {
    expect(read(codec, good)).toEqual({ id });
  });

  test.each([
    ['an id without a signature', `connect.sid=${id}`],
    ['another signature', good.replace('qC8R', 'qC8S')],
    ['broken percent-encoding', 'connect.sid=s%3A%ZZ'],
    ['nothing', ''],
  ])('refuses %s', (_, header) => {
    expect(read(codec, header)).toBeUndefined();
  });
});

describe('the options of codecs', () => {
  test.each([
    [{ cookieName: 'a=b' }, /cookieName: expected a cookie name/],
    [{ cookieName: 'a\r\nb' }, /cookieName: expected a cookie name/],
    [{ cookieName: '' }, /cookieName: expected a cookie name/],
    [{ path: '/a; Domain=evil.example' }, /path: expected a path/],
    [{ domain: 'a.example\r\nX: y' }, /domain: expected a domain/],
  ])('refuse what cannot stand in the line that removes the old cookie: %j', (bad, wanted) => {
    expect(() => fromCookieSession({ keys: 'key1', until, ...bad })).toThrow(wanted);
  });

  test('take the names and domains of old applications', () => {
    const old = { cookieName: 'express:sess', domain: '.example.com', path: '/app' };
    expect(fromCookieSession({ keys: 'key1', until, ...old })).toMatchObject({
      cookieNames: ['express:sess', 'express:sess.sig'],
      domain: '.example.com',
    });
  });

  test('name the cookies they read', () => {
    expect(fromCookieSession({ keys: 'k', until, cookieName: 's' }).cookieNames).toEqual([
      's',
      's.sig',
    ]);
  });

  test('take a Date, and require one', () => {
    const date = new Date('2030-01-01T00:00:00Z');
    expect(fromStarlette({ keys: 'k', until: date }).until).toBe(1_893_456_000);
    for (const wrong of ['soon', [Symbol('soon')], { toString: 5 }]) {
      const migrate = () => fromStarlette({ keys: 'k', until: wrong as never });
      expect(migrate).toThrow(/until: expected a date/);
    }
  });

  test('say what is weak about a key, without the key', () => {
    const { weakness } = fromExpressSession({ keys: 'keyboard cat', until });
    expect(weakness).toMatch(/everybody knows/);
    expect(weakness).not.toMatch(/keyboard/);
    const strong = fromExpressSession({ keys: 'jG8_5kQ2mWx-81bcPzYtRfVnL0sDhEaU', until });
    expect(strong.weakness).toBeUndefined();
  });
});
