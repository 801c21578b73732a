import { afterEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { runUpgrade } from '../src/index.ts';
import type { UpgradeMiddleware, UpgradeStack } from '../src/index.ts';
import {
  closeServers,
  eventually,
  handshake,
  listenUpgrade,
  openClient,
  sleep,
  start,
} from './server.ts';

afterEach(closeServers);

type Next = (error?: unknown) => void;

async function answerOf(...stack: readonly UpgradeMiddleware[]): Promise<string> {
  const { port } = await listenUpgrade(stack);
  return rawRequest(port, handshake());
}

async function answerOfAll(stack: UpgradeStack): Promise<string> {
  const { port } = await listenUpgrade(stack);
  return rawRequest(port, handshake());
}

const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

describe('a stack that fails', () => {
  test.each<[string, UpgradeMiddleware]>([
    ['throws', () => { throw new Error('secret'); }], // prettier-ignore
    ['rejects', async () => Promise.reject(new Error('secret'))],
    ['rejects without a reason', async () => Promise.reject()], // oxlint-disable-line prefer-promise-reject-errors
    ['throws later', async () => { await sleep(2); throw new Error('secret'); }], // prettier-ignore
    ['calls next(error)', (_req, _res, next) => next(new Error('secret'))],
    ['calls next with a string', (_req, _res, next) => next('secret')],
    ['throws a string', () => { throw 'secret'; }], // prettier-ignore
  ])('answers 500 without the message when a middleware %s', async (_name, stack) => {
    const answer = await answerOf(stack);
    expect(answer).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(answer).toContain('X-Content-Type-Options: nosniff\r\n');
    expect(bodyOf(answer)).toBe('Internal Server Error');
  });

  test('answers with status, exposed message and headers of the error, and drops the others', async () => {
    const answer = await answerOf((_req, res, next) => {
      res.setHeader('Cache-Control', 'public');
      next(
        Object.assign(new Error('log in first'), {
          status: 401,
          expose: true,
          headers: { 'WWW-Authenticate': 'Basic', 'X-Bad': 'a\r\nb', 'X-None': undefined },
        }),
      );
    });
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).toContain('WWW-Authenticate: Basic\r\n');
    expect(answer).not.toMatch(/Cache-Control|X-Bad|X-None/);
    expect(bodyOf(answer)).toBe('log in first');
  });

  test('reads statusCode as well, and keeps a hidden message to itself', async () => {
    const error = Object.assign(new Error('row 7'), { statusCode: 409, expose: false });
    const answer = await answerOf((_req, _res, next) => next(error));
    expect(answer).toMatch(/^HTTP\/1\.1 409 Conflict\r\n/);
    expect(bodyOf(answer)).toBe('Conflict');
  });

  test.each([200, 302, 600, '403', Number.NaN])(
    'answers 500 to an error whose status is %p',
    async (status) => {
      const error = Object.assign(new Error('x'), { status, headers: { 'X-No': '1' } });
      const answer = await answerOf((_req, _res, next) => next(error));
      expect(answer).toMatch(/^HTTP\/1\.1 500 /);
      expect(answer).not.toContain('X-No');
    },
  );

  test('answers with a status that has no name', async () => {
    const answer = await answerOf((_req, _res, next) => next({ status: 499 }));
    expect(bodyOf(answer)).toBe('Error 499');
  });

  test('tells onError what is 500 or more, and the outcome everything', async () => {
    const { port, errors, outcomes } = await listenUpgrade((req, _res, next) => {
      next(Object.assign(new Error(req.url), { status: Number(req.url?.slice(1)) }));
    });
    await rawRequest(port, handshake({}, 'GET /403 HTTP/1.1'));
    await rawRequest(port, handshake({}, 'GET /502 HTTP/1.1'));
    expect(errors.map(String)).toEqual(['Error: /502']);
    expect(outcomes).toMatchObject([
      { reason: 'failed', status: 403, error: { message: '/403' } },
      { reason: 'failed', status: 502, error: { message: '/502' } },
    ]);
  });

  test.each<[string, () => void]>([
    ['throws', () => { throw new Error('logger is down'); }], // prettier-ignore
    ['rejects', async () => Promise.reject(new Error('logger is down'))],
  ])('survives an onError that %s', async (_name, onError) => {
    const { port } = await listenUpgrade((_req, _res, next) => next(new Error('x')), { onError });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 500 /);
  });

  test('needs no onError', async () => {
    const { port } = await listenUpgrade((_req, _res, next) => next(new Error('x')), {
      onError: undefined,
    });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 500 /);
  });
});

describe('error handlers', () => {
  test('of four parameters get the error, in order, and may answer', async () => {
    const answer = await answerOfAll([
      () => {
        throw new Error('first');
      },
      (_req: IncomingMessage, res: ServerResponse) => res.end('skipped'),
      (error: Error, _req: IncomingMessage, _res: ServerResponse, next: Next) =>
        next(new Error(`${error.message} second`)),
      (error: Error, _req: IncomingMessage, res: ServerResponse, _next: Next) => {
        res.statusCode = 418;
        res.end(error.message);
      },
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 418 /);
    expect(bodyOf(answer)).toBe('first second');
  });

  test('may clear the error: the handshake goes on', async () => {
    const { port, outcomes } = await listenUpgrade([
      (_req: IncomingMessage, _res: ServerResponse, next: Next) => next(new Error('x')),
      (_error: unknown, _req: IncomingMessage, _res: ServerResponse, next: Next) => next(),
    ]);
    await rawRequest(port, handshake(), { until: (text) => text.includes('101') });
    expect(outcomes).toMatchObject([{ accepted: true }]);
  });

  test('are skipped without an error, and "route" is none', async () => {
    const { port, outcomes } = await listenUpgrade([
      (_req: IncomingMessage, _res: ServerResponse, next: Next) => next('route'),
      (_error: unknown, _req: IncomingMessage, res: ServerResponse, _next: Next) => res.end(),
    ]);
    await rawRequest(port, handshake(), { until: (text) => text.includes('101') });
    expect(outcomes).toMatchObject([{ accepted: true }]);
  });
});

describe('header injection', () => {
  const evil = 'a\r\nSet-Cookie: admin=1';

  test('through setHeader is a 500', async () => {
    const answer = await answerOf((_req, res, next) => {
      res.setHeader('X-Name', evil);
      next();
    });
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(answer).not.toContain('admin');
  });

  test('through the arguments of a late writeHead is a 500', async () => {
    const answer = await answerOf((_req, res, next) => {
      const { writeHead } = res;
      res.writeHead = ((status: number) =>
        writeHead.call(res, status, { 'X-Name': evil })) as never;
      next();
    });
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(answer).not.toContain('admin');
  });

  test('through the status message is a 500', async () => {
    const answer = await answerOf((_req, res, next) => {
      res.statusMessage = evil;
      next();
    });
    expect(answer).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
    expect(answer).not.toContain('admin');
  });
});

describe('errors that come late', () => {
  test('after next(), while a wrapper saves: the handshake fails', async () => {
    const { port, outcomes } = await listenUpgrade((_req, res, next) => {
      const { end } = res;
      res.end = ((...args: Parameters<typeof end>) => {
        setImmediate(() => next(new Error('the store is down')));
        return end.apply(res, args);
      }) as never;
      next();
    });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 500 /);
    expect(outcomes).toMatchObject([{ reason: 'failed', status: 500 }]);
  });

  test('before the wrapper has ended the response: an error handler still answers', async () => {
    const answer = await answerOfAll([
      (_req: IncomingMessage, res: ServerResponse, next: Next) => {
        const { end } = res;
        let first = true;
        res.end = ((...args: Parameters<typeof end>) => {
          if (!first) return end.apply(res, args);
          first = false;
          setImmediate(() => next(new Error('not saved')));
          return res;
        }) as never;
        next();
      },
      (error: Error, _req: IncomingMessage, res: ServerResponse, _next: Next) => {
        res.statusCode = 503;
        res.end(error.message);
      },
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*not saved$/);
  });

  test('while a wrapper pretends that the 101 is out: answered past the wrapper', async () => {
    const answer = await answerOf((_req, res, next) => {
      res.end = (() => {
        Object.defineProperty(res, 'writableEnded', { value: true });
        setImmediate(() => next(Object.assign(new Error('x'), { status: 503 })));
        return res;
      }) as never;
      next();
    });
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  });

  test('in a wrapper of end itself: answered past the wrapper', async () => {
    const answer = await answerOf((_req, res, next) => {
      res.end = () => {
        throw new Error('broken wrapper');
      };
      next();
    });
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  });

  test('when the headers are final: setHeader throws as after any head, and that is a 500', async () => {
    const { port, errors } = await listenUpgrade((_req, res, next) => {
      next();
      res.setHeader('X-Late', '1');
    });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 500 /);
    expect(errors).toMatchObject([{ code: 'ERR_HTTP_HEADERS_SENT' }]);
  });

  test('after the 101: they are reported, the WebSocket lives on', async () => {
    const late: unknown[] = [];
    const { port, errors } = await listenUpgrade(async (_req, res, next) => {
      next();
      await sleep(20);
      late.push(res.headersSent, res.writableEnded);
      res.end('too late');
      res.setHeader('X-Late', '1');
    });
    const client = await openClient(port, `${handshake()}ping`);
    await client.until((text) => text.endsWith('ping'));
    await eventually(() => errors[0]);
    client.socket.write('pong');
    await client.until((text) => text.endsWith('pingpong'));
    client.socket.destroy();
    expect(late).toEqual([true, true]);
    expect(errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' })]),
    );
  });

  test('in the middle of an answer: the connection breaks, nobody takes half for the whole', async () => {
    const { port, outcomes } = await listenUpgrade((_req, res, next) => {
      res.write('half');
      setTimeout(() => next(new Error('source broke')), 10);
    });
    const answer = await rawRequest(port, handshake());
    expect(answer).toContain('half');
    expect(answer).not.toMatch(/0\r\n\r\n$/);
    expect(await eventually(() => outcomes[0])).toMatchObject({ accepted: false, status: 200 });
  });

  test('after a whole answer: they are reported, the answer stands', async () => {
    const { port, errors } = await listenUpgrade((_req, res, next) => {
      res.writeHead(403).end('no');
      next(new Error('afterthought'));
    });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 403 [^]*\r\nno\r\n/);
    expect(errors.map(String)).toEqual(['Error: afterthought']);
  });

  test('while an answer is held back: they are reported, the answer comes', async () => {
    const answer = await answerOf((_req, res, next) => {
      Object.defineProperty(res, 'writableEnded', { configurable: true, value: true });
      next(new Error('afterthought'));
      Reflect.deleteProperty(res, 'writableEnded');
      res.writeHead(403).end('held');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 403 [^]*\r\nheld\r\n/);
  });
});

describe('next()', () => {
  test('called twice runs the rest once', async () => {
    let runs = 0;
    const { port, outcomes } = await listenUpgrade([
      (_req, _res, next) => {
        next();
        next();
      },
      async (_req, _res, next) => {
        runs += 1;
        await sleep(5);
        next();
      },
    ]);
    await rawRequest(port, handshake(), { until: (text) => text.includes('101') });
    expect([runs, outcomes.length]).toEqual([1, 1]);
  });
});

describe('wrong use', () => {
  test('runUpgrade rejects when an option cannot be used', async () => {
    const messages: string[] = [];
    const { port } = await start({}, (server) => {
      server.on('upgrade', (req, socket, head) => {
        runUpgrade(req, socket, head, [], { timeout: 'soon' }).catch((error: Error) => {
          messages.push(error.message);
          socket.destroy();
        });
      });
    });
    await rawRequest(port, handshake());
    await eventually(() => messages[0]);
    expect(messages[0]).toContain('@portcullis/upgrade: 1 option cannot be used');
  });
});
