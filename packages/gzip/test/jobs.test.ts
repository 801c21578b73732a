import { describe, expect, test } from '@jest/globals';
import { createJobs } from '../src/jobs.ts';

interface Recorded {
  readonly jobs: ReturnType<typeof createJobs>;
  readonly started: string[];
  readonly finish: Map<string, () => void>;
  readonly cancelled: Set<string>;
  add(name: string, bytes?: number): boolean;
}

function record(limits: { running: number; waiting: number; waitingBytes: number }): Recorded {
  const jobs = createJobs(limits);
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const cancelled = new Set<string>();
  return {
    jobs,
    started,
    finish,
    cancelled,
    add: (name, bytes = 1) =>
      jobs.add({
        bytes,
        isCancelled: () => cancelled.has(name),
        start(done) {
          started.push(name);
          finish.set(name, done);
        },
      }),
  };
}

describe('createJobs', () => {
  test('runs as many at once as it may, the others in order', () => {
    const { add, started, finish, jobs } = record({ running: 2, waiting: 9, waitingBytes: 99 });
    for (const name of ['a', 'b', 'c', 'd']) expect(add(name)).toBe(true);
    expect(started).toEqual(['a', 'b']);
    expect(jobs.size).toBe(4);
    finish.get('b')?.();
    expect(started).toEqual(['a', 'b', 'c']);
    finish.get('a')?.();
    finish.get('c')?.();
    finish.get('d')?.();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    expect(jobs.size).toBe(0);
  });

  test('turns work away when too many wait', () => {
    const { add } = record({ running: 1, waiting: 2, waitingBytes: 99 });
    expect([add('a'), add('b'), add('c'), add('d')]).toEqual([true, true, true, false]);
  });

  test('turns work away when too many bytes wait', () => {
    const { add, finish } = record({ running: 1, waiting: 9, waitingBytes: 10 });
    expect([add('a', 1000), add('b', 6), add('c', 6), add('d', 4)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    finish.get('a')?.();
    expect(add('e', 6)).toBe(true);
  });

  test('skips what nobody waits for any more', () => {
    const { add, started, finish, cancelled } = record({
      running: 1,
      waiting: 9,
      waitingBytes: 99,
    });
    for (const name of ['a', 'b', 'c']) add(name);
    cancelled.add('b');
    finish.get('a')?.();
    expect(started).toEqual(['a', 'c']);
  });
});
