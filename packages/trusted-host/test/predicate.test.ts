import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll } from '@portcullis/testing';
import type { Host } from '@portcullis/core/http';
import { createPredicateCheck } from '../src/predicate.ts';
import { send, serve } from './served.ts';

afterEach(async () => {
  jest.useRealTimers();
  await closeAll();
});

const host = (hostname: string): Host => ({ hostname, port: undefined, kind: 'name' });

describe('a predicate in allowedHosts', () => {
  test.each<[string, (host: Host) => boolean | Promise<boolean>]>([
    ['at once', ({ hostname }) => hostname === 'tenant.test'],
    ['later', async ({ hostname }) => Promise.resolve(hostname === 'tenant.test')],
  ])('answers %s', async (_, predicate) => {
    const server = await serve({ allowedHosts: ['www.tenant.test', predicate] });
    for (let turn = 0; turn < 2; turn++) {
      await expect(send(server, ['Host: Tenant.test:81'])).resolves.toBe(
        '200 tenant.test from host',
      );
      await expect(send(server, ['Host: other.test'])).resolves.toBe('400 Invalid host header');
    }
  });

  test('only true allows: a truthy answer does not', async () => {
    const truthy = (() => 'yes') as unknown as () => boolean;
    const later = (() => Promise.resolve(1)) as unknown as () => boolean;
    const server = await serve({ allowedHosts: [truthy, later] });
    await expect(send(server, ['Host: a.test'])).resolves.toBe('400 Invalid host header');
  });

  test('is not asked about hosts that are listed, exempt or malformed', async () => {
    const predicate = jest.fn(() => false);
    const server = await serve({ allowedHosts: ['a.test', predicate], exempt: ['/health'] });
    await send(server, ['Host: a.test']);
    await send(server, ['Host: b..test']);
    await send(server, ['Host: b.test'], 'GET /health HTTP/1.1');
    expect(predicate).not.toHaveBeenCalled();
  });

  test('is asked about every forwarded host', async () => {
    const predicate = jest.fn(async (asked: Host) =>
      Promise.resolve(asked.hostname !== 'evil.test'),
    );
    const server = await serve({ allowedHosts: [predicate], trustProxy: 1 });
    const hosts = (list: string) => send(server, ['Host: in', `X-Forwarded-Host: ${list}`]);
    await expect(hosts('a.test, b.test')).resolves.toBe('200 b.test from x-forwarded-host');
    await expect(hosts('a.test, evil.test')).resolves.toBe('400 Invalid host header');
    await expect(hosts('evil.test, a.test')).resolves.toBe('400 Invalid host header');
  });

  test.each<[string, () => boolean | Promise<boolean>]>([
    [
      'throws',
      () => {
        throw new Error('database down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('database down'))],
  ])('that %s is 503 with the cause, and is asked again', async (_, predicate) => {
    const asked = jest.fn(predicate);
    const server = await serve({ allowedHosts: [asked] });
    for (let turn = 0; turn < 2; turn++) {
      await expect(send(server, ['Host: a.test'])).resolves.toMatch(
        /^503 A predicate of allowedHosts/,
      );
    }
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

describe('what is remembered of a predicate', () => {
  test('its true for a minute, its false not at all', () => {
    jest.useFakeTimers();
    const predicate = jest.fn(({ hostname }: Host) => hostname === 'a.test');
    const check = createPredicateCheck([predicate]);
    expect([check(host('a.test')), check(host('a.test'))]).toEqual([true, true]);
    expect(predicate).toHaveBeenCalledTimes(1);
    expect([check(host('b.test')), check(host('b.test'))]).toEqual([false, false]);
    expect(predicate).toHaveBeenCalledTimes(3);
    jest.advanceTimersByTime(60_001);
    expect(check(host('a.test'))).toBe(true);
    expect(predicate).toHaveBeenCalledTimes(4);
  });

  test('questions about one host at the same time are one question', async () => {
    const predicate = jest.fn(async () => Promise.resolve(true));
    const check = createPredicateCheck([() => false, predicate, () => true]);
    const answers = await Promise.all([check(host('a.test')), check(host('a.test'))]);
    expect(answers).toEqual([true, true]);
    expect(predicate).toHaveBeenCalledTimes(1);
    expect(check(host('a.test'))).toBe(true);
  });

  test('not more than 256 hosts', () => {
    const predicate = jest.fn(() => true);
    const check = createPredicateCheck([predicate]);
    for (let n = 0; n < 256; n++) void check(host(`t${n}.test`));
    void check(host('t0.test'));
    expect(predicate).toHaveBeenCalledTimes(256);
    void check(host('t256.test'));
    void check(host('t0.test'));
    expect(predicate).toHaveBeenCalledTimes(258);
  });

  test('a predicate that never answers is given up after ten seconds', async () => {
    jest.useFakeTimers();
    const check = createPredicateCheck([() => new Promise<boolean>(() => {})]);
    const answer = check(host('a.test'));
    const refused = expect(answer).rejects.toThrow('no answer within 10 seconds');
    await jest.advanceTimersByTimeAsync(10_000);
    await refused;
  });

  test('a later predicate decides when an earlier one says no, also later', async () => {
    const check = createPredicateCheck([async () => Promise.resolve(false), () => true]);
    await expect(check(host('a.test'))).resolves.toBe(true);
  });
});
