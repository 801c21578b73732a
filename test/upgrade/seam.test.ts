import { afterEach, describe, expect, test } from '@jest/globals';
import { compose, httpError } from '@portcullis/core';
import type { Next } from '@portcullis/core';
import { editHead, holdHead, onDone, onHead } from '@portcullis/core/response';
import type { Done } from '@portcullis/core/response';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UpgradeMiddleware } from '@portcullis/upgrade';
import expressSession, { MemoryStore } from 'express-session';
import { closeServers, listenChat, open } from './listen.ts';

afterEach(closeServers);

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('onHead', () => {
  test('adds headers to the 101, inner hooks first, and sees its status', async () => {
    const { url } = await listenChat([
      (_req, res, next) => {
        onHead(res, () =>
          res.setHeader('X-Outer', `${String(res.statusCode)} ${String(res.getHeader('X-Inner'))}`),
        );
        next();
      },
      (_req, res, next) => {
        onHead(res, () => void res.setHeader('X-Inner', 'inner'));
        next();
      },
    ]);
    expect((await open(url)).headers['x-outer']).toBe('101 inner');
  });

  test('may veto the 101', async () => {
    const { url } = await listenChat((_req, res, next) => {
      onHead(res, () => void (res.statusCode = 403));
      next();
    });
    expect((await open(url)).status).toBe(403);
  });

  test('runs on a refusal and on the answer to an error', async () => {
    const { url } = await listenChat((req, res, next) => {
      onHead(res, () => void res.setHeader('X-Hook', String(res.statusCode)));
      if (req.url === '/error') next(httpError(409, 'E', 'taken'));
      else res.writeHead(401).end('no');
    });
    expect((await open(url)).headers['x-hook']).toBe('401');
    expect((await open(`${url}/error`)).headers['x-hook']).toBe('409');
  });
});

describe('holdHead', () => {
  test('holds the 101 until the gate opens', async () => {
    const events: string[] = [];
    const { url, wss } = await listenChat((_req, res, next) => {
      holdHead(
        res,
        async () => {
          await wait(20);
          editHead(res, () => void res.setHeader('X-Gate', 'open'));
          events.push('gate');
        },
        next,
      );
      next();
    });
    wss.on('connection', () => events.push('connection'));
    expect((await open(url)).headers['x-gate']).toBe('open');
    expect(events).toEqual(['gate', 'connection']);
  });

  test.each([
    ['at once', () => { throw httpError(503, 'E_STORE', 'down'); }], // prettier-ignore
    ['later', async () => { await wait(10); throw httpError(503, 'E_STORE', 'down'); }], // prettier-ignore
  ])('a gate that fails %s refuses the handshake', async (_name, gate) => {
    const { url, errors, wss } = await listenChat((_req, res, next) => {
      res.setHeader('Set-Cookie', 'a=1');
      holdHead(res, gate, next);
      next();
    });
    const { status, headers } = await open(url);
    expect([status, headers['set-cookie'], wss.clients.size]).toEqual([503, undefined, 0]);
    expect(errors).toMatchObject([{ code: 'E_STORE' }]);
  });

  test('inside compose() as well', async () => {
    const { url } = await listenChat(
      compose((_req: IncomingMessage, res: ServerResponse, next: Next) => {
        holdHead(res, async () => Promise.reject(httpError(503, 'E_STORE', 'down')), next);
        next();
      }),
    );
    expect((await open(url)).status).toBe(503);
  });

  test('a gate that hangs is answered with 503', async () => {
    const { url } = await listenChat(
      (_req, res, next) => {
        holdHead(res, () => new Promise(() => undefined), next);
        next();
      },
      { timeout: '40ms' },
    );
    expect((await open(url)).status).toBe(503);
  });

  test('a refusal is held, sent whole, and a stray next() does not overrule it', async () => {
    const { url } = await listenChat([
      (_req, res, next) => {
        holdHead(res, () => wait(20), next);
        next();
      },
      (_req, res, next) => {
        res.statusCode = 403;
        res.end('no');
        next();
      },
    ]);
    const { status, body } = await open(url);
    expect([status, body]).toEqual([403, 'no']);
  });

  test.each([['before'], ['after']])(
    'composes with express-session mounted %s it',
    async (order) => {
      const gate: UpgradeMiddleware = (_req, res, next) => {
        holdHead(res, () => wait(10), next);
        onHead(res, () => void res.setHeader('X-Hook', '1'));
        next();
      };
      const sessions: UpgradeMiddleware = expressSession({
        secret: 'test',
        resave: true,
        saveUninitialized: true,
        store: new MemoryStore(),
      });
      const { url } = await listenChat(order === 'before' ? [sessions, gate] : [gate, sessions]);
      const { status, headers } = await open(url);
      expect([status, headers['x-hook'], headers['set-cookie']?.length]).toEqual([101, '1', 1]);
    },
  );
});

describe('onDone', () => {
  test('hears of the 101, of a refusal and of a timeout', async () => {
    const heard: Done[] = [];
    const { url } = await listenChat(
      (req, res, next) => {
        onDone(res, (done) => heard.push(done));
        if (req.url === '/') next();
        if (req.url === '/no') res.writeHead(403).end();
      },
      { timeout: '300ms' },
    );
    await open(url);
    await open(`${url}/no`);
    await open(`${url}/hangs`);
    await wait(10);
    expect(heard).toMatchObject([
      { outcome: 'finished', status: 101 },
      { outcome: 'finished', status: 403 },
      { outcome: 'finished', status: 503 },
    ]);
  });
});
