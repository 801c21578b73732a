import { channel } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { adaptStore } from '../../src/store/adapt-store.ts';
import type { ExpressRecord, ExpressStore } from '../../src/store/express-store.ts';
import { foreignStore } from '../../src/store/foreign-store.ts';
import { createGuard } from '../../src/store/guard.ts';
import type { SessionStore } from '../../src/store/store.ts';
import { describeSessionStore } from './contract.ts';
import { plainStore } from './express-stores.ts';

const guard = () => createGuard({ deadline: 200, failures: 50, pause: 10 });
const adapt = (store: ExpressStore): SessionStore => adaptStore(foreignStore(store, guard()));

describeSessionStore(
  'a store written for express-session',
  async () => ({ store: adapt(plainStore()) }),
  { users: false },
);

const created = { fields: { '~c': '1', '~i': '1', a: '1' }, expires: Date.now() + 60_000 };

describe('what a store of npm sees', () => {
  test('is a record as express-session writes it, with our notes in one place', async () => {
    const store = plainStore();
    const adapted = adapt(store);
    await adapted.create('id', { ...created, userId: 'ann' });
    const record = JSON.parse(String(store.records.get('id'))) as ExpressRecord;
    expect(record).toMatchObject({
      a: 1,
      cookie: { originalMaxAge: expect.any(Number), httpOnly: true, path: '/' },
      __portcullis: { user: 'ann', '~c': 1, '~i': 1 },
    });
    expect(Object.keys(record)).toHaveLength(3);
    expect((await adapted.get('id'))?.userId).toBe('ann');
  });

  test('has a Date, a number and toJSON to read the lifetime from', async () => {
    let cookie: Record<string, unknown> = {};
    const store: ExpressStore = {
      ...plainStore(),
      set(_id, record, callback) {
        ({ cookie } = record as { cookie: typeof cookie });
        callback?.();
      },
    };
    await adapt(store).create('id', created);
    expect(Object.prototype.toString.call(cookie['expires'])).toBe('[object Date]');
    expect(cookie['maxAge']).toBeGreaterThan(50_000);
    expect(typeof cookie['toJSON']).toBe('function');
  });

  test('may be a record of somebody else, without a cookie, with values JSON does not know', async () => {
    const store = plainStore();
    store.records.set('foreign', '{"a":1,"__portcullis":{"~i":1,"odd":1}}');
    expect(await adapt(store).get('foreign')).toMatchObject({
      fields: { a: '1', '~i': '1' },
      expires: Infinity,
      userId: undefined,
    });
    const live: ExpressStore = {
      ...plainStore(),
      get: (_id, callback) =>
        callback(null, { a: 1, f: () => 1, cookie: { expires: new Date(5e12) } }),
    };
    const loaded = await adapt(live).get('id');
    expect({ ...loaded?.fields }).toEqual({ a: '1' });
    expect(loaded?.expires).toBe(5e12);
  });

  test('keeps living when it never had an end', async () => {
    const store = plainStore();
    store.records.set('endless', '{"a":1}');
    await adapt(store).update('endless', { set: { b: '2' }, deleted: [] });
    expect(JSON.parse(String(store.records.get('endless')))).toMatchObject({
      a: 1,
      b: 2,
      cookie: { expires: null },
    });
  });

  test('counts as missing when it cannot be parsed, and is reported', async () => {
    let reports = 0;
    const count = (): void => {
      reports += 1;
    };
    const store: ExpressStore = { ...plainStore(), get: () => JSON.parse('{') as unknown };
    expect(await adapt(store).get('id')).toBeUndefined();
    channel('portcullis:session:corrupt').subscribe(count);
    expect(await adapt(store).get('id')).toBeUndefined();
    channel('portcullis:session:corrupt').unsubscribe(count);
    expect(reports).toBe(1);
  });
});

describe('two requests that write the same key', () => {
  test('leave the later value, and are reported', async () => {
    const conflicts: unknown[] = [];
    const record = (message: unknown): void => {
      conflicts.push(message);
    };
    const adapted = adapt(plainStore());
    await adapted.create('id', created);
    const base = await adapted.get('id');
    await adapted.update('id', { set: { a: '2', b: '1' }, deleted: [], base });
    await adapted.update('id', { set: { '~i': '5' }, deleted: [], base });
    channel('portcullis:session:conflict').subscribe(record);
    await adapted.update('id', { set: { a: '3' }, deleted: ['b'], base });
    channel('portcullis:session:conflict').unsubscribe(record);
    await adapted.update('id', { set: { a: '4' }, deleted: [], base });
    expect(conflicts).toEqual([{ key: 'a' }]);
    expect((await adapted.get('id'))?.fields).toMatchObject({ a: '4', '~i': '5' });
  });
});

describe('a logout', () => {
  test('wins over a write that was given up at the deadline and arrives afterwards', async () => {
    const store = plainStore();
    let release: () => void = () => {};
    const { set } = store;
    const slow: ExpressStore = {
      ...store,
      set(id, record, callback) {
        release = () => set(id, record, callback);
      },
    };
    await adapt(store).create('id', created);
    const adapted = adapt(slow);
    await expect(adapted.update('id', { set: { late: '1' }, deleted: [] })).rejects.toMatchObject({
      code: 'ERR_PORTCULLIS_SESSION_STORE_TIMEOUT',
    });
    await adapted.destroy('id');
    release();
    await sleep(20);
    expect(store.records.has('id')).toBe(false);
    expect(await adapted.get('id')).toBeUndefined();
  });

  test('is not undone by a store that rejects when it is asked again', async () => {
    const store = plainStore();
    let release: () => void = () => {};
    const adapted = adapt({
      ...store,
      set: (_id, _record, callback) => {
        release = () => callback?.();
      },
      destroy: () => Promise.reject(new Error('down')),
    });
    await expect(adapted.create('id', created)).rejects.toMatchObject({ status: 503 });
    await expect(adapted.destroy('id')).rejects.toMatchObject({ status: 503 });
    release();
    await sleep(10);
  });
});

describe('touch of a store of npm', () => {
  const touching = (touch: NonNullable<ExpressStore['touch']>) =>
    foreignStore({ ...plainStore(), touch }, guard());

  test('reports a session that connect-mongo does not find as gone', async () => {
    const foreign = touching((_id, _record, callback) =>
      callback?.(new Error('Unable to find the session to touch')),
    );
    expect(foreign.canTouch).toBe(true);
    expect(await foreign.touch('id', {})).toBe('gone');
  });

  test('fails for any other reason', async () => {
    const foreign = touching((_id, _record, callback) => callback?.(new Error('down')));
    await expect(foreign.touch('id', {})).rejects.toMatchObject({ status: 503 });
  });
});

test('users are bound and unbound, and notes conflict only in exact updates', async () => {
  const adapted = adapt(plainStore());
  await adapted.create('id', created);
  const base = await adapted.get('id');
  await adapted.update('id', { set: { '~i': '2' }, deleted: [], userId: 'ann' });
  expect((await adapted.get('id'))?.userId).toBe('ann');
  await adapted.update('id', { set: { '~i': '3' }, deleted: [], userId: null, base });
  expect((await adapted.get('id'))?.userId).toBeUndefined();
  const exact = { set: { '~i': '4' }, deleted: [], base, exact: true };
  expect(await adapted.update('id', exact)).toBe('conflict');
});
