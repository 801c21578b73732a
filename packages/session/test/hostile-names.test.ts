import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestServer } from '@portcullis/testing';
import { session, sessionOf } from '../src/index.ts';
import type { Session } from '../src/index.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

async function serve(step: (current: Session<Data>) => unknown): Promise<TestServer> {
  return listen('express5', session({ secretKey }), (req, res) => {
    res.end(JSON.stringify(step(sessionOf<Data>(req))));
  });
}

describe('a program that sets a path of the visitor’s choice', () => {
  test('cannot change the sessions of others by way of __proto__', async () => {
    const server = await serve((current) => {
      const shared = current['__proto__'] as Data;
      expect(() => Object.assign(shared, { admin: true })).toThrow(TypeError);
      return current['admin'] ?? 'nobody';
    });
    expect((await server.request('/')).json()).toBe('nobody');
  });

  test('cannot change the sessions of others by way of constructor', async () => {
    const server = await serve((current) => {
      const { prototype } = current['constructor'] as { prototype: Data };
      expect(() => Object.assign(prototype, { admin: true })).toThrow(TypeError);
      return current['admin'] ?? 'nobody';
    });
    expect((await server.request('/')).json()).toBe('nobody');
  });

  test('cannot swap the methods of a session for data', async () => {
    const server = await serve((current) => {
      expect(() => {
        current['__proto__'] = { admin: true };
      }).toThrow(expect.objectContaining({ code: 'ERR_PORTCULLIS_SESSION_RESERVED_KEY' }));
      return [current['admin'] ?? 'nobody', typeof current.save];
    });
    expect((await server.request('/')).json()).toEqual(['nobody', 'function']);
  });
});

test.each(['constructor', 'toString', '__proto__'])(
  'messages may be of the kind %s',
  async (kind) => {
    const server = await serve((current) => {
      const before = current.flash(kind);
      if (before.length === 0) current.flash(kind, 'hello');
      return before;
    });
    const first = await server.request('/');
    expect(first.json()).toEqual([]);
    const second = await server.request('/', { headers: { cookie: cookieHeader(first) } });
    expect(second.json()).toEqual(['hello']);
  },
);

test.each(['constructor', 'toString', 'hasOwnProperty', 'toJSON', 'then', 'length'])(
  '%s is a key like any other',
  async (key) => {
    const server = await serve((current) => {
      if (Object.keys(current).length === 0) current[key] = 'x';
      return { ...current };
    });
    const first = await server.request('/');
    const second = await server.request('/', { headers: { cookie: cookieHeader(first) } });
    expect(second.json()).toEqual({ [key]: 'x' });
  },
);
