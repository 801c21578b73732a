import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { holdHead, transformBody } from '@portcullis/core/response';
import type { BodyOutput, DecideBody } from '@portcullis/core/response';
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { bigBody, bigFile, passingSink } from './answers.ts';
import { collectWarnings } from './warnings.ts';

afterEach(closeAll);

const transform =
  (decide: DecideBody): TestMiddleware =>
  (_req, res, next) => {
    transformBody(res, decide);
    next();
  };

describe.each(hostNames)('a body sink on %s', (host) => {
  test('reports an edit that throws, and sends the head without it', async () => {
    const warnings = collectWarnings();
    const server = await listen(
      host,
      transform((_body, out) => ({
        ...passingSink(out),
        end: (chunk, callback) => {
          out.sendHead(() => {
            throw new Error('no luck');
          });
          out.end(chunk, callback);
        },
      })),
    );
    expect((await server.request('/')).text).toBe('hello');
    expect(warnings()).toEqual([
      ['ERR_PORTCULLIS_RESPONSE_HOOK', expect.stringContaining('An edit of the head threw')],
    ]);
  });

  test('tells a handler to go on once, and not after its end', async () => {
    let drains = 0;
    const server = await listen(
      host,
      transform((_body, out) => ({
        ...passingSink(out),
        write: (chunk) => {
          out.write(chunk);
          return false;
        },
        end: (chunk, callback) => {
          out.drained();
          out.end(chunk, callback);
        },
      })),
      (_req, res) => {
        res.on('drain', () => drains++);
        res.write('one ');
        res.end('two');
      },
    );
    expect((await server.request('/')).text).toBe('one two');
    expect(drains).toBe(0);
  });

  test('says itself when the handler may go on, whatever the socket says', async () => {
    const seen: string[] = [];
    const server = await listen(
      host,
      transform((_body, out) => {
        out.onDrain(() => {
          if (seen.length > 0) return;
          seen.push('the socket is empty');
          setTimeout(() => {
            seen.push('the sink is empty');
            out.drained();
          }, 20);
        });
        return {
          write: (chunk) => {
            out.write(chunk);
            return false;
          },
          end: (chunk, callback) => out.end(chunk, callback),
          flush: () => {},
          close: () => {},
        };
      }),
      (_req, res) => {
        res.on('drain', () => {
          seen.push('drain');
          res.end();
        });
        res.write(bigBody);
      },
    );
    expect((await server.request('/')).body.length).toBe(bigBody.length);
    expect(seen.slice(0, 3)).toEqual(['the socket is empty', 'the sink is empty', 'drain']);
  });

  test('reports a decision that throws, and leaves the body alone', async () => {
    const warnings = collectWarnings();
    const server = await listen(
      host,
      [
        transform(() => {
          throw new Error('no luck');
        }),
        transform((body) => (body.whole ? undefined : Buffer.from('half'))),
      ],
      (_req, res) => {
        res.write('one ');
        res.end('two');
      },
    );
    expect((await server.request('/')).text).toBe('one two');
    expect(warnings()).toEqual([
      ['ERR_PORTCULLIS_RESPONSE_HOOK', expect.stringContaining('return a sink')],
      ['ERR_PORTCULLIS_RESPONSE_HOOK', expect.stringContaining('no luck')],
    ]);
  });

  test.each(['write', 'end', 'flush'] as const)(
    'breaks the response off when a sink throws in %s',
    async (method) => {
      const warnings = collectWarnings();
      const server = await listen(
        host,
        transform((_body, out) => ({
          ...passingSink(out),
          [method]: () => {
            throw new Error('codec failed');
          },
        })),
        (_req, res) => {
          res.write('one ');
          res.flushHeaders();
          res.end('two');
        },
      );
      await expect(server.request('/')).rejects.toThrow();
      expect(warnings()).toEqual([
        ['ERR_PORTCULLIS_RESPONSE_HOOK', expect.stringContaining('codec failed')],
      ]);
    },
  );

  test('never ends a broken body well', async () => {
    const server = await listen(
      host,
      transform((_body, out) => ({
        ...passingSink(out),
        end: () => out.destroy(),
      })),
      async (_req, res) => {
        res.write('one ');
        await sleep(5);
        res.end('two');
      },
    );
    await expect(server.request('/')).rejects.toThrow();
  });

  test('tells a sink what the response was destroyed with', async () => {
    const closed = new Promise<unknown>((resolve) => {
      void listen(
        'http',
        transform((_body, out) => ({ ...passingSink(out), close: resolve })),
        (_req, res) => {
          res.write('one');
          res.destroy(new Error('gave up'));
        },
      ).then((server) => server.request('/').catch(() => {}));
    });
    expect(await closed).toMatchObject({ message: 'gave up' });
  });

  test('closes a sink once, also after a normal end, and survives a close that throws', async () => {
    const warnings = collectWarnings();
    let closed = 0;
    const server = await listen(
      host,
      transform((_body, out) => ({
        ...passingSink(out),
        close: () => {
          closed++;
          throw new Error('cannot close');
        },
      })),
      (_req, res) => res.end('body'),
    );
    expect((await server.request('/')).text).toBe('body');
    await sleep(10);
    expect(closed).toBe(1);
    expect(warnings()).toHaveLength(1);
  });

  test('lets bytes through a slow sink with backpressure: 3 MB, piped', async () => {
    let most = 0;
    const server = await listen(
      host,
      transform((_body, out) => {
        const queue: Buffer[] = [];
        let ending: (() => void) | undefined;
        const pump = (): void => {
          const chunk = queue.shift();
          if (chunk !== undefined) {
            out.write(chunk);
            setImmediate(pump);
            if (queue.length === 0) out.drained();
          } else ending?.();
        };
        return {
          write: (chunk) => {
            if (queue.push(chunk) === 1) setImmediate(pump);
            most = Math.max(most, queue.length);
            return false;
          },
          end: (_chunk, callback) => {
            ending = () => {
              ending = undefined;
              out.end(undefined, callback);
            };
            if (queue.length === 0) setImmediate(pump);
          },
          flush: () => {},
          close: () => {},
        };
      }),
      (_req, res) => createReadStream(bigFile).pipe(res),
    );
    const { body } = await server.request('/');
    expect(body.equals(bigBody)).toBe(true);
    expect(most).toBeLessThan(20);
  });

  test.each([true, false])(
    'may put bytes out after the client has left (some were out before: %s)',
    async (before) => {
      const controller = new AbortController();
      let opened = 0;
      const outer = transform((_body, out) => {
        opened++;
        return passingSink(out);
      });
      let finish = (_accepted: unknown): void => {};
      const accepted = new Promise<unknown>((resolve) => {
        finish = resolve;
      });
      const late = transform((_body, out) => ({
        ...passingSink(out),
        write: (chunk) => {
          if (before) out.write(chunk);
          return true;
        },
        close: () => {
          setTimeout(() => {
            finish(out.write(Buffer.from('late')));
            out.sendHead();
            out.end();
          }, 5);
        },
      }));
      const server = await listen(host, [outer, late], (_req, res) => {
        res.write('early');
        setTimeout(() => controller.abort(), 5);
      });
      await expect(server.request('/', { signal: controller.signal })).rejects.toThrow();
      expect(await accepted).toBe(false);
      expect(opened).toBe(before ? 1 : 0);
    },
  );

  test('that puts its bytes out in a callback breaks the response off when Node refuses the head', async () => {
    const warnings = collectWarnings();
    for (const put of [
      (out: BodyOutput) => void out.write(Buffer.from('late')),
      (out: BodyOutput) => out.end(Buffer.from('late')),
      (out: BodyOutput) => out.sendHead(),
    ]) {
      const server = await listen(
        'http',
        transform((_body, out) => ({
          ...passingSink(out),
          end: () => void setTimeout(() => put(out), 2),
        })),
        (_req, res) => {
          res.statusMessage = 'a\r\nb';
          res.end('hello');
        },
      );
      await expect(server.request('/')).rejects.toThrow();
    }
    expect(warnings()).toEqual(
      Array.from({ length: 3 }, () => [
        'ERR_PORTCULLIS_RESPONSE_HOOK',
        expect.stringContaining('Invalid character in statusMessage'),
      ]),
    );
  });

  test('that is ready at once wakes a handler that waited for a gate', async () => {
    const server = await listen(
      host,
      [
        transform((_body, out) => ({
          ...passingSink(out),
          write: (chunk) => {
            out.write(chunk);
            return true;
          },
        })),
        (_req, res, next) => {
          holdHead(res, () => sleep(5), next);
          next();
        },
      ],
      (_req, res) => {
        expect(res.write(Buffer.alloc(100_000))).toBe(false);
        res.once('drain', () => res.end('end'));
      },
    );
    expect((await server.request('/')).body.length).toBe(100_003);
  });

  test('may have several listeners for a way down that has emptied', async () => {
    const seen: string[] = [];
    const server = await listen(
      host,
      transform((_body, out) => {
        out.onDrain(() => seen.push('one'));
        out.onDrain(() => seen.push('two'));
        return passingSink(out);
      }),
      (_req, res) => createReadStream(bigFile).pipe(res),
    );
    expect((await server.request('/')).body.length).toBe(bigBody.length);
    expect(seen.slice(0, 2)).toEqual(['one', 'two']);
  });
});
