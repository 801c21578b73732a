import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { adaptStore } from '../../src/store/adapt-store.ts';
import type { ExpressStore } from '../../src/store/express-store.ts';
import { foreignStore } from '../../src/store/foreign-store.ts';
import { createGuard } from '../../src/store/guard.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { createMoves } from '../../src/store/moves.ts';
import type { SessionStore } from '../../src/store/store.ts';
import { plainStore } from './express-stores.ts';

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const adapt = (store: ExpressStore, deadline = 5_000): SessionStore =>
  adaptStore(foreignStore(store, createGuard({ deadline, failures: 50, pause: 10 })));

const later = Date.now() + 3_600_000;
const created = { fields: { '~c': '1', '~i': '1', a: '1' }, expires: later };
const set = (key: string) => ({ set: { [key]: '1' }, deleted: [] });
/** The answer, or the code of the error. */
const outcome = async (answer: unknown): Promise<unknown> => {
  try {
    return await answer;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('ids that were renamed', () => {
  test('cost little when 10^5 come at once, and are forgotten after their grace', () => {
    jest.useFakeTimers();
    const moves = createMoves();
    for (let index = 0; index < 100_000; index += 1) moves.add(`a${index}`, `b${index}`, 30_000);
    expect([moves.follow('a0'), moves.follow('a99999'), moves.size]).toEqual([
      'b0',
      'b99999',
      100_000,
    ]);
    jest.advanceTimersByTime(30_000);
    expect(moves.follow('a0')).toBe('a0');
    for (let index = 0; index < 100_000; index += 1) moves.add(`c${index}`, `d${index}`, 10);
    jest.advanceTimersByTime(10);
    for (let index = 0; index < 100_000; index += 1) moves.add(`e${index}`, `f${index}`, 10);
    expect(moves.size).toBeLessThanOrEqual(200_000);
  });

  test('lead through a chain of 20 000 in memory', () => {
    const store = memoryStore({ singleProcess: true });
    store.create('0', created);
    const grace = { ...set('b'), grace: 3_600_000 };
    for (let index = 0; index < 20_000; index += 1) {
      expect(store.rename(String(index), String(index + 1), grace)).toBe('ok');
    }
    expect(store.get('0')?.id).toBe('20000');
    store.destroy('0');
    expect(store.get('20000')).toBeUndefined();
    expect(store.get('10000')).toBeUndefined();
  });
});

describe('a store written for express-session, while a session gets a new id there', () => {
  /** Renames a session and does something with the old id as soon as the store writes, and as soon as it removes. */
  async function during(
    step: 'set' | 'destroy',
    grace: number,
    act: (store: SessionStore) => unknown,
  ) {
    const plain = plainStore();
    const adapted = adapt(plain);
    await adapted.create('old', created);
    let acted: Promise<unknown> = Promise.resolve('never');
    const original = plain[step].bind(plain) as (...all: unknown[]) => unknown;
    let once = false;
    plain[step] = (...given: unknown[]): unknown => {
      if (!once) {
        once = true;
        acted = Promise.resolve(act(adapted));
      }
      return original(...given);
    };
    const renamed = await adapted.rename('old', 'new', { ...set('renamed'), grace });
    return { renamed, answer: await acted, plain, adapted };
  }

  test.each(['set', 'destroy'] as const)('finds it under the old id (at %s)', async (step) => {
    const { answer, renamed } = await during(step, 30_000, (store) => store.get('old'));
    expect(renamed).toBe('ok');
    expect(answer).toMatchObject({ fields: { a: '1' } });
  });

  test.each(['set', 'destroy'] as const)('keeps what is written to it (at %s)', async (step) => {
    const { answer, adapted } = await during(step, 30_000, (store) =>
      store.update('old', set('late')),
    );
    expect(answer).toBe('ok');
    expect((await adapted.get('new'))?.fields).toMatchObject({ late: '1', renamed: '1' });
  });

  test.each(['set', 'destroy'] as const)('prolongs it (at %s)', async (step) => {
    const { answer, adapted } = await during(step, 30_000, (store) =>
      store.touch('old', later + 5_000, {}),
    );
    expect(answer).toBe('ok');
    expect((await adapted.get('new'))?.expires).toBeGreaterThan(later + 3_000);
  });

  test.each([
    ['set', 0],
    ['set', 30_000],
    ['destroy', 30_000],
  ] as const)('ends it for good (at %s, grace %i)', async (step, grace) => {
    const { plain, adapted } = await during(step, grace, (store) => store.destroy('old'));
    expect([...plain.records.keys()]).toEqual([]);
    expect(await adapted.get('new')).toBeUndefined();
  });

  test('finds it for a request that was asking before', async () => {
    const plain = plainStore();
    const adapted = adapt(plain);
    await adapted.create('old', created);
    const read = plain.get.bind(plain);
    let letGo = (): void => undefined;
    plain.get = (id, callback) => void (letGo = () => void read(id, callback));
    const asked = adapted.get('old');
    plain.get = read;
    await adapted.rename('old', 'new', { ...set('renamed'), grace: 30_000 });
    letGo();
    expect(await asked).toMatchObject({ id: 'new', fields: { a: '1', renamed: '1' } });
  });

  test('without grace tells those who come with the old id that it is gone', async () => {
    const { answer } = await during('destroy', 0, (store) => store.update('old', set('late')));
    expect(answer).toBe('gone');
  });
});

describe('a store whose writes hang', () => {
  test('keeps nobody waiting for one deadline after the other', async () => {
    const plain = plainStore(0);
    const adapted = adapt(plain, 150);
    await adapted.create('a', created);
    plain.calls.length = 0;
    plain.set = () => void plain.calls.push('set');
    const writes = Array.from({ length: 50 }, () => outcome(adapted.update('a', set('b'))));
    expect(new Set(await Promise.all(writes))).toEqual(
      new Set(['ERR_PORTCULLIS_SESSION_STORE_TIMEOUT']),
    );
    expect(plain.calls.filter((name) => name === 'set')).toEqual(['set']);
  });

  test('lets the next one try, and those behind a mere failure', async () => {
    const plain = plainStore(0);
    const adapted = adapt(plain);
    await adapted.create('a', created);
    const write = plain.set.bind(plain);
    let fail = true;
    plain.set = (id, record, callback) => {
      if (!fail) return write(id, record, callback);
      fail = false;
      throw new Error('hiccup');
    };
    const [first, second] = await Promise.all([
      outcome(adapted.update('a', set('b'))),
      adapted.update('a', set('c')),
    ]);
    expect([first, second]).toEqual(['ERR_PORTCULLIS_SESSION_STORE', 'ok']);
  });
});

describe('the deadline', () => {
  test('is not held against a store whose answer lies there since the process was busy', async () => {
    const guard = createGuard({ deadline: 20, failures: 1, pause: 60_000 });
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<string>((resolve) => port2.once('message', resolve));
    const call = guard.call('get', () => answer);
    port1.postMessage('in time');
    const end = performance.now() + 60;
    while (performance.now() < end);
    expect(await call).toBe('in time');
    expect(guard.state).toBe('closed');
    port1.close();
  });

  test('counts once, whatever comes after it', async () => {
    const guard = createGuard({ deadline: 10, failures: 3, pause: 60_000 });
    const slow = async (end: 'resolve' | 'reject'): Promise<void> => {
      let settle = (): void => undefined;
      const answer = new Promise<void>((resolve, reject) => {
        settle = end === 'resolve' ? resolve : () => reject(new Error('late'));
      });
      await outcome(guard.call('get', () => answer));
      settle();
      await new Promise((resolve) => setImmediate(resolve));
    };
    await slow('reject');
    await slow('reject');
    expect(guard.state).toBe('closed');
    await slow('resolve');
    expect(guard.state).toBe('open');
  });
});

describe('a clock that is put back by an hour', () => {
  beforeEach(() => {
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() - shift);
    shift = 0;
  });
  let shift = 0;

  test('does not keep the store closed off', async () => {
    const guard = createGuard({ deadline: 500, failures: 1, pause: 20 });
    await outcome(guard.call('get', () => Promise.reject(new Error('down'))));
    shift = 3_600_000;
    await sleep(40);
    expect(await guard.call('get', () => Promise.resolve('here'))).toBe('here');
  });
});
