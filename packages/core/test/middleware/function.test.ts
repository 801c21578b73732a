import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { functionMiddleware, type Head } from '@portcullis/core';
import type { Done } from '@portcullis/core/response';
import { closeAll, type HostName, hostNames, listen } from '@portcullis/testing';

afterEach(closeAll);

/** Resolves when the event loop has had a few turns. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Warnings are not printed but collected: `CODE message`. */
function collectWarnings(): { readonly list: string[]; readonly restore: () => void } {
  const list: string[] = [];
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation(((
    message: string,
    options: { code: string },
  ) => {
    list.push(`${options.code} ${message}`);
  }) as typeof process.emitWarning);
  return { list, restore: () => spy.mockRestore() };
}

describe.each(hostNames)('functionMiddleware on %s', (host: HostName) => {
  test('unwinds inner first, whatever the inner ones still wait for', async () => {
    const order: string[] = [];
    const layer = (name: string, pause: boolean) =>
      functionMiddleware(async (_ctx, callNext) => {
        order.push(`${name}>`);
        await callNext();
        if (pause) await turns();
        order.push(`<${name}`);
      });
    const server = await listen(host, [layer('A', false), layer('B', true)], (_req, res) => {
      order.push('route');
      res.end('hello');
    });
    expect((await server.request('/')).text).toBe('hello');
    await turns();
    await turns();
    expect(order).toEqual(['A>', 'B>', 'route', '<B', '<A']);
  });

  test('shows what AsyncLocalStorage holds around callNext() to the route', async () => {
    const storage = new AsyncLocalStorage<string>();
    const around = functionMiddleware((_ctx, callNext) => storage.run('inside', () => callNext()));
    const server = await listen(host, around, (_req, res) => res.end(String(storage.getStore())));
    expect((await server.request('/')).text).toBe('inside');
  });

  test.each<[string, string, number, (res: ServerResponse) => unknown]>([
    ['a body', 'GET', 200, (res) => res.end('x')],
    [
      'an empty 304',
      'GET',
      304,
      (res) => {
        res.statusCode = 304;
        res.end();
      },
    ],
    [
      'a HEAD',
      'HEAD',
      201,
      (res) => {
        res.statusCode = 201;
        res.end('x');
      },
    ],
    ['a writeHead', 'GET', 202, (res) => res.writeHead(202).end()],
  ])('tells how %s ended', async (_name, method, status, answer) => {
    const ends: Done[] = [];
    const watch = functionMiddleware(async (_ctx, callNext) => void ends.push(await callNext()));
    const server = await listen(host, watch, (_req, res) => answer(res));
    expect((await server.request('/', { method })).status).toBe(status);
    await turns();
    expect(ends).toEqual([{ outcome: 'finished', status }]);
  });

  test('tells of a client that went away in the middle of a body', async () => {
    let tell: (done: Done) => void = () => undefined;
    const told = new Promise<Done>((resolve) => (tell = resolve));
    const abort = new AbortController();
    const watch = functionMiddleware(async (_ctx, callNext) => tell(await callNext()));
    const server = await listen(host, watch, (_req, res) => {
      res.write('half');
      setTimeout(() => abort.abort(), 20);
    });
    await expect(server.request('/', { signal: abort.signal })).rejects.toThrow();
    expect((await told).outcome).toBe('aborted');
  });

  test('runs onHead hooks inner first, with what writeHead was given', async () => {
    const seen: string[] = [];
    const layer = (name: string) =>
      functionMiddleware(async (ctx, callNext) => {
        ctx.onHead((res) => {
          seen.push(`${name} ${res.statusCode} ${String(res.getHeader('X-Route'))}`);
          res.setHeader(`X-${name}`, '1');
        });
        await callNext();
      });
    const server = await listen(host, [layer('outer'), layer('inner')], (_req, res) =>
      res.writeHead(202, { 'X-Route': 'yes' }).end(),
    );
    const response = await server.request('/');
    expect(seen).toEqual(['inner 202 yes', 'outer 202 yes']);
    expect(response.headers).toMatchObject({ 'x-outer': '1', 'x-inner': '1' });
  });

  test('says which tools to use when a header comes too late', async () => {
    const errors: (Error & { code?: string })[] = [];
    const late = functionMiddleware(async function timing(ctx, callNext) {
      ctx.setHeader('X-Early', '1');
      await callNext();
      for (const act of [() => ctx.setHeader('X-Time', '5'), () => ctx.onHead(() => undefined)]) {
        try {
          act();
        } catch (error) {
          errors.push(error as Error);
        }
      }
    });
    const server = await listen(host, late);
    expect((await server.request('/')).headers['x-early']).toBe('1');
    await turns();
    expect(errors.map(({ code }) => code)).toEqual([
      'ERR_HTTP_HEADERS_SENT',
      'ERR_HTTP_HEADERS_SENT',
    ]);
    expect(errors[0]?.message).toBe(
      `"timing" cannot change "X-Time": the head is out; use ctx.onHead() before callNext(), or await callNext({ until: 'head' }) instead of callNext()`,
    );
  });

  test('hands an error from before callNext() on, thrown or rejected', async () => {
    const failing = [
      functionMiddleware(() => {
        throw new Error('sync');
      }),
      functionMiddleware(async () => {
        await turns();
        throw new Error('async');
      }),
    ];
    for (const [index, fn] of failing.entries()) {
      const outcomes: (Done & { message?: string })[] = [];
      const outer = functionMiddleware(
        async (_ctx, callNext) => void outcomes.push(await callNext()),
      );
      const server = await listen(host, [outer, fn]);
      expect((await server.request('/')).status).toBe(500);
      await turns();
      expect(outcomes).toEqual([
        { outcome: 'finished', status: 500, error: new Error(index === 0 ? 'sync' : 'async') },
      ]);
    }
  });

  test('calls the rest once, and says so the second time', async () => {
    const warnings = collectWarnings();
    let routes = 0;
    const messages: string[] = [];
    const twice = functionMiddleware(
      async (_ctx, callNext) => {
        await callNext();
        void callNext();
        await callNext({ until: 'head' }).catch((error: Error) => messages.push(error.message));
      },
      { name: 'doubling' },
    );
    const server = await listen(host, twice, (_req, res) => {
      routes += 1;
      res.end();
    });
    await server.request('/');
    await turns();
    warnings.restore();
    expect(routes).toBe(1);
    expect(messages).toEqual(['callNext() was called twice in "doubling"']);
    expect(warnings.list).toEqual([
      'ERR_PORTCULLIS_CORE_CALLED_TWICE callNext() was called twice in "doubling"',
    ]);
  });

  test('sends a web Response that is returned', async () => {
    const answer = functionMiddleware((ctx) => {
      ctx.res.setHeader('Vary', 'Origin');
      ctx.res.setHeader('Set-Cookie', 'before=1');
      ctx.res.setHeader('X-Kept', 'yes');
      const body = new ReadableStream({
        start(controller) {
          for (const part of ['one ', 'two ', 'three'])
            controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      });
      const headers = new Headers({ 'Content-Type': 'text/x', Vary: 'Accept' });
      headers.append('Set-Cookie', 'a=1');
      headers.append('Set-Cookie', 'b=2');
      return new Response(body, { status: 418, statusText: 'Short and stout', headers });
    });
    const server = await listen(host, answer);
    const response = await server.request('/');
    expect([response.status, response.text, response.headers['content-type']]).toEqual([
      418,
      'one two three',
      'text/x',
    ]);
    expect(response.headers).toMatchObject({ vary: 'Origin, Accept', 'x-kept': 'yes' });
    expect(response.setCookie).toEqual(['before=1', 'a=1', 'b=2']);
  });

  test('sends a large Response at the pace of the client', async () => {
    const chunk = new Uint8Array(64 * 1024).fill(97);
    let produced = 0;
    const answer = functionMiddleware(async (ctx) => {
      const body = new ReadableStream({
        pull(controller) {
          produced += 1;
          if (produced > 100) controller.close();
          else controller.enqueue(chunk);
        },
      });
      await ctx.respond(new Response(body));
    });
    const server = await listen(host, answer);
    expect((await server.request('/')).body.length).toBe(100 * chunk.length);
  });

  test('sends the head of a Response to HEAD, and bodies that are none', async () => {
    const cancelled: string[] = [];
    const answer = functionMiddleware((ctx) => {
      if (ctx.req.url === '/empty') return new Response(null, { status: 204 });
      const body = new ReadableStream({ cancel: () => void cancelled.push('cancelled') });
      return new Response(body, { headers: { 'X-Head': '1' } });
    });
    const server = await listen(host, answer);
    expect((await server.request('/empty')).status).toBe(204);
    expect((await server.request('/', { method: 'HEAD' })).headers['x-head']).toBe('1');
    expect(cancelled).toEqual(['cancelled']);
  });

  test('turns a Response that fails at once into a proper error, and breaks off a later one', async () => {
    const answer = functionMiddleware((ctx) => {
      if (ctx.req.url === '/used') {
        const used = new Response('x');
        return used.text().then(() => used);
      }
      let parts = 0;
      const body = new ReadableStream({
        pull(controller) {
          parts += 1;
          if (ctx.req.url === '/late' && parts === 1) controller.enqueue(new Uint8Array([97]));
          else controller.error(ctx.req.url === '/late' ? 'no error' : new Error('broken'));
        },
      });
      return new Response(body);
    });
    const server = await listen(host, answer);
    expect((await server.request('/at-once')).status).toBe(500);
    expect((await server.request('/used')).status).toBe(500);
    await expect(server.request('/late')).rejects.toThrow();
  });

  test('stops reading a Response whose client has gone', async () => {
    let cancel: () => void = () => undefined;
    const cancelled = new Promise<void>((resolve) => (cancel = resolve));
    const abort = new AbortController();
    const answer = functionMiddleware(() => {
      const body = new ReadableStream({
        pull: (controller) => {
          controller.enqueue(new Uint8Array(1024 * 1024));
          setTimeout(() => abort.abort(), 20);
        },
        cancel,
      });
      return new Response(body);
    });
    const server = await listen(host, answer);
    await expect(server.request('/', { signal: abort.signal })).rejects.toThrow();
    await cancelled;
  });

  test('shares a state between the functions of a request', async () => {
    const write = functionMiddleware<{ user?: string }>((ctx, callNext) => {
      ctx.state.user = 'ada';
      return callNext();
    });
    const read = functionMiddleware<{ user?: string }>((ctx) => new Response(ctx.state.user));
    const server = await listen(host, [write, read]);
    expect((await server.request('/')).text).toBe('ada');
  });

  test('ignores other return values, and tells of the end through ctx.onDone', async () => {
    const ends: Done[] = [];
    const fn = functionMiddleware((ctx, callNext) => {
      ctx.onDone((done) => ends.push(done));
      void callNext();
      return 'ignored';
    });
    const server = await listen(host, fn);
    expect((await server.request('/')).text).toBe('hello');
    await turns();
    expect(ends).toEqual([{ outcome: 'finished', status: 200 }]);
  });
});

describe('A function that fails late', () => {
  test('is reported once, and the answer is left alone', async () => {
    const warnings = collectWarnings();
    const fn = functionMiddleware(async function audit(_ctx, callNext) {
      await callNext();
      throw new Error('the log is full');
    });
    const server = await listen('http', fn);
    expect((await server.request('/')).text).toBe('hello');
    expect((await server.request('/')).text).toBe('hello');
    await turns();
    warnings.restore();
    expect(warnings.list).toEqual([
      'ERR_PORTCULLIS_CORE_LATE_ERROR "audit" failed after it had handed the request on: the log is full',
    ]);
  });

  test('leaves the rest of the application to answer when it has handed the request on', async () => {
    const warnings = collectWarnings();
    const fn = functionMiddleware((_ctx, callNext) => {
      void callNext();
      throw 'not an error';
    });
    const server = await listen(
      'http',
      fn,
      (_req, res) => void setTimeout(() => res.end('later'), 10),
    );
    expect((await server.request('/')).text).toBe('later');
    warnings.restore();
    expect(warnings.list[0]).toContain('"an anonymous function" failed after it had handed');
  });

  test('breaks off a body that is half sent', async () => {
    const warnings = collectWarnings();
    const fn = functionMiddleware(async (_ctx, callNext) => {
      void callNext();
      await turns();
      throw new Error('half way');
    });
    const server = await listen('http', fn, (_req, res) => res.write('half'));
    await expect(server.request('/')).rejects.toThrow();
    warnings.restore();
  });

  test('with nothing is a failure all the same', async () => {
    const fn = functionMiddleware(() => Promise.reject());
    const server = await listen('http', fn);
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([500, 'A middleware failed with nothing']);
  });
});

describe('A Response that cannot be sent', () => {
  test.each<[string, Parameters<typeof functionMiddleware>[0], string]>([
    [
      'after callNext()',
      async (_ctx, callNext) => {
        await callNext();
        return new Response('ignored');
      },
      'handed the request on',
    ],
    [
      'after an answer',
      (ctx) => {
        ctx.res.end('hello');
        return new Response(null);
      },
      'answered',
    ],
  ])('%s is dropped with a warning', async (_name, fn, reason) => {
    const warnings = collectWarnings();
    const server = await listen('http', functionMiddleware(fn, { name: 'tail' }));
    expect((await server.request('/')).text).toBe('hello');
    await turns();
    warnings.restore();
    expect(warnings.list).toEqual([
      `ERR_PORTCULLIS_CORE_RESPONSE_IGNORED "tail" returned a Response after it had ${reason}; it was not sent`,
    ]);
  });
});

describe('A Response for a client that has gone', () => {
  test('is dropped in silence', async () => {
    const warnings = collectWarnings();
    const abort = new AbortController();
    let cancel: () => void = () => undefined;
    const cancelled = new Promise<void>((resolve) => (cancel = resolve));
    const fn = functionMiddleware(async (ctx) => {
      const gone = new Promise((resolve) => ctx.onDone(resolve));
      setTimeout(() => abort.abort(), 10);
      await gone;
      return new Response(new ReadableStream({ cancel }));
    });
    const server = await listen('http', fn);
    await expect(server.request('/', { signal: abort.signal })).rejects.toThrow();
    await cancelled;
    warnings.restore();
    expect(warnings.list).toEqual([]);
  });
});

describe('A function that does nothing', () => {
  const silent = function silent(): void {};

  test('is warned of in debug, with its name and the path without the query', async () => {
    const warnings = collectWarnings();
    jest.useFakeTimers({
      doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'],
    });
    try {
      const server = await listen('http', [functionMiddleware(silent, { debug: true })]);
      const abort = new AbortController();
      const request = server.request('/stuck?token=hunter2', { signal: abort.signal });
      while (jest.getTimerCount() === 0) await turns();
      jest.advanceTimersByTime(5000);
      abort.abort();
      await expect(request).rejects.toThrow();
    } finally {
      jest.useRealTimers();
      warnings.restore();
    }
    expect(warnings.list).toEqual([
      'ERR_PORTCULLIS_CORE_NO_ANSWER "silent" has neither called callNext() nor answered GET /stuck for 5 s',
    ]);
  });

  test('is not warned of when it has handed the request on', async () => {
    const warnings = collectWarnings();
    jest.useFakeTimers({
      doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'],
    });
    try {
      const fn = functionMiddleware((_ctx, callNext) => void callNext(), { debug: true });
      const server = await listen('http', fn);
      await server.request('/');
      jest.advanceTimersByTime(5000);
    } finally {
      jest.useRealTimers();
      warnings.restore();
    }
    expect(warnings.list).toEqual([]);
  });

  test('leaves no timer without debug, and has the name that it was given', () => {
    expect(functionMiddleware(silent).name).toBe('silent');
    expect(functionMiddleware(silent, { name: 'other' }).name).toBe('other');
  });
});

describe('The types', () => {
  test('of the two ways to wait differ', () => {
    functionMiddleware(async (_ctx, callNext) => {
      const done: Done = await callNext();
      const head: Head = await callNext({ until: 'head' });
      return [done, head];
    });
    expect(functionMiddleware(() => undefined)).toBeInstanceOf(Function);
  });
});
