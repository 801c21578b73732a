import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { memoryStore } from '../../src/store/memory.ts';
import type { StoredSession } from '../../src/store/store.ts';
import { warningsOf } from '../warnings.ts';
import { describeSessionStore } from './contract.ts';

describeSessionStore('memoryStore()', async () => ({
  store: memoryStore({ singleProcess: true }),
}));

const session = (lifetime: number, userId?: string): StoredSession => ({
  fields: { a: '1' },
  expires: Date.now() + lifetime,
  userId,
});

describe('memoryStore({ maxSessions })', () => {
  test('pushes out the session that was written longest ago, and says so once', async () => {
    const store = memoryStore({ maxSessions: 2, singleProcess: true });
    const warnings = await warningsOf(() => {
      store.create('a', session(60_000, 'ann'));
      store.create('b', session(60_000));
      store.update('a', { set: { x: '1' }, deleted: [] });
      store.create('c', session(60_000));
      store.create('d', session(60_000));
    });
    expect(store.get('b')).toBeUndefined();
    expect(store.get('a')).toBeUndefined();
    expect(store.listByUser('ann')).toEqual([]);
    expect([...store.list()].map(({ id }) => id)).toEqual(['c', 'd']);
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_MEMORY_FULL']);
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses %p', (maxSessions) => {
    expect(() => memoryStore({ maxSessions })).toThrow(TypeError);
  });
});

describe('memoryStore({ singleProcess })', () => {
  test('says once that other processes do not see the sessions', async () => {
    const warnings = await warningsOf(() => {
      const store = memoryStore();
      store.create('a', session(60_000));
      store.create('b', session(60_000));
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_MEMORY_STORE']);
  });
});

describe('the sweep', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('removes expired sessions that nobody asks for, and stops when none are left', () => {
    const store = memoryStore({ singleProcess: true, maxSessions: 1_000_000 });
    for (let index = 0; index < 30_000; index += 1) store.create(`s${index}`, session(500, 'ann'));
    store.create('kept', session(5_000));
    expect(store.size).toBe(30_001);
    jest.advanceTimersByTime(2_000);
    expect(store.size).toBe(1);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(10_000);
    expect(store.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('forgets everything on clear()', () => {
    const store = memoryStore({ singleProcess: true });
    store.create('a', session(5_000, 'ann'));
    store.clear();
    expect(store.get('a')).toBeUndefined();
    expect(store.listByUser('ann')).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
    expect(store.create('a', session(5_000))).toBe('ok');
  });
});

test('holds a bounded amount of memory over 10^6 sessions', () => {
  const store = memoryStore({ singleProcess: true, maxSessions: 1_000 });
  for (let index = 0; index < 1_000_000; index += 1) {
    store.create(`s${index}`, { fields: {}, expires: Number.MAX_SAFE_INTEGER });
    if (index % 2 === 0) store.destroy(`s${index}`);
  }
  expect(store.size).toBe(1_000);
  store.clear();
});
