import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createMoves } from '../../src/store/moves.ts';
import { createMutex } from '../../src/store/mutex.ts';
import { createSingleFlight } from '../../src/store/single-flight.ts';
import { createTombstones } from '../../src/store/tombstones.ts';

afterEach(() => {
  jest.useRealTimers();
});

describe('the mutex', () => {
  test('runs tasks of one key in turn, of different keys side by side, and survives a failure', async () => {
    const mutex = createMutex();
    const log: string[] = [];
    const task = (name: string) => async (): Promise<string> => {
      log.push(`${name} begins`);
      await sleep(5);
      log.push(`${name} ends`);
      if (name === 'a1') throw new Error('a1 failed');
      return name;
    };
    const results = await Promise.allSettled([
      mutex.run('a', task('a1')),
      mutex.run('b', task('b')),
      mutex.run('a', task('a2')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(log.indexOf('a2 begins')).toBeGreaterThan(log.indexOf('a1 ends'));
    expect(log.indexOf('b begins')).toBeLessThan(log.indexOf('a1 ends'));
  });
});

describe('single flight', () => {
  test('asks once for those who come together, and again for those who come later', async () => {
    const flights = createSingleFlight<number>();
    let asked = 0;
    const load = async (): Promise<number> => {
      asked += 1;
      await sleep(10);
      return asked;
    };
    expect(
      await Promise.all([flights.run('a', load), flights.run('a', load), flights.run('b', load)]),
    ).toEqual([2, 2, 2]);
    const first = flights.run('a', load);
    await sleep(2);
    const second = flights.run('a', load);
    await Promise.all([first, second]);
    expect(asked).toBe(4);
  });

  test('does not hand out an answer again once it is there, even in the same turn', async () => {
    const flights = createSingleFlight<number>();
    let asked = 0;
    const load = async (): Promise<number> => (asked += 1);
    const answers = [await flights.run('a', load), await flights.run('a', load)];
    await expect(flights.run('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect([...answers, await flights.run('a', load)]).toEqual([1, 2, 3]);
  });

  test('forgets those who come together when their turn is over, answered or not', async () => {
    const flights = createSingleFlight<number>();
    const slow = flights.run('a', () => sleep(30, 1));
    await sleep(5);
    const again = flights.run('a', () => sleep(60, 2));
    expect(await slow).toBe(1);
    expect(await again).toBe(2);
  });

  test('does not keep an answer that is there at once', () => {
    const flights = createSingleFlight<number>();
    let asked = 0;
    const load = (): number => (asked += 1);
    expect([flights.run('a', load), flights.run('a', load)]).toEqual([1, 2]);
  });
});

describe('tombstones', () => {
  test('stand for a minute and cost nothing afterwards', () => {
    jest.useFakeTimers();
    const tombstones = createTombstones();
    tombstones.add('a');
    jest.advanceTimersByTime(30_000);
    tombstones.add('b');
    expect([tombstones.has('a'), tombstones.has('b'), tombstones.has('c')]).toEqual([
      true,
      true,
      false,
    ]);
    jest.advanceTimersByTime(30_000);
    tombstones.add('c');
    expect([tombstones.has('a'), tombstones.has('b'), tombstones.has('c')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('moves', () => {
  test('lead on for their grace, over several renames', () => {
    jest.useFakeTimers();
    const moves = createMoves();
    moves.add('a', 'b', 100);
    moves.add('b', 'c', 100);
    moves.add('x', 'y', 0);
    expect([moves.follow('a'), moves.follow('b'), moves.follow('x')]).toEqual(['c', 'c', 'x']);
    jest.advanceTimersByTime(100);
    expect(moves.follow('a')).toBe('a');
    moves.add('k', 'l', 100);
    expect(moves.follow('k')).toBe('l');
  });
});
