import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { HostName, TestMiddleware } from '@portcullis/testing';
import { holdHead, onDone, onHead, transformBody } from '@portcullis/core/response';
import type { Done } from '@portcullis/core/response';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { passingSink } from './answers.ts';
import { collectWarnings } from './warnings.ts';

afterEach(closeAll);

/** Requests, and leaves once `leave` is called; resolves with what the response told its listeners. */
async function abortWhen(
  host: HostName,
  middleware: TestMiddleware,
  handler: (res: ServerResponse, leave: () => void) => unknown,
): Promise<Done> {
  const controller = new AbortController();
  let tell: (done: Done) => void = () => {};
  const done = new Promise<Done>((resolve) => {
    tell = resolve;
  });
  const watch: TestMiddleware = (_req, res, next) => {
    onDone(res, tell);
    next();
  };
  const server = await listen(host, [watch, middleware], (_req, res) =>
    handler(res, () => controller.abort()),
  );
  await expect(server.request('/', { signal: controller.signal })).rejects.toThrow();
  return done;
}

describe.each(hostNames)('a client on %s that leaves', (host) => {
  test('while a gate is at work costs nothing but the callbacks of its writes', async () => {
    const called: unknown[] = [];
    const gates: string[] = [];
    const done = await abortWhen(
      host,
      (_req, res, next) => {
        holdHead(res, () => void gates.push('outer'), next);
        const gate = async (): Promise<void> => {
          await once(res, 'close');
          await sleep(5);
          gates.push('inner');
        };
        holdHead(res, gate, next);
        onHead(res, () => void gates.push('head'));
        next();
      },
      (res, leave) => {
        res.writeHead(201);
        res.write('a', (error) => void called.push((error as { code?: string }).code));
        res.end('b', () => void called.push('end'));
        setTimeout(leave, 5);
      },
    );
    expect(done).toEqual({ outcome: 'aborted', status: 201 });
    await sleep(40);
    expect(called).toEqual(['ERR_STREAM_DESTROYED']);
    // What the handler answered is committed all the same: a login must not depend on who waits for the page.
    expect(gates).toEqual(['inner', 'outer']);
  });

  test('before anything began leaves the handler to Node', async () => {
    let gate = 0;
    const done = await abortWhen(
      host,
      (_req, res, next) => {
        holdHead(res, () => void gate++, next);
        transformBody(res, (_body, out) => {
          gate += 100;
          return passingSink(out);
        });
        next();
      },
      async (res, leave) => {
        leave();
        await once(res, 'close');
        res.write('nobody');
        res.end('hears this');
      },
    );
    expect(done).toEqual({ outcome: 'aborted', status: 200 });
    await sleep(20);
    expect(gate).toBe(1);
  });

  test('while a sink works closes the sink once', async () => {
    const closed: string[] = [];
    const done = await abortWhen(
      host,
      (_req, res, next) => {
        for (const name of ['outer', 'inner']) {
          transformBody(res, (_body, out) => ({
            ...passingSink(out),
            close: () => void closed.push(name),
          }));
        }
        next();
      },
      (res, leave) => {
        res.write('begun');
        const timer = setInterval(() => res.write('more'), 1);
        res.on('close', () => setTimeout(() => clearInterval(timer), 10));
        setTimeout(leave, 15);
      },
    );
    expect(done.outcome).toBe('aborted');
    await sleep(20);
    expect(closed.toString()).toBe('inner,outer');
  });

  test('after the end was called, with bytes still waiting, is an aborted response', async () => {
    const done = await abortWhen(
      host,
      (_req, res, next) => {
        holdHead(res, () => {}, next);
        next();
      },
      (res, leave) => {
        res.end(Buffer.alloc(50 * 1024 * 1024));
        setTimeout(leave, 1);
      },
    );
    expect(done.outcome).toBe('aborted');
  });
});

describe.each(hostNames)('res.destroy on %s', (host) => {
  test.each(['held', 'in a sink'])('works while the answer is %s', async (state) => {
    let done: Done | undefined;
    const server = await listen(
      host,
      (_req, res, next) => {
        onDone(res, (result) => {
          done = result;
        });
        if (state === 'held') holdHead(res, () => sleep(10), next);
        if (state === 'in a sink') {
          transformBody(res, () => ({
            write: () => true,
            end: () => {},
            flush: () => {},
            close: () => {},
          }));
        }
        next();
      },
      (_req, res) => {
        res.end('hello');
        res.destroy();
      },
    );
    // http2 closes the stream without a word, and the client sees the end of nothing.
    const response = await server.request('/').catch(() => undefined);
    expect(response?.status ?? 0).toBe(0);
    await sleep(20);
    expect(done?.outcome).toBe('aborted');
  });
});

describe('onDone', () => {
  test.each(hostNames)('on %s calls listeners once, the last registered first', async (host) => {
    const log: unknown[] = [];
    const server = await listen(
      host,
      [
        (_req, res, next) => {
          onDone(res, (done) => void log.push('outer', done));
          next();
        },
        (_req, res, next) => {
          onDone(res, () => void log.push('inner'));
          next();
        },
      ],
      (_req, res) => res.writeHead(204).end(),
    );
    await server.request('/');
    await sleep(10);
    expect(log).toEqual(['inner', 'outer', { outcome: 'finished', status: 204 }]);
  });

  test.each(hostNames)('on %s calls a listener that comes after the end', async (host) => {
    const late = new Promise<Done>((resolve) => {
      void listen(host, [], (_req, res) => {
        res.end();
        res.on('close', () => setTimeout(() => onDone(res, resolve), 1));
      }).then((server) => server.request('/'));
    });
    expect(await late).toEqual({ outcome: 'finished', status: 200 });
  });

  test('takes a listener from a listener', async () => {
    const second = new Promise<Done>((resolve) => {
      void listen(
        'http',
        (_req, res, next) => {
          onDone(res, () => onDone(res, resolve));
          next();
        },
        (_req, res) => res.end(),
      ).then((server) => server.request('/'));
    });
    expect((await second).outcome).toBe('finished');
  });

  test('gives the error that the response was destroyed with', async () => {
    const done = new Promise<Done>((resolve) => {
      void listen('http', [], (_req, res) => {
        onDone(res, resolve);
        res.destroy(new Error('gave up'));
      }).then((server) => server.request('/').catch(() => {}));
    });
    expect(await done).toMatchObject({ outcome: 'aborted', error: { message: 'gave up' } });
  });

  test('reports a listener that throws, and calls the others', async () => {
    const warnings = collectWarnings();
    const outer = new Promise<Done>((resolve) => {
      void listen('http', (_req, res, next) => {
        onDone(res, resolve);
        onDone(res, () => {
          throw new Error('no luck');
        });
        next();
      }).then((server) => server.request('/'));
    });
    expect((await outer).outcome).toBe('finished');
    expect(warnings()).toEqual([
      ['ERR_PORTCULLIS_RESPONSE_HOOK', expect.stringContaining('A listener of onDone threw')],
    ]);
  });
});
