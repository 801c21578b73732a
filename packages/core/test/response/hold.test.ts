import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { editHead, holdHead, isEnding, onHead } from '@portcullis/core/response';
import type { ServerResponse } from 'node:http';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';

afterEach(closeAll);

const hold =
  (gate: (res: ServerResponse) => void | PromiseLike<void> = () => sleep(10)): TestMiddleware =>
  (_req, res, next) => {
    holdHead(res, gate, next);
    next();
  };

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return 'no error';
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe.each(hostNames)('holdHead on %s', (host) => {
  const sent = host === 'http2' ? 'ERR_HTTP2_HEADERS_SENT' : 'ERR_HTTP_HEADERS_SENT';

  test('runs gates before head hooks, each from the inside out', async () => {
    const order: string[] = [];
    const layer =
      (name: string): TestMiddleware =>
      (_req, res, next) => {
        onHead(res, () => void order.push(`hook ${name}`));
        const gate = async (): Promise<void> => {
          order.push(`gate ${name}`);
          await sleep(2);
          order.push(`gate ${name} open`);
        };
        holdHead(res, gate, next);
        next();
      };
    const server = await listen(host, [layer('outer'), layer('inner')]);
    await server.request('/');
    expect(order).toEqual([
      'gate inner',
      'gate inner open',
      'gate outer',
      'gate outer open',
      'hook inner',
      'hook outer',
    ]);
  });

  test('takes no tick for a gate that returns nothing', async () => {
    let after: unknown;
    const server = await listen(host, [hold(() => {}), hold(() => {})], (_req, res) => {
      res.write('one');
      after = Object.getPrototypeOf(res) && res.headersSent;
      res.end();
    });
    await server.request('/');
    expect(after).toBe(true);
  });

  test('lets a gate change status and headers, before an await by itself and after one through editHead', async () => {
    const server = await listen(
      host,
      hold(async (res) => {
        res.setHeader('X-Early', String(res.getHeader('X-Made')));
        res.statusCode = 202;
        await sleep(2);
        expect(codeOf(() => res.setHeader('X-Late', 'no'))).toBe(sent);
        expect(editHead(res, () => void res.setHeader('X-Late', 'yes'))).toBe(true);
      }),
      (_req, res) => res.writeHead(201, { 'X-Made': 'made' }).end(),
    );
    const response = await server.request('/');
    expect(response.status).toBe(202);
    expect(response.headers).toMatchObject({ 'x-early': 'made', 'x-late': 'yes' });
  });

  test('runs a gate that a gate registered', async () => {
    const order: string[] = [];
    const server = await listen(host, (_req, res, next) => {
      holdHead(res, () => void order.push('outer'), next);
      const gate = async (): Promise<void> => {
        await sleep(1);
        expect(holdHead(res, () => void order.push('registered'), next)).toBe(true);
      };
      holdHead(res, gate, next);
      next();
    });
    await server.request('/');
    expect(order).toEqual(['registered', 'outer']);
  });

  test('refuses a gate from the head hooks on', async () => {
    const late: unknown[] = [];
    const server = await listen(
      host,
      (_req, res, next) => {
        holdHead(res, () => {}, next);
        onHead(res, () => void late.push(holdHead(res, () => {}, next)));
        next();
      },
      (_req, res, next) => {
        res.end();
        late.push(
          holdHead(res, () => {}, next),
          editHead(res, () => late.push('edited')),
        );
      },
    );
    await server.request('/');
    expect(late).toEqual([false, false, false]);
  });

  const beginnings: readonly [string, (res: ServerResponse) => unknown][] = [
    ['writeHead', (res) => res.writeHead(201, { 'X-Made': 'yes' })],
    ['write', (res) => res.write('begun ')],
    ['flushHeaders', (res) => res.flushHeaders()],
    ['end', (res) => res.end('ended')],
  ];

  test.each(beginnings)('reads as begun while %s is held', async (name, begin) => {
    let seen: unknown;
    const server = await listen(host, hold(), async (_req, res) => {
      res.statusCode = 201;
      begin(res);
      seen = {
        headersSent: res.headersSent,
        writableEnded: res.writableEnded,
        writableFinished: res.writableFinished,
        setHeader: codeOf(() => res.setHeader('X-Late', '1')),
        appendHeader: codeOf(() => res.appendHeader('X-Late', '1')),
        removeHeader: codeOf(() => res.removeHeader('X-Late')),
        writeHead: codeOf(() => res.writeHead(500)),
        // Reading is allowed, and so is a status, which Node ignores.
        made: res.getHeader('X-Made'),
      };
      res.statusCode = 599;
      await immediate();
      if (name !== 'end') res.end('ended');
    });
    const response = await server.request('/');
    expect(seen).toEqual({
      headersSent: true,
      writableEnded: name === 'end',
      writableFinished: false,
      setHeader: sent,
      appendHeader: sent,
      removeHeader: sent,
      writeHead: sent,
      made: name === 'writeHead' ? 'yes' : undefined,
    });
    expect(response.status).toBe(201);
    expect(response.headers['x-late']).toBeUndefined();
    expect(response.text).toBe(name === 'write' ? 'begun ended' : 'ended');
  });

  test('reads as finished only when it is', async () => {
    const seen: boolean[][] = [];
    const server = await listen(host, hold(), (_req, res) => {
      const look = (): void => void seen.push([res.writableEnded, res.writableFinished]);
      look();
      res.once('finish', look);
      res.end('hello');
      look();
    });
    await server.request('/');
    await sleep(5);
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  test('asks the handler to wait when a buffer is full, and emits drain once the gate is open', async () => {
    const seen: unknown[] = [];
    let opened = false;
    const server = await listen(
      host,
      hold(async () => {
        await sleep(10);
        opened = true;
      }),
      (_req, res) => {
        const size = res.writableHighWaterMark - 1;
        seen.push(res.write(Buffer.alloc(size, 'a')), res.writableNeedDrain === true);
        const before = res.writableLength;
        seen.push(res.write('bb'), res.writableNeedDrain, res.writableLength - before);
        res.once('drain', () => {
          seen.push(opened, res.writableNeedDrain === true);
          res.end();
        });
      },
    );
    const { body } = await server.request('/');
    expect(seen).toEqual([true, false, false, true, 2, true, false]);
    expect(body.toString('latin1')).toMatch(/^a{16000,}bb$/);
  });

  test('refuses what is neither text nor bytes, at once and as Node does', async () => {
    let seen: unknown;
    const server = await listen(host, hold(), (_req, res) => {
      seen = [
        codeOf(() => res.write(null as never)),
        codeOf(() => res.write(5 as never)),
        codeOf(() => res.write(new DataView(new ArrayBuffer(1)) as never)),
        codeOf(() => res.end({} as never)),
        res.headersSent,
      ];
      res.end('fine');
    });
    expect((await server.request('/')).text).toBe('fine');
    expect(seen).toEqual([
      'ERR_STREAM_NULL_VALUES',
      'ERR_INVALID_ARG_TYPE',
      'ERR_INVALID_ARG_TYPE',
      'ERR_INVALID_ARG_TYPE',
      false,
    ]);
  });

  test('returns what Node returns', async () => {
    let seen: unknown;
    const server = await listen(host, hold(), (_req, res) => {
      seen = [res.writeHead(200) === res, res.write('a'), res.flushHeaders(), res.end('b') === res];
    });
    await server.request('/');
    expect(seen).toEqual([true, true, undefined, true]);
  });
});

describe('gates', () => {
  test('can tell an answer that is complete from one that goes on', async () => {
    const seen: unknown[] = [];
    const server = await listen(
      'http',
      hold((res) => void seen.push(isEnding(res))),
      (req, res) => {
        seen.push(isEnding(res));
        if (req.url === '/write') res.write('hello');
        res.end();
        seen.push(isEnding(res));
      },
    );
    await server.request('/write');
    await server.request('/end');
    expect(seen).toEqual([false, false, true, false, true, true]);
    const bare = await listen('http', [], (_req, res) => {
      seen.push(isEnding(res));
      res.end();
      seen.push(isEnding(res));
    });
    await bare.request('/');
    expect(seen.slice(6)).toEqual([false, true]);
  });

  test('leave a response that Node refused open for another answer', async () => {
    const server = await listen(
      'http',
      hold(() => {}),
      (_req, res) => {
        res.statusMessage = 'a\r\nb';
        expect(codeOf(() => res.end('hello'))).toBe('ERR_INVALID_CHAR');
        expect(isEnding(res)).toBe(false);
        res.statusMessage = '';
        res.statusCode = 500;
        res.end('error page');
      },
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([500, 'error page']);
  });

  test('that are thenables of another library are waited for', async () => {
    const server = await listen('http', (_req, res, next) => {
      const thenable = {
        then: (resolve: () => void) => {
          setTimeout(() => {
            editHead(res, () => void res.setHeader('X-Gate', 'open'));
            resolve();
            resolve();
          }, 2);
        },
      };
      holdHead(res, () => thenable as unknown as PromiseLike<void>, next);
      next();
    });
    const response = await server.request('/');
    expect(response.headers['x-gate']).toBe('open');
  });

  test('do not hold 100 Continue, 102 and 103', async () => {
    const { rawRequest } = await import('@portcullis/testing');
    const server = await listen('http', hold(), (_req, res) => {
      res.writeContinue();
      res.writeProcessing();
      res.writeEarlyHints({ link: '</a.css>; rel=preload' });
      res.end('late');
    });
    const early = await rawRequest(server.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', {
      until: (received) => received.includes('103'),
    });
    expect(early).toMatch(/^HTTP\/1.1 100 Continue[^]*HTTP\/1.1 102 [^]*HTTP\/1.1 103 [^]*preload/);
    expect(early).not.toContain(' 200 ');
  });

  test('change the head of a response that nobody holds', async () => {
    const server = await listen('http', [], (_req, res) => {
      editHead(res, () => void res.setHeader('X-Edited', 'yes'));
      res.end();
      expect(editHead(res, () => {})).toBe(false);
    });
    expect((await server.request('/')).headers['x-edited']).toBe('yes');
  });

  test('read setHeaders as sent, too', async () => {
    let code: unknown;
    const server = await listen(
      'http',
      hold((res) => {
        res.setHeaders(new Map([['X-Gate', 'yes']]));
        return sleep(5);
      }),
      (_req, res) => {
        res.end();
        code = codeOf(() => res.setHeaders(new Map([['X-Late', 'yes']])));
      },
    );
    const response = await server.request('/');
    expect(code).toBe('ERR_HTTP_HEADERS_SENT');
    expect(response.headers['x-gate']).toBe('yes');
    expect(response.headers['x-late']).toBeUndefined();
  });

  test('leave a headersSent alone that a framework has nailed to the response', async () => {
    const server = await listen(
      'http',
      (_req, res, next) => {
        // @fastify/express does this, and answers false long after the head is out.
        Object.defineProperty(res, 'headersSent', { value: false });
        holdHead(res, () => sleep(5), next);
        next();
      },
      (_req, res) => res.writeHead(201).end('ok'),
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([201, 'ok']);
  });
});
