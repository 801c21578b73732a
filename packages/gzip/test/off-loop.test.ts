import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestServer } from '@portcullis/testing';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import zlib from 'node:zlib';
import { createMiddleware } from '../src/middleware.ts';
import { gzipOptions } from '../src/options.ts';
import type { GzipOptions } from '../src/options.ts';
import { createSettings } from '../src/settings.ts';
import type { Settings } from '../src/settings.ts';
import { runtimeHas } from '../src/encoding.ts';
import { replaceZlib, restoreZlib } from './replaced-zlib.ts';
import { answer, ask, plainText, sample, serve } from './serve.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  restoreZlib();
  await closeAll();
});

const body = sample(100_000);
const offLoop: GzipOptions = { syncBudget: 0 };
const codings = (['gzip', 'deflate', 'br', 'zstd'] as const).filter(runtimeHas);

function settingsOf(options: GzipOptions): Settings {
  return createSettings(gzipOptions.resolve(options).options);
}

function serveSettings(settings: Settings, handler: TestMiddleware): Promise<TestServer> {
  return listen('http', createMiddleware(settings), handler);
}

describe('work in the thread pool', () => {
  test.each(codings)('%s: the same bytes, with an exact length', async (accept) => {
    const server = await serve(offLoop, answer(body, { ETag: '"x"' }));
    const response = await ask(server, { accept });
    expect(response.headers['content-encoding']).toBe(accept);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(response.headers['etag']).toBe('W/"x"');
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect(plainText(response)).toBe(body);
  });

  test('200 requests at once give 200 right answers', async () => {
    const server = await serve(offLoop, (req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.end(`${String(req.url)}${sample(5000)}`);
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        server.request(`/${i}`, { headers: { 'Accept-Encoding': 'gzip' } }),
      ),
    );
    answers.forEach((response, i) => {
      expect(plainText(response)).toBe(`/${i}${sample(5000)}`);
    });
  });

  // What is encoded twice is garbage outside the heap, which brings major collections.
  test.each([0, 1])('text is encoded once, with a budget of %d s', async (syncBudget) => {
    const server = await serve({ syncBudget }, answer(body));
    const from = jest.spyOn(Buffer, 'from');
    const response = await ask(server);
    const encoded = from.mock.calls.filter(([source]) => (source as unknown) === body);
    from.mockRestore();
    expect(plainText(response)).toBe(body);
    expect(encoded).toHaveLength(1);
  });

  test('written and ended in one tick goes there as well', async () => {
    const server = await serve(offLoop, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.write(sample(1000));
      res.end(sample(1000));
    });
    const response = await ask(server);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(plainText(response)).toBe(sample(1000).repeat(2));
  });

  test('incompressible bodies come back plain with their length', async () => {
    const noise = randomBytes(50_000);
    const server = await serve(offLoop, answer(noise));
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['content-length']).toBe('50000');
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect(response.body.equals(noise)).toBe(true);
  });

  test('meanwhile the response reads as ended, and a second end is ignored', async () => {
    const seen: unknown[] = [];
    const server = await serve(offLoop, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      seen.push(res.end(body) === res, res.writableEnded, res.headersSent, res.writableFinished);
      res.on('error', () => undefined);
      res.end('again');
    });
    expect(plainText(await ask(server))).toBe(body);
    expect(seen).toEqual([true, true, true, false]);
  });

  test('trailers survive', async () => {
    const server = await serve(offLoop, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain', Trailer: 'X-Sum' });
      res.addTrailers({ 'X-Sum': '42' });
      res.end(body);
    });
    const response = await ask(server);
    expect(response.trailers['x-sum']).toBe('42');
    expect(plainText(response)).toBe(body);
  });

  test('starts by itself when a body would take longer than the budget', async () => {
    const sync = jest.spyOn(zlib, 'gzipSync');
    const server = await serve({ syncBudget: '0.1ms' }, answer(sample(200_000)));
    expect(plainText(await ask(server))).toBe(sample(200_000));
    expect(sync).not.toHaveBeenCalled();
    const small = await serve({ syncBudget: '10ms' }, answer(sample(1000)));
    await ask(small);
    expect(sync).toHaveBeenCalledTimes(1);
  });
});

describe('too much work at once', () => {
  test('is answered plainly, and later again with codings', async () => {
    const settings = settingsOf(offLoop);
    const release: (() => void)[] = [];
    // The queue's own limits are what is tested; what fills it does not matter.
    for (let i = 0; i < 100; i++) {
      settings.jobs.add({
        bytes: 1,
        isCancelled: () => false,
        start: (done) => release.push(done),
      });
    }
    const server = await serveSettings(settings, answer(body, { ETag: '"x"' }));
    const refused = await ask(server);
    expect(refused.headers['content-encoding']).toBeUndefined();
    expect(refused.headers['content-length']).toBe('100000');
    expect(refused.headers['vary']).toBe('Accept-Encoding');
    expect(refused.headers['etag']).toBe('"x"');
    expect(refused.text).toBe(body);
    while (release.length > 0) release.shift()?.();
    expect((await ask(server)).headers['content-encoding']).toBe('gzip');
    expect(settings.jobs.size).toBe(0);
  });
});

describe('a codec that fails', () => {
  function mute(): jest.Spied<typeof process.emitWarning> {
    return jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  }

  test('on this thread costs the client nothing, and warns once', async () => {
    const warn = mute();
    jest.spyOn(zlib, 'gzipSync').mockImplementation(() => {
      throw new RangeError('no memory');
    });
    const server = await serve({}, answer(sample(1000), { ETag: '"x"' }));
    for (let i = 0; i < 2; i++) {
      const response = await ask(server);
      expect(response.headers['content-encoding']).toBeUndefined();
      expect(response.headers['vary']).toBe('Accept-Encoding');
      expect(response.headers['etag']).toBe('"x"');
      expect(response.text).toBe(sample(1000));
    }
    expect(warn.mock.calls).toEqual([
      [
        '@portcullis/gzip: gzip failed, so the response is sent uncompressed: RangeError: no memory',
        { type: 'PortcullisWarning', code: 'ERR_PORTCULLIS_GZIP_CODEC' },
      ],
    ]);
  });

  test.each<[string, () => void]>([
    [
      'when it begins',
      () => {
        replaceZlib('createGzip', () => {
          throw new Error('no memory');
        });
      },
    ],
    [
      'when it begins, with a thrown text',
      () => {
        replaceZlib('createGzip', () => {
          const failure: unknown = 'no memory';
          throw failure;
        });
      },
    ],
    [
      'in the middle',
      () => {
        const { createGzip } = zlib;
        replaceZlib('createGzip', (options: zlib.ZlibOptions) => {
          const stream = createGzip(options);
          setImmediate(() => stream.destroy(new Error('data error')));
          return stream;
        });
      },
    ],
  ])('in the thread pool %s costs the client nothing', async (_, breakCodec) => {
    mute();
    breakCodec();
    const settings = settingsOf(offLoop);
    const server = await serveSettings(settings, answer(sample(1_000_000)));
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['content-length']).toBe('1000000');
    expect(response.text).toBe(sample(1_000_000));
    expect(settings.jobs.size).toBe(0);
  });

  test('before a stream begins leaves it plain', async () => {
    mute();
    replaceZlib('createGzip', () => {
      throw new Error('no memory');
    });
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.write('first ');
      setTimeout(() => {
        (res as ServerResponse & { flush(): void }).flush();
        res.write('second ');
        res.end('third');
      }, 10);
    });
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBeUndefined();
    expect(response.headers['vary']).toBe('Accept-Encoding');
    expect(response.text).toBe('first second third');
  });

  test('before a stream begins does not flood a client that reads slowly', async () => {
    mute();
    replaceZlib('createGzip', () => {
      throw new Error('no memory');
    });
    const part = Buffer.alloc(100_000, 'x');
    let sent = 0;
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      const next = (): void => {
        while (sent < 200) {
          sent += 1;
          if (!res.write(part)) {
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
    for (let before = -1; before !== sent; await sleep(100)) before = sent;
    expect(sent).toBeLessThan(200);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await once(socket, 'close');
    expect(bytes).toBeGreaterThan(200 * 100_000);
  });

  test('in the middle of a stream breaks the response off', async () => {
    const { createGzip } = zlib;
    let stream: zlib.Gzip | undefined;
    replaceZlib('createGzip', (options: zlib.ZlibOptions) => (stream = createGzip(options)));
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.on('error', () => undefined);
      res.flushHeaders();
      res.write(sample(20_000));
      setTimeout(() => {
        stream?.destroy(new Error('data error'));
        setTimeout(() => res.end('the end'), 5);
      }, 20);
    });
    const ended = await new Promise<boolean>((resolve) => {
      const headers = { 'Accept-Encoding': 'gzip' };
      get({ port: server.port, host: '127.0.0.1', headers, agent: false }, (response) => {
        response.resume();
        response.on('error', () => undefined);
        response.on('close', () => resolve(response.complete));
      }).on('error', () => resolve(false));
    });
    expect(ended).toBe(false);
  });
});
