import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { holdHead, onHead, transformBody } from '@portcullis/core/response';
import { createReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { bigBody, bigFile, passingSink, seams } from './answers.ts';

afterEach(closeAll);

// Other libraries patch the same methods. These wrappers do what theirs do, as plainly as it can be done.

/** Like on-headers: calls `listener` when the head is written, once. */
const wrapHead =
  (listener: (res: ServerResponse) => void): TestMiddleware =>
  (_req, res, next) => {
    const below = res.writeHead as (...args: unknown[]) => ServerResponse;
    let fired = false;
    res.writeHead = function writeHead(this: ServerResponse, ...args: unknown[]) {
      if (!fired) {
        fired = true;
        listener(this);
      }
      return below.apply(this, args);
    } as ServerResponse['writeHead'];
    next();
  };

const lay =
  (seam: string): TestMiddleware =>
  (_req, res, next) => {
    seams[seam]?.(res, next);
    next();
  };

const answers: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
  end: (res) => res.end('hello'),
  'write and end': async (res) => {
    res.write('he');
    await sleep(2);
    res.end('llo');
  },
  'flushHeaders and end': async (res) => {
    res.flushHeaders();
    await sleep(2);
    res.end('hello');
  },
  'writeHead and end': (res) => res.writeHead(200, { 'X-Made': 'yes' }).end('hello'),
};

describe.each(hostNames)('a writeHead wrapper on %s', (host) => {
  test.each(Object.keys(seams))('sets its header inside and outside of %s', async (seam) => {
    const mark = wrapHead((res) => void res.setHeader('X-Wrapper', 'yes'));
    for (const stack of [
      [mark, lay(seam)],
      [lay(seam), mark],
    ]) {
      for (const answer of Object.keys(answers)) {
        const plain = await listen(host, mark, (_req, res) => answers[answer]?.(res));
        const server = await listen(host, stack, (_req, res) => answers[answer]?.(res));
        const expected = await plain.request('/');
        const response = await server.request('/');
        expect([answer, response.headers['x-wrapper'], response.text]).toEqual([
          answer,
          'yes',
          'hello',
        ]);
        expect(response.headers['content-length']).toBe(expected.headers['content-length']);
        await Promise.all([plain.close(), server.close()]);
      }
    }
  });

  test('mounted inside is seen before gates, hooks and decisions', async () => {
    const order: string[] = [];
    const server = await listen(host, [
      (_req, res, next) => {
        onHead(res, () => void order.push('hook'));
        holdHead(res, () => void order.push('gate'), next);
        transformBody(res, () => {
          order.push('decide');
          return undefined;
        });
        next();
      },
      wrapHead(() => void order.push('wrapper')),
    ]);
    await server.request('/');
    expect(order).toEqual(['wrapper', 'gate', 'hook', 'decide']);
  });

  test('mounted inside may write a held head again, as express-session does, but not another', async () => {
    const seen: unknown[] = [];
    const server = await listen(
      host,
      [lay('a gate that takes 10 ms'), wrapHead(() => {})],
      (_req, res) => {
        res.statusCode = 201;
        res.write('hello');
        seen.push(res.writeHead(201) === res);
        for (const act of [() => res.writeHead(200), () => res.writeHead(201, { 'X-A': '1' })]) {
          expect(act).toThrow(/sent|initiated/);
        }
        res.end();
      },
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([201, 'hello']);
    expect(seen).toEqual([true]);
  });

  test('that throws fails the call that began the answer, and nothing has begun', async () => {
    const server = await listen(
      host,
      [
        lay('a gate that takes 10 ms'),
        wrapHead(() => {
          throw new Error('wrapper failed');
        }),
      ],
      (_req, res) => {
        expect(() => res.end('hello')).toThrow('wrapper failed');
        expect(res.headersSent).toBe(false);
        res.statusCode = 500;
        res.end('error page');
      },
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([500, 'error page']);
  });
});

describe('a wrapper below the seam', () => {
  test('of write hears when the socket is empty, and so does the sink before it', async () => {
    let heard = 0;
    const server = await listen(
      'http',
      [
        (_req, res, next) => {
          const below = res.write as (...args: unknown[]) => boolean;
          res.write = function write(this: ServerResponse, ...args: unknown[]): boolean {
            return below.apply(this, args);
          } as ServerResponse['write'];
          res.on('drain', () => heard++);
          next();
        },
        lay('a sink that passes on'),
      ],
      (_req, res) => createReadStream(bigFile).pipe(res),
    );
    expect((await server.request('/')).body.equals(bigBody)).toBe(true);
    expect(heard).toBeGreaterThan(0);
  });

  test('may call the method it wraps by its name', async () => {
    const server = await listen(
      'http',
      [
        (_req, res, next) => {
          const below = res.end as (...args: unknown[]) => ServerResponse;
          let again = false;
          res.end = function end(this: ServerResponse, ...args: unknown[]): ServerResponse {
            if (again) return below.apply(this, args);
            again = true;
            return this.end(...(args as [string]));
          } as ServerResponse['end'];
          next();
        },
        lay('everything at once'),
      ],
      (_req, res) => res.end('hello'),
    );
    expect((await server.request('/')).text).toBe('hello');
  });

  test('may call the response again from its own end', async () => {
    const server = await listen(
      'http',
      [
        (_req, res, next) => {
          const below = res.end as (...args: unknown[]) => ServerResponse;
          res.end = function end(this: ServerResponse, ...args: unknown[]) {
            this.flushHeaders();
            this.write('wrapped ');
            return below.apply(this, args);
          } as ServerResponse['end'];
          next();
        },
        lay('everything at once'),
      ],
      (_req, res) => res.end('hello'),
    );
    expect((await server.request('/')).text).toBe('wrapped hello');
  });

  test('that throws with the head out gets no second head from us', async () => {
    let hooks = 0;
    const server = await listen(
      'http',
      [
        (_req, res, next) => {
          const below = res.writeHead as (...args: unknown[]) => ServerResponse;
          res.writeHead = function writeHead(this: ServerResponse, ...args: unknown[]) {
            below.apply(this, args);
            throw new Error('wrapper failed');
          } as ServerResponse['writeHead'];
          next();
        },
        (_req, res, next) => {
          onHead(res, () => void hooks++);
          next();
        },
      ],
      (_req, res) => {
        expect(() => res.writeHead(200)).toThrow('wrapper failed');
        expect(() => res.writeHead(500)).toThrow(/sent/);
        res.end('hello');
      },
    );
    expect((await server.request('/')).status).toBe(200);
    expect(hooks).toBe(1);
  });
});

describe('a neighbour that leads drain listeners astray, as compression does', () => {
  /** Registers `drain` on an emitter of its own that never drains. */
  const astray: TestMiddleware = (_req, res, next) => {
    const below = res.on as (event: string, listener: () => void) => ServerResponse;
    res.on = function on(this: ServerResponse, event: string, listener: () => void) {
      return event === 'drain' ? this : below.call(this, event, listener);
    } as ServerResponse['on'];
    next();
  };

  test('does not leave a pipe waiting', async () => {
    const server = await listen(
      'http',
      [
        astray,
        (_req, res, next) => {
          transformBody(res, (_body, out) => ({
            ...passingSink(out),
            // The sink is always ready for more, a moment later.
            write: (chunk) => {
              out.write(chunk);
              setImmediate(() => out.drained());
              return false;
            },
          }));
          holdHead(res, () => sleep(5), next);
          next();
        },
      ],
      (_req, res) => createReadStream(bigFile).pipe(res),
    );
    expect((await server.request('/')).body.equals(bigBody)).toBe(true);
  });

  test('wakes a handler that listens once, once', async () => {
    const called: string[] = [];
    const server = await listen(
      'http',
      [
        astray,
        (_req, res, next) => {
          transformBody(res, (_body, out) => ({
            ...passingSink(out),
            write: (chunk) => {
              out.write(chunk);
              setImmediate(() => out.drained());
              return false;
            },
          }));
          next();
        },
      ],
      (_req, res) => {
        res.write('one ');
        res.once('drain', () => {
          called.push('once');
          res.write('two ');
          res.on('drain', () => {
            called.push('on');
            res.end('three');
          });
        });
      },
    );
    expect((await server.request('/')).text).toBe('one two three');
    expect(called).toEqual(['once', 'on']);
  });

  test('still has its other events', async () => {
    const seen: string[] = [];
    const server = await listen('http', [astray, lay('a gate that takes 10 ms')], (_req, res) => {
      res.end('hello');
      res.on('finish', () => seen.push('finish'));
    });
    await server.request('/');
    expect(seen).toEqual(['finish']);
  });
});
