import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import type { IncomingMessage } from 'node:http';
import { upgrade } from '../src/index.ts';
import type { UpgradeOptions, UpgradeStack } from '../src/index.ts';
import { closeServers, EchoServer, handshake, start } from './server.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeServers();
});

const headDone = (received: string): boolean => received.includes('\r\n\r\n');

async function listen(
  wss: EchoServer,
  stack: UpgradeStack,
  options: UpgradeOptions = {},
): Promise<number> {
  const { port } = await start({}, (server) => server.on('upgrade', upgrade(wss, stack, options)));
  return port;
}

describe('upgrade(wss, stack)', () => {
  test('hands the handshake to wss, with the headers of the stack', async () => {
    const wss = new EchoServer();
    const port = await listen(
      wss,
      (_req: unknown, res: { setHeader(...header: unknown[]): void }, next: () => void) => {
        res.setHeader('Set-Cookie', ['a=1', 'b=2']);
        next();
      },
    );
    const connections: unknown[] = [];
    wss.on('connection', (_client, req: IncomingMessage) => connections.push(req.url));
    const answer = await rawRequest(port, `${handshake()}early`, {
      until: (text) => text.endsWith('early'),
    });
    expect(answer).toContain('Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n');
    expect(connections).toEqual(['/chat']);
  });

  test('gives each client its own headers', async () => {
    const port = await listen(
      new EchoServer(),
      (req: IncomingMessage, res: { setHeader(...header: unknown[]): void }, next: () => void) => {
        res.setHeader('X-Path', String(req.url));
        setTimeout(next, req.url === '/slow' ? 30 : 1);
      },
    );
    const answers = await Promise.all(
      ['/slow', '/fast'].map((path) =>
        rawRequest(port, handshake({}, `GET ${path} HTTP/1.1`), { until: headDone }),
      ),
    );
    expect(answers.map((answer) => /X-Path: (.*)\r/.exec(answer)?.[1])).toEqual(['/slow', '/fast']);
  });

  test('does not disturb handshakes that wss completes for someone else', async () => {
    const wss = new EchoServer();
    upgrade(wss, []);
    const { port } = await start({}, (server) => {
      server.on('upgrade', (req, socket, head) =>
        wss.handleUpgrade(req, socket, head, () => undefined),
      );
    });
    expect(await rawRequest(port, handshake(), { until: headDone })).toMatch(/ 101 /);
  });

  test('leaves a refused client to nobody', async () => {
    const wss = new EchoServer();
    wss.on('connection', () => {
      throw new Error('must not happen');
    });
    const port = await listen(wss, (_req: unknown, res: { end(text: string): void }) =>
      res.end('no'),
    );
    expect(await rawRequest(port, handshake())).toMatch(/no$/);
  });

  test('serves two WebSocket servers on two paths, and nobody on a third', async () => {
    const { port } = await start({}, (server) => {
      for (const path of ['/a', '/b']) {
        const stack = (
          _req: unknown,
          res: { setHeader(...header: unknown[]): void },
          next: () => void,
        ) => {
          res.setHeader('X-Server', path);
          next();
        };
        server.on('upgrade', upgrade(new EchoServer(path), stack, { timeout: '300ms' }));
      }
    });
    for (const path of ['/a', '/b']) {
      const answer = await rawRequest(port, handshake({}, `GET ${path} HTTP/1.1`), {
        until: headDone,
      });
      expect(answer).toContain(`X-Server: ${path}\r\n`);
    }
    expect(await rawRequest(port, handshake({}, 'GET /c HTTP/1.1'))).toBe('');
  });

  test('serves a path that a lone WebSocket server does not want as an ordinary request', async () => {
    const port = await listen(new EchoServer('/a'), []);
    expect(await rawRequest(port, handshake())).toMatch(/ 200 OK\r\n[^]*ordinary$/);
  });
});

describe('a connection listener or WebSocket server that throws', () => {
  const explode = (): never => {
    throw new Error('broken');
  };

  test('costs its client the connection, not the process', async () => {
    const errors: unknown[] = [];
    const wss = new EchoServer();
    wss.on('connection', explode);
    const port = await listen(wss, [], { onError: (error) => errors.push(error) });
    await rawRequest(port, handshake());
    expect(errors.map(String)).toEqual(['Error: broken']);
  });

  test('in shouldHandle as well', async () => {
    const errors: unknown[] = [];
    const wss = new EchoServer();
    wss.shouldHandle = explode;
    const port = await listen(wss, [], { onError: (error) => errors.push(error) });
    expect(await rawRequest(port, handshake())).toBe('');
    expect(errors.map(String)).toEqual(['Error: broken']);
  });
});

describe('failures without onError', () => {
  test('are warned of once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const failures: unknown[] = [new Error('disk is full'), 'text'];
    const port = await listen(new EchoServer(), () => {
      throw failures.shift();
    });
    await rawRequest(port, handshake());
    await rawRequest(port, handshake());
    expect(warn.mock.calls).toEqual([
      [
        expect.stringContaining('disk is full'),
        { type: 'PortcullisWarning', code: 'ERR_PORTCULLIS_UPGRADE_FAILED' },
      ],
    ]);
  });

  test.each<[string, unknown, string]>([
    ['values that are no errors by their type', 'password', 'failed: string\n'],
    ['errors without a stack by their message', withoutStack(), 'failed: no stack\n'],
  ])('name %s', async (_name, thrown, text) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const port = await listen(new EchoServer(), () => {
      throw thrown;
    });
    await rawRequest(port, handshake());
    expect(warn.mock.calls[0]?.[0]).toContain(text);
  });
});

function withoutStack(): Error {
  const error = new Error('no stack');
  delete error.stack;
  return error;
}

describe('wrong use', () => {
  test('a WebSocketServer that listens itself is refused', () => {
    const wss = Object.assign(new EchoServer(), { options: { noServer: false } });
    expect(() => upgrade(wss, [])).toThrow(
      expect.objectContaining({
        code: 'ERR_PORTCULLIS_OPTIONS',
        message: expect.stringContaining('{ noServer: true }'),
        issues: [expect.objectContaining({ code: 'UPGRADE_SERVER', path: 'wss' })],
      }),
    );
  });

  test('a server without options is taken as it is', () => {
    const wss = Object.assign(new EchoServer(), { options: undefined });
    expect(typeof upgrade(wss as never, [])).toBe('function');
  });

  test('a stack that is no stack is refused', () => {
    expect(() => upgrade(new EchoServer(), [[], [{}]] as never)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('got object'),
        issues: [expect.objectContaining({ code: 'UPGRADE_STACK', path: 'stack[1][0]' })],
      }),
    );
  });

  test('options are checked at once, all of them', () => {
    const wrong = { timout: 5, linger: -1, others: 'reject', onError: true };
    expect(() => upgrade(new EchoServer(), [], wrong as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_PORTCULLIS_OPTIONS',
        issues: [
          expect.objectContaining({ code: 'UPGRADE_UNKNOWN_OPTION', path: 'timout' }),
          expect.objectContaining({ code: 'UPGRADE_OUT_OF_RANGE', path: 'linger' }),
          expect.objectContaining({ path: 'others' }),
          expect.objectContaining({ code: 'UPGRADE_WRONG_TYPE', path: 'onError' }),
        ],
      }),
    );
  });

  test.each([0, '25d', -1])('timeout %p is refused', (timeout) => {
    expect(() => upgrade(new EchoServer(), [], { timeout })).toThrow('timeout');
  });
});
