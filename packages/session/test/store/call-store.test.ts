import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, test } from '@jest/globals';
import { callStore } from '../../src/store/call-store.ts';
import type { ExpressStore } from '../../src/store/express-store.ts';

type Get = (id: string, callback: (error?: unknown, record?: unknown) => void) => unknown;

const storeWith = (get: Get): ExpressStore => ({ get, set: () => {}, destroy: () => {} });
const found = { cookie: {} };

// A rejection that nobody handles fails the test during which it happens.
afterEach(() => turn());

/** One row per convention met in stores of npm. */
const answers: readonly [string, Get][] = [
  ['calls back at once', (_id, callback) => callback(null, found)],
  ['calls back later', (_id, callback) => setTimeout(callback, 5, null, found)],
  ['calls back twice', (_id, callback) => (callback(null, found), callback(null, undefined))],
  [
    'calls back and then throws',
    (_id, callback) => {
      callback(null, found);
      throw new Error('after the answer');
    },
  ],
  ['answers with a promise alone', async (_id) => found],
  [
    'answers with a thenable of its own',
    () => ({ then: (resolve: (value: unknown) => void) => resolve(found) }),
  ],
  [
    'calls back and rejects',
    async (_id, callback) => {
      callback(null, found);
      throw new Error('as well');
    },
  ],
  [
    'calls back, then is fulfilled with something else',
    async (_id, callback) => {
      callback(null, found);
      return null;
    },
  ],
  [
    'is an async function that hands the callback on',
    async (_id, callback) => {
      setTimeout(callback, 5, null, found);
    },
  ],
  ['reports success as false', (_id, callback) => callback(false, found)],
];

describe('a store that', () => {
  test.each(answers)('%s gets its answer through', async (_name, get) => {
    await expect(callStore(storeWith(get), 'get', ['id'])).resolves.toBe(found);
  });

  test.each<[string, Get]>([
    ['calls back with an error', (_id, callback) => callback(new Error('down'))],
    ['throws', () => { throw new Error('down'); }], // prettier-ignore
    ['rejects and never calls back', () => Promise.reject(new Error('down'))],
    ['calls back with an error and rejects', (_id, callback) => {
      callback(new Error('down'));
      return Promise.reject(new Error('again'));
    }], // prettier-ignore
    ['calls back with an error, then without', (_id, callback) => {
      callback(new Error('down'));
      callback(null, found);
    }], // prettier-ignore
  ])('%s fails', async (_name, get) => {
    await expect(callStore(storeWith(get), 'get', ['id'])).rejects.toThrow('down');
  });

  test('rejects with nothing fails with something', async () => {
    const store = storeWith(() => Promise.reject(undefined));
    await expect(callStore(store, 'get', ['id'])).rejects.toThrow('without a reason');
  });

  test('reports a missing file has no such session', async () => {
    const store = storeWith((_id, callback) =>
      callback(Object.assign(new Error(), { code: 'ENOENT' })),
    );
    await expect(callStore(store, 'get', ['id'])).resolves.toBeUndefined();
  });

  test('never answers is waited for, because only the guard knows how long', async () => {
    const settled = await Promise.race([
      callStore(
        storeWith(() => undefined),
        'get',
        ['id'],
      ).then(() => 'settled'),
      sleep(20, 'waiting'),
    ]);
    expect(settled).toBe('waiting');
  });

  test('answers from a connection of another request leaves ours in its own context', async () => {
    const context = new AsyncLocalStorage<string>();
    let release: () => void = () => {};
    const pooled = context.run(
      'the pool',
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    const store = storeWith((_id, callback) => {
      const answer = (): void => callback(null, found);
      void context.run('another request', () => pooled.then(answer));
    });
    const seen = context.run('this request', async () => {
      await callStore(store, 'get', ['id']);
      return context.getStore();
    });
    release();
    await expect(seen).resolves.toBe('this request');
  });

  test('is called with its own `this` and a callback behind the arguments', async () => {
    const calls: unknown[][] = [];
    const store = {
      get: () => {},
      destroy: () => {},
      set(this: unknown, ...given: unknown[]) {
        calls.push([this, ...given.slice(0, 2)]);
        (given[2] as () => void)();
      },
    };
    await callStore(store, 'set', ['id', found]);
    expect(calls).toEqual([[store, 'id', found]]);
  });
});
