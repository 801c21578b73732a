// A compressed response behaves to its handler as Node's own does.
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, plainText, sample, serve } from './serve.ts';
import type { GzipOptions } from '../src/index.ts';

afterEach(closeAll);

const typed =
  (
    handle: (res: Parameters<TestMiddleware>[1], log: string[]) => void,
    log: string[],
  ): TestMiddleware =>
  (_req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    handle(res, log);
  };

const ways: readonly (readonly [string, GzipOptions])[] = [
  ['on this thread', {}],
  ['in the thread pool', { syncBudget: 0 }],
];

describe.each(ways)('end() %s', (_, options) => {
  test.each<[string, (res: Parameters<TestMiddleware>[1], done: () => void) => void, string]>([
    ['(chunk, callback)', (res, done) => res.end(sample(600), done), sample(600)],
    [
      '(chunk, encoding, callback)',
      (res, done) => res.end(sample(600), 'latin1', done),
      sample(600),
    ],
    ['(hex)', (res, done) => res.end('61'.repeat(600), 'hex', done), 'a'.repeat(600)],
    ['(Uint8Array)', (res, done) => res.end(new Uint8Array(600).fill(97), done), 'a'.repeat(600)],
    ['(callback)', (res, done) => res.end(done), ''],
    ['(null)', (res, done) => res.end(null, done), ''],
  ])('%s calls back once', async (_name, end, expected) => {
    const log: string[] = [];
    const server = await serve(
      options,
      typed((res) => end(res, () => log.push('done')), log),
    );
    expect(plainText(await ask(server))).toBe(expected);
    await new Promise(setImmediate);
    expect(log).toEqual(['done']);
  });
});

describe('write()', () => {
  test('calls back in order, before end', async () => {
    const log: string[] = [];
    const server = await serve(
      {},
      typed((res) => {
        res.write(sample(300), () => log.push('a'));
        res.write(sample(300), 'utf8', () => log.push('b'));
        setTimeout(() => {
          res.write(sample(300), () => log.push('c'));
          res.end(() => log.push('end'));
        }, 20);
      }, log),
    );
    expect(plainText(await ask(server))).toBe(sample(300).repeat(3));
    await new Promise(setImmediate);
    expect(log).toEqual(['a', 'b', 'c', 'end']);
  });

  test('in one tick with end calls back in order', async () => {
    const log: string[] = [];
    const server = await serve(
      {},
      typed((res) => {
        res.write(sample(300), () => log.push('a'));
        res.end(sample(300), () => log.push('end'));
      }, log),
    );
    await ask(server);
    await new Promise(setImmediate);
    expect(log).toEqual(['a', 'end']);
  });

  test('of event streams calls back', async () => {
    const log: string[] = [];
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/event-stream');
      res.write('data: x\n\n', () => {
        log.push('a');
        res.end();
      });
    });
    expect(plainText(await ask(server))).toBe('data: x\n\n');
    expect(log).toEqual(['a']);
  });

  test('after the end is an error, as in Node', async () => {
    const errors: unknown[] = [];
    const server = await serve(
      {},
      typed((res) => {
        res.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
        res.end(sample(600));
        res.write('late');
      }, []),
    );
    expect(plainText(await ask(server))).toBe(sample(600));
    expect(errors).toEqual(['ERR_STREAM_WRITE_AFTER_END']);
  });

  test('refuses what is no text and no bytes', async () => {
    const server = await serve(
      {},
      typed((res) => {
        expect(() => res.write(42 as unknown as string)).toThrow(/must be of type string/);
        res.end('ok');
      }, []),
    );
    expect((await ask(server)).text).toBe('ok');
  });
});

describe('a client that reads slowly', () => {
  test('holds the handler back, and gets everything in the end', async () => {
    const parts = Array.from({ length: 300 }, () => randomBytes(48_000).toString('hex'));
    let sent = 0;
    let waited = 0;
    const server = await serve({ compressLevel: 1 }, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      const next = (): void => {
        for (const part of parts.slice(sent)) {
          sent += 1;
          if (!res.write(part)) {
            waited += 1;
            res.once('drain', next);
            return;
          }
        }
        res.end();
      };
      next();
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n');
    await once(socket, 'readable');
    // Until the handler stands still: only the client can make it go on.
    for (let before = -1; before !== sent; await sleep(250)) before = sent;
    expect(sent).toBeLessThan(parts.length);
    expect(waited).toBeGreaterThan(0);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await once(socket, 'close');
    expect(sent).toBe(parts.length);
    expect(bytes).toBeGreaterThan(300 * 48_000);
  });

  test('drain comes when the codec has room again, not when the socket has', async () => {
    const random = randomBytes(64 * 1024);
    const roomAfterDrain: boolean[] = [];
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.on('drain', () => {
        roomAfterDrain.push(res.write('.'));
        if (roomAfterDrain.length === 40) res.end();
        else while (res.write(random));
      });
      while (res.write(random));
    });
    await ask(server);
    expect(roomAfterDrain).toEqual(Array.from({ length: 40 }, () => true));
  });

  test("a thousand once('drain') leave no listeners behind", async () => {
    const counts: number[] = [];
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      const listener = (): void => undefined;
      res.on('drain', listener);
      res.removeListener('drain', listener);
      let left = 1000;
      const next = (): void => {
        counts.push(res.listenerCount('drain'));
        if (left-- === 0) res.end();
        else if (res.write(sample(20_000))) setImmediate(next);
        else res.once('drain', next);
      };
      next();
    });
    await ask(server);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2);
  });
});

test('pipeline() ends when the response has', async () => {
  let finished = false;
  const server = await serve({}, async (_req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    await pipeline(Readable.from([sample(30_000), sample(30_000)]), res);
    finished = res.writableFinished;
  });
  expect(plainText(await ask(server))).toBe(sample(30_000).repeat(2));
  await new Promise(setImmediate);
  expect(finished).toBe(true);
});

test('unpipe() leaves no listener for drain', async () => {
  let left = -1;
  const server = await serve({}, (_req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    const source = new Readable({ read: () => undefined });
    source.pipe(res);
    source.push(sample(100_000));
    setTimeout(() => {
      source.unpipe(res);
      left = res.listeners('drain').filter((listener) => listener.name !== '').length;
      res.end();
    }, 20);
  });
  await ask(server);
  expect(left).toBeLessThanOrEqual(0);
});

test('pipelined requests are answered in order', async () => {
  const server = await serve({}, (req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    // The first body is worked on longer than the second.
    res.end(req.url === '/1' ? sample(200_000) : 'second');
  });
  const socket = connect(server.port, '127.0.0.1');
  const head = 'Host: x\r\nAccept-Encoding: gzip\r\n';
  socket.write(`GET /1 HTTP/1.1\r\n${head}\r\nGET /2 HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => (text += String(chunk)));
  await once(socket, 'close');
  expect(text.startsWith('HTTP/1.1 200')).toBe(true);
  expect(text.indexOf('gzip')).toBeLessThan(text.indexOf('second'));
  expect(text.endsWith('second')).toBe(true);
});
