import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen, rawRequest } from '@portcullis/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import zlib from 'node:zlib';
import { createMiddleware } from '../src/middleware.ts';
import { gzipOptions } from '../src/options.ts';
import { createSettings } from '../src/settings.ts';
import type { Settings } from '../src/settings.ts';
import { createTurn } from '../src/turn.ts';
import { answer, ask, plainText, sample, serve } from './serve.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

describe('createTurn', () => {
  test('has room until the budget is used up, and again in the next turn', async () => {
    const turn = createTurn(2);
    expect([turn.hasRoom(2), turn.hasRoom(2.1)]).toEqual([true, false]);
    turn.add(1.5);
    turn.add(0.2);
    expect([turn.hasRoom(0.3), turn.hasRoom(0.4)]).toEqual([true, false]);
    await nextTurn();
    expect(turn.hasRoom(2)).toBe(true);
  });
});

describe('bodies of one turn of the event loop', () => {
  const fullTurn: Settings['turn'] = { hasRoom: () => false, add: () => undefined };

  function settings(changes: Partial<Settings>): Settings {
    return { ...createSettings(gzipOptions.resolve({}).options), ...changes };
  }

  test('together they stay within a budget: the others are compressed in the thread pool', async () => {
    const sync = jest.spyOn(zlib, 'gzipSync');
    const body = sample(12_000);
    const server = await serve({}, answer(body));
    const request = 'GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n';
    const pipelined = `${request}\r\n`.repeat(99) + `${request}Connection: close\r\n\r\n`;
    const bytes = await rawRequest(server.port, pipelined, { timeout: 20_000 });
    expect(bytes.match(/^Content-Encoding: gzip\r$/gm)).toHaveLength(100);
    expect(sync.mock.calls.length).toBeGreaterThan(0);
    expect(sync.mock.calls.length).toBeLessThan(100);
  });

  test.each([
    [600, 1],
    [12_000, 0],
  ])(
    'when it is used up, %d bytes are compressed %d times on the event loop',
    async (length, times) => {
      const sync = jest.spyOn(zlib, 'gzipSync');
      const body = sample(length);
      const server = await listen(
        'http',
        createMiddleware(settings({ turn: fullTurn })),
        answer(body),
      );
      const response = await ask(server);
      expect(response.headers['content-encoding']).toBe('gzip');
      expect(plainText(response)).toBe(body);
      expect(sync).toHaveBeenCalledTimes(times);
    },
  );

  test('with the thread pool full as well, a body within its own budget is compressed all the same', async () => {
    const sync = jest.spyOn(zlib, 'gzipSync');
    const jobs: Settings['jobs'] = { add: () => false, hasRoom: () => false, size: 99 };
    const middleware = createMiddleware(settings({ turn: fullTurn, jobs }));
    const server = await listen('http', middleware, answer(sample(12_000)));
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(sync).toHaveBeenCalledTimes(1);
  });
});
