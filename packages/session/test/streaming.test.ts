import { request as httpRequest } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import { memoryStore, session, sessionOf } from '../src/index.ts';
import { sessionCookie } from '../src/testing.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';
import { ownStrategy } from './own-strategy.ts';
import { plainStore } from './store/express-stores.ts';
import { warningsOf } from './warnings.ts';

afterEach(closeAll);

type Data = Record<string, unknown>;

describe('a body that streams', () => {
  test('leaves after the session is stored, and what changes later is stored as well', async () => {
    const store = memoryStore({ singleProcess: true });
    const server = await listen('http', session({ secretKey, store }), async (req, res) => {
      const current = sessionOf<Data>(req);
      if (req.url === '/read') return res.end(JSON.stringify(current));
      current['a'] = 1;
      res.write('one ');
      await wait(20);
      current['b'] = 2;
      return res.end('two');
    });
    const streamed = await server.request('/');
    expect(streamed.text).toBe('one two');
    const headers = { cookie: cookieHeader(streamed) };
    expect((await server.request('/read', { headers })).text).toBe('{"a":1,"b":2}');
  });

  test.each([
    ['in memory', memoryStore({ singleProcess: true })],
    ['of npm', plainStore()],
  ])('keeps a change between its only write and its end in a store %s', async (_kind, store) => {
    const server = await listen('http', session({ secretKey, store }), (req, res) => {
      const current = sessionOf<Data>(req);
      if (req.url === '/read') return res.end(JSON.stringify(current));
      current['a'] = 1;
      res.write('one ');
      current['b'] = 2;
      return res.end('two');
    });
    const headers = { cookie: cookieHeader(await server.request('/')) };
    let read = '';
    for (let round = 0; round < 100 && !read.includes('b'); round += 1) {
      await wait(5); // it is stored when the response has ended
      read = (await server.request('/read', { headers })).text;
    }
    expect(read).toBe('{"a":1,"b":2}');
  });

  test('gets a warning when a cookie session changes too late, once', async () => {
    const warnings = await warningsOf(async () => {
      const server = await listen('http', session({ secretKey }), async (req, res) => {
        res.write('one ');
        const current = sessionOf<Data>(req);
        await wait(5);
        current['a'] = req.url === '/bigint' ? 1n : 1;
        await expect(current.save()).rejects.toMatchObject({
          code: 'ERR_PORTCULLIS_SESSION_HEAD_SENT',
        });
        res.end('two');
      });
      await server.request('/bigint');
      await server.request('/');
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_CHANGED_LATE']);
  });

  test('gets no warning when a session is only read late', async () => {
    const warnings = await warningsOf(async () => {
      const server = await listen('http', session({ secretKey }), (req, res) => {
        res.write('one ');
        sessionOf(req);
        res.end('two');
      });
      await server.request('/', {
        headers: { cookie: await sessionCookie({ secretKey }, { a: 1 }) },
      });
    });
    expect(warnings).toEqual([]);
  });

  test('gets a warning when a late change cannot be stored', async () => {
    const store = ownStrategy({ late: true, commit: () => Promise.reject(new Error('full')) });
    const warnings = await warningsOf(async () => {
      const server = await listen('http', session({ secretKey, store }), (req, res) => {
        res.write('one ');
        Object.assign(sessionOf<Data>(req), { a: 1 });
        res.end('two');
      });
      await server.request('/');
      await wait(5);
    });
    expect(warnings.map(({ code }) => code)).toEqual(['ERR_PORTCULLIS_SESSION_LATE_COMMIT']);
  });

  test('is stored when the client goes away while the store is at work', async () => {
    const log: string[] = [];
    const store = ownStrategy({
      commit: async (_, change) => {
        await wait(30);
        log.push(`stored ${change.kind}`);
        return { kind: 'set', value: 'slow' };
      },
    });
    const server = await listen('http', session({ secretKey, store }), (req, res) => {
      Object.assign(sessionOf<Data>(req), { a: 1 });
      res.end('body');
    });
    const request = httpRequest(`${server.url}/`).end();
    request.on('error', () => undefined);
    await wait(10);
    request.destroy();
    await wait(60);
    expect(log).toEqual(['stored create']);
  });
});
