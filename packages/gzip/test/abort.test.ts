import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import zlib from 'node:zlib';
import type { GzipDecision } from '../src/index.ts';
import { createMiddleware } from '../src/middleware.ts';
import { gzipOptions } from '../src/options.ts';
import { createSettings } from '../src/settings.ts';
import { replaceZlib, restoreZlib } from './replaced-zlib.ts';
import { ask, plainText, sample, serve } from './serve.ts';

const faults: unknown[] = [];
const note = (fault: unknown): number => faults.push(fault);

beforeAll(() => {
  process.on('uncaughtExceptionMonitor', note);
});

afterAll(() => {
  process.off('uncaughtExceptionMonitor', note);
});

afterEach(async () => {
  jest.restoreAllMocks();
  restoreZlib();
  await closeAll();
  expect(faults.splice(0)).toEqual([]);
});

async function request(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n');
  return socket;
}

interface Remote {
  readonly handler: TestMiddleware;
  readonly response: Promise<ServerResponse>;
}

function remote(): Remote {
  let arrived: (res: ServerResponse) => void = () => undefined;
  const response = new Promise<ServerResponse>((resolve) => (arrived = resolve));
  return {
    response,
    handler: (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.on('error', () => undefined);
      arrived(res);
    },
  };
}

/** Every gzip stream made from now on. */
function watchStreams(): zlib.Gzip[] {
  const streams: zlib.Gzip[] = [];
  const { createGzip } = zlib;
  replaceZlib('createGzip', (options: zlib.ZlibOptions) => {
    const stream = createGzip(options);
    streams.push(stream);
    return stream;
  });
  return streams;
}

describe('a client that leaves', () => {
  test('before the first byte: no codec is made', async () => {
    const streams = watchStreams();
    const { handler, response } = remote();
    const server = await serve({}, handler);
    const socket = await request(server.port);
    const res = await response;
    socket.destroy();
    await once(res, 'close');
    res.write('too late');
    res.end();
    await sleep(10);
    expect(streams).toEqual([]);
  });

  test('while the first bytes are held: no codec is made', async () => {
    const streams = watchStreams();
    const seen: string[] = [];
    const listener = (message: unknown): number => seen.push((message as GzipDecision).reason);
    subscribe('portcullis:gzip:decision', listener);
    const { handler, response } = remote();
    const server = await serve({}, handler);
    const socket = await request(server.port);
    const res = await response;
    res.writeHead(200);
    socket.destroy();
    await once(res, 'close');
    res.write('too late');
    await sleep(10);
    unsubscribe('portcullis:gzip:decision', listener);
    expect(streams).toEqual([]);
    expect(seen).toEqual(['aborted']);
  });

  test('in mid-stream: the codec is freed', async () => {
    const streams = watchStreams();
    const { handler, response } = remote();
    const server = await serve({}, handler);
    const socket = await request(server.port);
    const res = await response;
    res.flushHeaders();
    res.write(sample(2000));
    await once(socket, 'data');
    socket.destroy();
    await once(res, 'close');
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true]);
    res.write('too late');
    res.end();
    await sleep(10);
  });

  test('while the stream waits for it to read: the codec is freed', async () => {
    const streams = watchStreams();
    const { handler, response } = remote();
    const server = await serve({ compressLevel: 1 }, handler);
    const socket = await request(server.port);
    socket.pause();
    const res = await response;
    res.flushHeaders();
    const noise = Buffer.from(
      Array.from({ length: 400_000 }, (_, i) => (i * i * 31 + i * 7) % 251),
    );
    while (res.write(noise)) await sleep(1);
    for (let i = 0; i < 40; i++) res.write(noise);
    await sleep(50);
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([false]);
    socket.destroy();
    await once(res, 'close');
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  test('while the thread pool works: the result is dropped and the stream used again', async () => {
    const streams = watchStreams();
    const settings = createSettings(gzipOptions.resolve({ syncBudget: 0 }).options);
    const { handler, response } = remote();
    const first = await listen('http', createMiddleware(settings), handler);
    const socket = await request(first.port);
    const res = await response;
    res.end(sample(3_000_000));
    expect(settings.jobs.size).toBe(1);
    socket.destroy();
    await once(res, 'close');
    while (settings.jobs.size > 0) await sleep(2);
    const second = await listen('http', createMiddleware(settings), (_req, other) => {
      other.setHeader('Content-Type', 'text/plain');
      other.end(sample(1000));
    });
    expect(plainText(await ask(second))).toBe(sample(1000));
    expect(streams).toHaveLength(2);
  });

  test('while its job waits: it is never started', async () => {
    const settings = createSettings(gzipOptions.resolve({ syncBudget: 0 }).options);
    const release: (() => void)[] = [];
    for (let i = 0; i < 3; i++) {
      settings.jobs.add({
        bytes: 1,
        isCancelled: () => false,
        start: (done) => release.push(done),
      });
    }
    const streams = watchStreams();
    const { handler, response } = remote();
    const server = await listen('http', createMiddleware(settings), handler);
    const socket = await request(server.port);
    const res = await response;
    res.end(sample(10_000));
    socket.destroy();
    await once(res, 'close');
    for (const done of release) done();
    await sleep(10);
    expect(streams).toEqual([]);
    expect(settings.jobs.size).toBe(0);
  });

  test('after everything was sent: the codec is freed', async () => {
    const streams = watchStreams();
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/event-stream');
      res.write('data: x\n\n');
      res.end();
    });
    expect(plainText(await ask(server))).toBe('data: x\n\n');
    await sleep(5);
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true]);
  });
});

test('res.destroy() of the handler breaks the response off', async () => {
  const streams = watchStreams();
  const { handler, response } = remote();
  const server = await serve({}, handler);
  const socket = await request(server.port);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const res = await response;
  res.flushHeaders();
  res.write(sample(2000));
  await sleep(20);
  res.destroy();
  await Promise.all([once(socket, 'close'), once(res, 'close')]);
  expect(text).toMatch(/content-encoding: gzip/i);
  expect(text.endsWith('0\r\n\r\n')).toBe(false);
  expect(streams.every(({ destroyed }) => destroyed)).toBe(true);
});
