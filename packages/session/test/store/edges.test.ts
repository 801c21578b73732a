import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { whenAnswered } from '../../src/store/awaitable.ts';
import { commitTo } from '../../src/store/commit.ts';
import { expiryTime } from '../../src/store/expiry-time.ts';
import { hold, keyOf } from '../../src/store/held.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fieldsOf, parseFields } from '../../src/store/record-fields.ts';
import { signedIds } from '../../src/store/signed-id.ts';
import { storeKeys } from '../../src/store/store-keys.ts';
import { isStore, storeStrategy } from '../../src/store/strategy.ts';
import type { SessionChange, SessionRecord, StrategyContext } from '../../src/strategy.ts';

const setup = {
  cookieName: 'session',
  secrets: [Buffer.from('the secret of the tests, which is long enough')],
  lifetimes: { idle: undefined, absolute: undefined, renewAfter: undefined, reissueAfter: 60 },
  now: () => Math.floor(Date.now() / 1_000),
};
const options = {
  deadline: 2,
  onUnavailable: 'error',
  onError: 'fail',
  hashIds: false,
  load: 'eager',
} as const;
const context = (): StrategyContext =>
  ({ cookieName: 'session', now: setup.now, held: undefined }) as StrategyContext;
const record = (more: Partial<SessionRecord> = {}): SessionRecord => ({
  id: 'an id',
  data: {},
  text: '{}',
  createdAt: setup.now(),
  issuedAt: setup.now(),
  ...more,
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a session without lifetimes', () => {
  test('ends after 400 days, as its cookie does', () => {
    const made = record({ createdAt: 0, issuedAt: 1_000 });
    expect(expiryTime(made, setup.lifetimes)).toBe((1_000 + 400 * 86_400 + 1) * 1_000);
    const both = { ...setup.lifetimes, idle: 60, absolute: 1_010 };
    expect(expiryTime(made, both)).toBe(1_011_000);
  });
});

describe('the key of a session', () => {
  test('is made of its id when it was not read in this request', () => {
    const keys = storeKeys(setup, false);
    const ctx = context();
    expect(keyOf(keys, ctx, record())).toBe('an id');
    hold(ctx, { id: 'another', key: 'elsewhere', loaded: undefined, aged: false });
    expect(keyOf(keys, ctx, record())).toBe('an id');
    hold(ctx, { id: 'an id', key: 'elsewhere', loaded: undefined, aged: false });
    expect(keyOf(keys, ctx, record())).toBe('elsewhere');
  });
});

describe('fields', () => {
  test('leave out what JSON has no text for', () => {
    const fields = fieldsOf(
      record({ data: { a: undefined, b: () => 1, c: 1 }, flash: { ok: ['x'] } }),
    );
    expect(Object.keys(fields)).toEqual(['c', '~c', '~i', '~f']);
  });

  test('may be called __proto__', () => {
    const data = JSON.parse('{"__proto__":{"evil":1}}') as Record<string, unknown>;
    const fields = fieldsOf(record({ data }));
    expect(Object.keys(fields)).toEqual(['__proto__', '~c', '~i']);
    expect(fields).not.toHaveProperty('evil');
  });

  test('read the same whatever order whole numbers come in', () => {
    const fields = { b: '1', '2': '"two"', 'a b': '[]', '~c': '1', '~i': '1' };
    const parsed = parseFields('id', { id: 'id', version: 1, expires: 0, fields });
    expect(parsed?.text).toBe('{"2":"two","b":1,"a b":[]}');
    expect(JSON.stringify(parsed?.data)).toBe(parsed?.text);
  });
});

describe('what can be a store', () => {
  test.each([
    [undefined, false],
    ['memory', false],
    [{}, false],
    [{ get() {}, set() {} }, false],
    [{ get() {}, set() {}, destroy() {} }, true],
    [memoryStore(), true],
  ])('%p: %p', (value, expected) => {
    expect(isStore(value)).toBe(expected);
  });
});

describe('an answer', () => {
  test('with something called then that is no function is the answer', () => {
    expect(whenAnswered({ then: 1 } as never, (value) => value)).toEqual({ then: 1 });
  });
});

describe('the store strategy', () => {
  const change = (
    kind: SessionChange['kind'],
    previous: SessionRecord,
    next: SessionRecord,
  ): SessionChange => ({
    kind,
    previous,
    next,
    grace: 0,
    patch: () => ({ set: new Map([['b', '2']]), removed: ['a'] }),
  });
  const open = () => {
    const store = memoryStore({ singleProcess: true });
    const access = { store, keys: storeKeys(setup, false), setup, options };
    return { store, commit: commitTo(access, signedIds(setup)) };
  };

  test('takes the patch of the engine when it has not read the session itself', () => {
    const { store, commit } = open();
    const [before, after] = [record({ data: { a: 1 } }), record({ data: { b: 2 } })];
    void commit(context(), { ...change('create', before, before), previous: undefined });
    expect(commit(context(), change('update', before, after))).toEqual({ kind: 'keep' });
    expect(store.get('an id')?.fields).toMatchObject({ b: '2' });
    expect(Object.keys(store.get('an id')?.fields ?? {})).not.toContain('a');
  });

  test('drops a key whose value became nothing, and logs a user out', () => {
    const { store, commit } = open();
    const before = record({ data: { a: 1, b: 1 }, userId: 'ann', authenticatedAt: 1 });
    const ctx = context();
    void commit(ctx, { ...change('create', before, before), previous: undefined });
    hold(ctx, { id: 'an id', key: 'an id', loaded: store.get('an id'), aged: false });
    void commit(
      ctx,
      change('update', before, record({ data: { a: undefined, b: 1, c: undefined } })),
    );
    expect(store.get('an id')).toMatchObject({ userId: undefined });
    expect(Object.keys(store.get('an id')?.fields ?? {})).toEqual(['b', '~c', '~i']);
  });

  test('leaves the cookie of a session that is gone, unless somebody logs in', () => {
    const { store, commit } = open();
    const before = record();
    const moved = record({ id: 'new id' });
    expect(commit(context(), change('rotate', before, moved))).toEqual({ kind: 'keep' });
    expect(commit(context(), change('update', before, before))).toEqual({ kind: 'keep' });
    const login = record({ id: 'newer id', userId: 'ann', authenticatedAt: 5 });
    expect(commit(context(), change('rotate', before, login))).toMatchObject({ kind: 'set' });
    expect(store.get('newer id')?.userId).toBe('ann');
  });

  test('clears a cookie that led nowhere', () => {
    const strategy = storeStrategy(memoryStore(), setup, options);
    expect(strategy.destroy(context(), undefined)).toEqual({ kind: 'clear' });
  });

  test('asks the store for at most four of many good cookies', () => {
    const store = memoryStore({ singleProcess: true });
    const get = jest.spyOn(store, 'get');
    const strategy = storeStrategy(store, setup, options);
    const ids = signedIds(setup);
    const values = Array.from({ length: 9 }, () => ids.sign(strategy.newId(context())));
    expect(strategy.read(context(), { values, chunks: [] })).toEqual({
      kind: 'rejected',
      reason: 'not-found',
    });
    expect(get).toHaveBeenCalledTimes(4);
  });

  test('does not open a session whose times are over, even if the store still has it', () => {
    const store = memoryStore({ singleProcess: true });
    const short = { ...setup, lifetimes: { ...setup.lifetimes, idle: 10 } };
    const strategy = storeStrategy(store, short, options);
    const id = strategy.newId(context());
    const fields = fieldsOf(record({ issuedAt: setup.now() - 20, createdAt: setup.now() - 20 }));
    store.create(id, { fields, expires: Date.now() + 60_000 });
    const read = strategy.read(context(), { values: [signedIds(setup).sign(id)], chunks: [] });
    expect(read).toEqual({ kind: 'rejected', reason: 'expired-idle' });
  });
});

describe('the memory store', () => {
  test('lists neither what has expired nor what was destroyed', () => {
    jest.useFakeTimers();
    const store = memoryStore({ singleProcess: true });
    store.create('short', { fields: {}, expires: Date.now() + 10, userId: 'ann' });
    store.create('ended', { fields: {}, expires: Date.now() + 10_000, userId: 'ann' });
    store.destroy('ended');
    store.destroy('ended');
    jest.advanceTimersByTime(20);
    expect(store.listByUser('ann')).toEqual([]);
    expect([...store.list()]).toEqual([]);
  });
});
