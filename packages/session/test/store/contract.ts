import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SessionStore, StoredSession } from '../../src/store/store.ts';

export interface OpenStore {
  readonly store: SessionStore;
  close?(): Promise<void> | void;
}

export interface Abilities {
  /** Stores written for express-session cannot find a user's sessions. */
  readonly users: boolean;
}

let count = 0;
const newId = (): string => `contract-${process.pid}-${(count += 1)}`;

const session = (
  fields: Record<string, unknown>,
  more: Partial<StoredSession> = {},
): StoredSession => ({
  fields: texts({ '~c': 1, '~i': 1, ...fields }),
  expires: Date.now() + 60_000,
  ...more,
});

const texts = (fields: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, JSON.stringify(value)]));

/** What every store has to do, whatever it is made of. */
export function describeSessionStore(
  name: string,
  open: () => Promise<OpenStore>,
  abilities: Abilities = { users: true },
): void {
  describe(name, () => {
    let opened: OpenStore;
    let store: SessionStore;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterAll(async () => {
      await opened.close?.();
    });

    const dataOf = async (id: string): Promise<Record<string, unknown> | undefined> => {
      const loaded = await store.get(id);
      if (loaded === undefined) return undefined;
      const entries = Object.entries(loaded.fields).filter(([key]) => !/^~[^~]/.test(key));
      return Object.fromEntries(entries.map(([key, text]) => [key, JSON.parse(text) as unknown]));
    };

    test('gives back what was created', async () => {
      const id = newId();
      const data = { a: 1, b: { c: ['x', null, 'ü "quoted"'] }, '~~tilde': true, '=': 2, '': 3 };
      const created = session(data);
      expect(await store.create(id, created)).toBe('ok');
      const loaded = await store.get(id);
      expect(loaded?.id).toBe(id);
      expect({ ...loaded?.fields }).toEqual(created.fields);
      expect(Math.abs((loaded?.expires ?? 0) - created.expires)).toBeLessThan(1_000);
    });

    test('keeps a key called __proto__ a key', async () => {
      const id = newId();
      const fields = Object.assign(Object.create(null), texts({ '~c': 1, '~i': 1 }));
      fields['__proto__'] = '{"polluted":true}';
      await store.create(id, { fields, expires: Date.now() + 60_000 });
      await store.update(id, { set: texts({ x: 1 }), deleted: [] });
      const loaded = await store.get(id);
      expect(Object.getOwnPropertyDescriptor(loaded?.fields, '__proto__')?.value).toBe(
        '{"polluted":true}',
      );
      expect(loaded?.fields).not.toHaveProperty('polluted');
    });

    test('knows nothing of an id that was never created', async () => {
      const id = newId();
      expect(await store.get(id)).toBeUndefined();
      expect(await store.update(id, { set: texts({ a: 1 }), deleted: [] })).toBe('gone');
      expect(await store.touch(id, Date.now() + 1_000, {})).toBe('gone');
      expect(await store.rename(id, newId(), { set: {}, deleted: [], grace: 0 })).toBe('gone');
      await store.destroy(id);
      expect(await store.get(id)).toBeUndefined();
    });

    test('keeps what parallel writers set under different keys', async () => {
      const id = newId();
      await store.create(id, session({ kept: 0, gone: 0 }));
      const writes = Array.from({ length: 20 }, (_, index) =>
        store.update(id, { set: texts({ [`key${index}`]: index }), deleted: [] }),
      );
      const removal = store.update(id, { set: {}, deleted: ['gone', 'never there'] });
      expect(new Set(await Promise.all([...writes, removal].map(async (write) => write)))).toEqual(
        new Set(['ok']),
      );
      const data = await dataOf(id);
      expect(Object.keys(data ?? {})).toHaveLength(21);
      expect(data?.['kept']).toBe(0);
      expect(data?.['key19']).toBe(19);
    });

    test('never brings back a session that was destroyed', async () => {
      const id = newId();
      await store.create(id, session({ user: 'bob' }));
      const base = await store.get(id);
      await store.destroy(id);
      expect(await store.get(id)).toBeUndefined();
      expect(await store.update(id, { set: texts({ late: 1 }), deleted: [], base })).toBe('gone');
      expect(await store.touch(id, Date.now() + 60_000, texts({ '~i': 2 }))).toBe('gone');
      expect(await store.create(id, session({ late: 1 }))).toBe('gone');
      expect(await store.rename(id, newId(), { set: {}, deleted: [], grace: 0 })).toBe('gone');
      expect(await store.get(id)).toBeUndefined();
    });

    test('refuses an exact update of what somebody else has written', async () => {
      const id = newId();
      await store.create(id, session({ n: 1 }));
      const base = await store.get(id);
      expect(await store.update(id, { set: texts({ other: 1 }), deleted: [] })).toBe('ok');
      const set = texts({ n: 2 });
      expect(await store.update(id, { set, deleted: [], base, exact: true })).toBe('conflict');
      const fresh = await store.get(id);
      expect(await store.update(id, { set, deleted: [], base: fresh, exact: true })).toBe('ok');
      expect(await dataOf(id)).toEqual({ n: 2, other: 1 });
    });

    test('does not take a prolonged session for a changed one', async () => {
      const id = newId();
      await store.create(id, session({ n: 1 }));
      const base = await store.get(id);
      const later = Date.now() + 120_000;
      expect(await store.touch(id, later, texts({ '~i': 1 }))).toBe('ok');
      expect(await store.update(id, { set: texts({ n: 2 }), deleted: [], base, exact: true })).toBe(
        'ok',
      );
      expect(Math.abs(((await store.get(id))?.expires ?? 0) - later)).toBeLessThan(1_000);
    });

    test('ends a session when its own time is over', async () => {
      const id = newId();
      await store.create(id, session({ a: 1 }, { expires: Date.now() + 80 }));
      expect(await dataOf(id)).toEqual({ a: 1 });
      await sleep(120);
      expect(await store.get(id)).toBeUndefined();
      expect(await store.update(id, { set: texts({ a: 2 }), deleted: [] })).toBe('gone');
    });

    test('prolongs a session', async () => {
      const id = newId();
      await store.create(id, session({ a: 1 }, { expires: Date.now() + 400 }));
      expect(await store.touch(id, Date.now() + 60_000, texts({ '~i': 7 }))).toBe('ok');
      await sleep(450);
      expect((await store.get(id))?.fields['~i']).toBe('7');
    });

    test('leads from the old id to the new one during the grace, and not after', async () => {
      const [id, newer] = [newId(), newId()];
      await store.create(id, session({ a: 1, b: 1 }));
      const rename = {
        set: texts({ c: 1 }),
        deleted: ['b'],
        expires: Date.now() + 60_000,
        grace: 300,
      };
      expect(await store.rename(id, newer, rename)).toBe('ok');
      expect((await store.get(id))?.id).toBe(newer);
      expect(await store.update(id, { set: texts({ d: 1 }), deleted: [] })).toBe('ok');
      expect(await dataOf(newer)).toEqual({ a: 1, c: 1, d: 1 });
      await sleep(350);
      expect(await store.get(id)).toBeUndefined();
      expect(await store.update(id, { set: texts({ e: 1 }), deleted: [] })).toBe('gone');
      expect(await dataOf(newer)).toEqual({ a: 1, c: 1, d: 1 });
    });

    test('ends the old id at once when there is no grace', async () => {
      const [id, newer] = [newId(), newId()];
      await store.create(id, session({ a: 1 }));
      expect(await store.rename(id, newer, { set: {}, deleted: [], grace: 0 })).toBe('ok');
      expect(await store.get(id)).toBeUndefined();
      expect(await store.create(id, session({ a: 2 }))).toBe('gone');
      expect(await dataOf(newer)).toEqual({ a: 1 });
    });

    test('ends the renamed session when a request with the old id logs out', async () => {
      const [id, newer] = [newId(), newId()];
      await store.create(id, session({ a: 1 }));
      await store.rename(id, newer, { set: {}, deleted: [], grace: 5_000 });
      await store.destroy(id);
      expect(await store.get(newer)).toBeUndefined();
      expect(await store.get(id)).toBeUndefined();
    });

    test('loses no write that comes while a session is renamed', async () => {
      const [id, newer] = [newId(), newId()];
      await store.create(id, session({ a: 1 }));
      const writes = Array.from({ length: 10 }, (_, index) =>
        store.update(id, { set: texts({ [`k${index}`]: index }), deleted: [] }),
      );
      const renamed = store.rename(id, newer, { set: {}, deleted: [], grace: 5_000 });
      expect(await renamed).toBe('ok');
      const results = await Promise.all(writes.map(async (write) => write));
      const data = await dataOf(newer);
      for (const [index, result] of results.entries()) {
        if (result === 'ok') expect(data?.[`k${index}`]).toBe(index);
      }
      expect(results.filter((result) => result === 'ok').length).toBeGreaterThan(0);
    });

    if (!abilities.users) {
      test('says that it cannot find the sessions of a user', async () => {
        const code = 'ERR_PORTCULLIS_SESSION_STORE_WITHOUT_USERS';
        await expect(store.listByUser('ann')).rejects.toMatchObject({ code });
        await expect(store.destroyByUser('ann')).rejects.toMatchObject({ code });
      });
      return;
    }

    test('lists and ends the sessions of a user', async () => {
      const ids = [newId(), newId(), newId()] as const;
      const user = newId();
      await store.create(ids[0], session({ n: 0 }, { userId: user }));
      await store.create(ids[1], session({ n: 1 }, { userId: user }));
      await store.create(ids[2], session({ n: 2 }, { userId: `${user}-other` }));
      const listed = await store.listByUser(user);
      expect(listed.map(({ id }) => id).toSorted()).toEqual([ids[0], ids[1]].toSorted());
      expect(await store.destroyByUser(user, ids[1])).toBe(1);
      expect(await store.get(ids[0])).toBeUndefined();
      expect((await store.get(ids[1]))?.userId).toBe(user);
      expect(await store.destroyByUser(user)).toBe(1);
      expect(await store.destroyByUser(user)).toBe(0);
      expect(await store.listByUser(user)).toEqual([]);
      expect((await store.get(ids[2]))?.userId).toBe(`${user}-other`);
    });

    test('follows a user through login, rename and logout', async () => {
      const [id, newer] = [newId(), newId()];
      const user = newId();
      await store.create(id, session({ a: 1 }));
      const expires = Date.now() + 60_000;
      await store.rename(id, newer, { set: {}, deleted: [], grace: 0, userId: user, expires });
      expect((await store.listByUser(user)).map((each) => each.id)).toEqual([newer]);
      await store.update(newer, { set: {}, deleted: [], userId: null });
      expect(await store.listByUser(user)).toEqual([]);
      expect(await store.destroyByUser(user)).toBe(0);
      expect(await store.update(newer, { set: {}, deleted: [], userId: user, expires })).toBe('ok');
      expect((await store.listByUser(user)).map((each) => each.id)).toEqual([newer]);
      expect(await store.destroyByUser(user)).toBe(1);
      expect(await store.get(newer)).toBeUndefined();
    });

    test('still finds a session of a user that was prolonged past its first end', async () => {
      const id = newId();
      const user = newId();
      await store.create(id, session({ a: 1 }, { userId: user, expires: Date.now() + 150 }));
      await store.touch(id, Date.now() + 60_000, {});
      await sleep(400);
      expect((await store.listByUser(user)).map((each) => each.id)).toEqual([id]);
      expect(await store.destroyByUser(user)).toBe(1);
    });
  });
}
