import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import { session, sessionOf } from '../src/index.ts';
import type { SessionStrategy } from '../src/index.ts';
import { secretKey } from './cookie-jar.ts';
import { ownStrategy } from './own-strategy.ts';

afterEach(closeAll);

/** JavaScript picks `res.end` before it runs this, so patching `res` at the first look at the session would be too late. */
function put(req: IncomingMessage, value: unknown): string {
  Object.assign(sessionOf(req), { value });
  return 'body';
}

const slow = (log: string[], failure?: Error): SessionStrategy =>
  ownStrategy({
    commit: async () => {
      await wait(20);
      if (failure !== undefined) throw failure;
      log.push('stored');
      return { kind: 'set', value: 'v' };
    },
  });

describe.each(hostNames)(
  'a session first looked at in the arguments of the answer on %s',
  (host) => {
    test('is in the cookie, with end()', async () => {
      const server = await listen(host, session({ secretKey }), (req, res) => res.end(put(req, 1)));
      const response = await server.request('/');
      expect([response.status, response.text, response.setCookie.length]).toEqual([200, 'body', 1]);
    });

    test('is in the cookie, with write()', async () => {
      const server = await listen(host, session({ secretKey }), (req, res) => {
        res.write(put(req, 1));
        res.end(' more');
      });
      const response = await server.request('/');
      expect([response.text, response.setCookie.length]).toEqual(['body more', 1]);
    });

    test('is a clean 500 when it is too large', async () => {
      const large = 'x'.repeat(20_000);
      const server = await listen(host, session({ secretKey }), (req, res) =>
        res.end(put(req, large)),
      );
      const response = await server.request('/');
      expect([response.status, response.setCookie.length]).toEqual([500, 0]);
    });

    test('is stored before the answer leaves', async () => {
      const log: string[] = [];
      const server = await listen(host, session({ secretKey, store: slow(log) }), (req, res) =>
        res.end(put(req, 1)),
      );
      const response = await server.request('/');
      expect([response.text, response.setCookie.length, log]).toEqual(['body', 1, ['stored']]);
    });

    test('is a clean 503 when it cannot be stored', async () => {
      const store = slow([], new Error('full'));
      const server = await listen(host, session({ secretKey, store }), (req, res) =>
        res.end(put(req, 1)),
      );
      const response = await server.request('/');
      expect([response.status, response.setCookie.length]).toEqual([503, 0]);
    });
  },
);
