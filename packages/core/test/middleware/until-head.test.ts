import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { functionMiddleware } from '@portcullis/core';
import type { Done } from '@portcullis/core/response';
import { closeAll, type HostName, hostNames, listen } from '@portcullis/testing';

afterEach(closeAll);

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Adds a header after asynchronous work, when the head is ready. */
const stamp = functionMiddleware(async function stamp(_ctx, callNext) {
  const head = await callNext({ until: 'head' });
  await pause();
  head.setHeader('X-Status', String(head.status));
});

interface ExpressResponse extends ServerResponse {
  json(value: unknown): void;
  redirect(path: string): void;
  sendFile(path: string): void;
}

const folder = mkdtempSync(join(tmpdir(), 'portcullis-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'file.txt');
writeFileSync(file, 'from a file');

describe.each(['express5', 'express4'] as const)("callNext({ until: 'head' }) on %s", (host) => {
  test.each<[string, (res: ExpressResponse) => unknown, number, string]>([
    ['json', (res) => res.json({ a: 1 }), 200, '{"a":1}'],
    ['a redirect', (res) => res.redirect('/x'), 302, 'Found. Redirecting to /x'],
    ['a file', (res) => res.sendFile(file), 200, 'from a file'],
  ])('holds the head of %s', async (_name, answer, status, body) => {
    const server = await listen(host, stamp, (_req, res) => answer(res as ExpressResponse));
    const response = await server.request('/');
    expect([response.status, response.text, response.headers['x-status']]).toEqual([
      status,
      body,
      String(status),
    ]);
  });

  test('holds the head of a 404 and of an error page', async () => {
    const server = await listen(host, stamp, (req, _res, next) =>
      next(req.url === '/error' ? new Error('x') : undefined),
    );
    expect((await server.request('/')).headers['x-status']).toBe('404');
    expect((await server.request('/error')).headers['x-status']).toBe('500');
  });
});

describe.each(hostNames)("callNext({ until: 'head' }) on %s", (host: HostName) => {
  test.each<[string, (res: ServerResponse) => unknown, number, number]>([
    ['a body', (res) => res.end('hello'), 200, 5],
    [
      'a pipe of 3 MB',
      (res) => Readable.from(Array.from({ length: 48 }, () => Buffer.alloc(65_536))).pipe(res),
      200,
      48 * 65_536,
    ],
    ['a writeHead', (res) => res.writeHead(201, { 'X-A': '1' }).end('x'), 201, 1],
    ['a 204', (res) => res.writeHead(204).end(), 204, 0],
    [
      'an event stream',
      (res) => {
        res.setHeader('Content-Type', 'text/event-stream');
        res.flushHeaders();
        res.write('data: 1\n\n');
        setTimeout(() => res.end('data: 2\n\n'), 10);
      },
      200,
      18,
    ],
  ])('holds the head of %s, and loses nothing', async (_name, answer, status, length) => {
    const server = await listen(host, stamp, (_req, res) => answer(res));
    const response = await server.request('/');
    expect([response.status, response.body.length, response.headers['x-status']]).toEqual([
      status,
      length,
      String(status),
    ]);
  });

  test('reads and changes status and headers after asynchronous work', async () => {
    const change = functionMiddleware(async (_ctx, callNext) => {
      const head = await callNext({ until: 'head' });
      await pause();
      expect(head.getHeader('X-Old')).toBe('1');
      head.removeHeader('X-Old');
      head.appendHeader('Set-Cookie', 'a=1');
      head.appendHeader('Set-Cookie', ['b=2', 'c=3']);
      head.status = 203;
    });
    const server = await listen(host, change, (_req, res) => {
      res.setHeader('X-Old', '1');
      res.end('hello');
    });
    const response = await server.request('/');
    expect([response.status, response.headers['x-old'], response.text]).toEqual([
      203,
      undefined,
      'hello',
    ]);
    expect(response.setCookie).toEqual(['a=1', 'b=2', 'c=3']);
  });

  test('lets the head go on send(), which tells of the end', async () => {
    const ends: Done[] = [];
    const fn = functionMiddleware(async function sender(_ctx, callNext) {
      const head = await callNext({ until: 'head' });
      head.setHeader('X-Sent', '1');
      ends.push(await head.send());
      expect(() => head.setHeader('X-Late', '1')).toThrow(
        '"sender" cannot change "X-Late": the head is out',
      );
      expect(() => (head.status = 500)).toThrow('cannot change the status');
    });
    const server = await listen(host, fn);
    expect((await server.request('/')).headers).toMatchObject({ 'x-sent': '1' });
    await pause();
    expect(ends).toEqual([{ outcome: 'finished', status: 200 }]);
  });

  test('discards the answer and fails the request when the function throws meanwhile', async () => {
    const outcomes: Done[] = [];
    const outer = functionMiddleware(
      async (_ctx, callNext) => void outcomes.push(await callNext()),
    );
    const failing = functionMiddleware(async (_ctx, callNext) => {
      const head = await callNext({ until: 'head' });
      await pause();
      head.setHeader('X-Half', '1');
      throw new Error('the store is down');
    });
    const server = await listen(host, [outer, failing], (_req, res) => {
      res.setHeader('Set-Cookie', 'secret=1');
      res.end('the answer');
    });
    const response = await server.request('/');
    expect(response.status).toBe(500);
    expect(response.text).not.toContain('the answer');
    expect(response.setCookie).toEqual([]);
    await pause();
    expect(outcomes[0]).toMatchObject({ status: 500, error: new Error('the store is down') });
  });

  test('holds inner functions first', async () => {
    const order: string[] = [];
    const layer = (name: string) =>
      functionMiddleware(async (_ctx, callNext) => {
        const head = await callNext({ until: 'head' });
        await pause();
        order.push(name);
        head.setHeader('X-Last', name);
      });
    const server = await listen(host, [layer('outer'), layer('inner')]);
    expect((await server.request('/')).headers['x-last']).toBe('outer');
    expect(order).toEqual(['inner', 'outer']);
  });

  test('needs no await: returning lets the head go', async () => {
    const fn = functionMiddleware((_ctx, callNext) => void callNext({ until: 'head' }));
    const server = await listen(host, fn);
    expect((await server.request('/')).text).toBe('hello');
  });

  test('rejects when the client goes before there is a head, without a warning', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    let tell: (error: Error) => void = () => undefined;
    const told = new Promise<Error>((resolve) => (tell = resolve));
    const abort = new AbortController();
    const fn = functionMiddleware(async (_ctx, callNext) => {
      try {
        await callNext({ until: 'head' });
      } catch (error) {
        tell(error as Error);
        throw error;
      }
    });
    const server = await listen(host, fn, () => void setTimeout(() => abort.abort(), 10));
    await expect(server.request('/', { signal: abort.signal })).rejects.toThrow();
    expect((await told).message).toBe('The response was over before it had a head');
    await pause();
    expect(warnings).not.toHaveBeenCalled();
    warnings.mockRestore();
  });
});

describe("callNext({ until: 'head' }) that comes too late", () => {
  test('after the head rejects with the reason', async () => {
    const messages: string[] = [];
    const fn = functionMiddleware(async (ctx, callNext) => {
      ctx.res.write('x');
      await callNext({ until: 'head' }).catch((error: Error) => messages.push(error.message));
    });
    const server = await listen('http', fn);
    await server.request('/');
    expect(messages[0]).toContain('cannot change the head: the head is out');
  });

  test('fails a function that does not expect it, and breaks off the body', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const fn = functionMiddleware(async (ctx, callNext) => {
      ctx.res.write('x');
      await callNext({ until: 'head' });
    });
    const server = await listen('http', fn, (_req, res) => res.write('half'));
    await expect(server.request('/')).rejects.toThrow();
    expect(String(warnings.mock.calls[0]?.[0])).toContain('cannot change the head');
    warnings.mockRestore();
  });

  test('after the client has gone still ends', async () => {
    const abort = new AbortController();
    let tell: (ended: unknown) => void = () => undefined;
    const told = new Promise((resolve) => (tell = resolve));
    const fn = functionMiddleware(async (ctx, callNext) => {
      const gone = new Promise<Done>((resolve) => ctx.onDone(resolve));
      setTimeout(() => abort.abort(), 10);
      await gone;
      tell(await callNext());
    });
    const server = await listen('http', fn);
    await expect(server.request('/', { signal: abort.signal })).rejects.toThrow();
    expect(await told).toMatchObject({ outcome: 'aborted' });
  });

  test('an error after send() breaks off the body, and is reported', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const fn = functionMiddleware(async (_ctx, callNext) => {
      const head = await callNext({ until: 'head' });
      void head.send();
      await pause();
      throw new Error('half way');
    });
    const server = await listen('http', fn, (_req, res) => res.write('half'));
    await expect(server.request('/')).rejects.toThrow();
    expect(String(warnings.mock.calls[0]?.[0])).toContain('half way');
    warnings.mockRestore();
  });

  test('an error after the end of a held response is only reported', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const fn = functionMiddleware(async (_ctx, callNext) => {
      const head = await callNext({ until: 'head' });
      await head.send();
      throw new Error('after all');
    });
    const server = await listen('http', fn);
    expect((await server.request('/')).text).toBe('hello');
    await pause();
    expect(warnings.mock.calls.map(([message]) => String(message))).toEqual([
      '"an anonymous function" failed after it had handed the request on: after all',
    ]);
    warnings.mockRestore();
  });
});
