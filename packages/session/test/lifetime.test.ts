import { describe, expect, test } from '@jest/globals';
import { cookieMaxAge, expiry } from '../src/lifetime.ts';
import type { SessionLifetimes } from '../src/strategy.ts';

const lifetimes: SessionLifetimes = {
  idle: 100,
  absolute: 1000,
  renewAfter: undefined,
  reissueAfter: 10,
};
const now = 1_000_000;

describe('expiry', () => {
  test.each([
    ['issued now', 0, 0, undefined],
    ['exactly maxAge old', 100, 100, undefined],
    ['one second older than maxAge', 101, 101, 'expired-idle'],
    ['exactly absoluteMaxAge old', 1000, 5, undefined],
    ['one second older than absoluteMaxAge', 1001, 5, 'expired-absolute'],
    ['issued 60 seconds ahead, by a server whose clock is fast', 0, -60, undefined],
    ['issued 61 seconds ahead', 0, -61, 'future'],
    ['begun 61 seconds ahead', -61, 0, 'future'],
  ])('judges a session %s', (_, age, idle, reason) => {
    expect(expiry({ createdAt: now - age, issuedAt: now - idle }, lifetimes, now)).toBe(reason);
  });

  test('ends a session without maxAge after 400 days, the longest a cookie lives', () => {
    const forever = { ...lifetimes, idle: undefined, absolute: undefined };
    const at = (days: number): string | undefined =>
      expiry({ createdAt: now, issuedAt: now }, forever, now + days * 86_400);
    expect([at(400), at(401)]).toEqual([undefined, 'expired-idle']);
  });
});

describe('cookieMaxAge', () => {
  test.each([
    ['the idle lifetime', { idle: 100, absolute: undefined }, 100],
    ['what is left of the absolute one', { idle: 100, absolute: 150 }, 50],
    ['never less than a second', { idle: 100, absolute: 100 }, 1],
    ['400 days at most', { idle: 500 * 86_400, absolute: undefined }, 400 * 86_400],
    [
      'nothing for a cookie that ends with the browser',
      { idle: undefined, absolute: 5 },
      undefined,
    ],
  ])('is %s', (_, some, wanted) => {
    expect(cookieMaxAge({ createdAt: now - 100 }, { ...lifetimes, ...some }, now)).toBe(wanted);
  });
});
