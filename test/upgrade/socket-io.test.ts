import { afterEach, describe, expect, test } from '@jest/globals';
import { runUpgrade, upgrade } from '@portcullis/upgrade';
import type { UpgradeHeader, UpgradeMiddleware } from '@portcullis/upgrade';
import expressSession, { MemoryStore } from 'express-session';
import helmet from 'helmet';
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client';
import { WebSocketServer } from 'ws';
import { closeServers, echo, listenOn, open } from './listen.ts';

const clients = new Set<Socket>();

afterEach(async () => {
  for (const client of clients) client.disconnect();
  clients.clear();
  await closeServers();
});

/** Connects and sends `hello`; resolves with the answer, or with why there was none. */
function hello(
  port: number,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<string> {
  return new Promise((resolve) => {
    const client = io(`http://127.0.0.1:${String(port)}`, {
      transports: ['websocket'],
      reconnection: false,
      ...options,
    });
    clients.add(client);
    client.on('connect', () => client.emit('hello', (answer: string) => resolve(answer)));
    client.on('connect_error', (error) => resolve(error.message));
  });
}

/** The engine of socket.io without listeners of its own, behind `runUpgrade`. */
function guard(server: HttpServer, socketIo: Server, stack: readonly UpgradeMiddleware[]): void {
  const { engine } = socketIo;
  const headersOf = new WeakMap<IncomingMessage, readonly UpgradeHeader[]>();
  // Of the WebSocketServer inside the engine, because the engine's own `headers` event joins two
  // cookies with a comma; and when listening, because only then the engine makes it.
  server.once('listening', () => {
    const { ws } = engine as unknown as { ws: WebSocketServer };
    ws.on('headers', (lines: string[], req: IncomingMessage) => {
      for (const [name, value] of headersOf.get(req) ?? []) lines.push(`${name}: ${value}`);
    });
  });
  server.removeAllListeners('upgrade');
  server.on('upgrade', (req, socket, head) => {
    void runUpgrade(req, socket, head, stack).then((outcome) => {
      if (!outcome.accepted || !outcome.release()) return;
      headersOf.set(req, outcome.headers);
      engine.handleUpgrade(req as never, socket as never, head);
    });
  });
}

function answerHello(socketIo: Server): void {
  socketIo.on('connection', (socket) => {
    socket.on('hello', (reply: (text: string) => void) => reply('hello'));
  });
}

describe('socket.io behind runUpgrade', () => {
  test('connects when the stack passes, with two cookies on two lines', async () => {
    const server = createServer();
    const socketIo = new Server(server);
    answerHello(socketIo);
    guard(server, socketIo, [
      helmet(),
      expressSession({ secret: 'test', resave: true, saveUninitialized: true }),
      (_req, res, next) => {
        res.appendHeader('Set-Cookie', 'b=2');
        next();
      },
    ]);
    const port = await listenOn(server);
    expect(await hello(port)).toBe('hello');
    const { headers } = await open(
      `ws://127.0.0.1:${String(port)}/socket.io/?EIO=4&transport=websocket`,
    );
    expect(headers['set-cookie']).toHaveLength(2);
  });

  test('is refused with the status of the stack', async () => {
    const server = createServer();
    const socketIo = new Server(server);
    guard(server, socketIo, [(_req, res) => res.writeHead(401).end('log in')]);
    const port = await listenOn(server);
    expect(await hello(port)).toBe('websocket error');
    const answer = await open(
      `ws://127.0.0.1:${String(port)}/socket.io/?EIO=4&transport=websocket`,
    );
    expect([answer.status, answer.body]).toEqual([401, 'log in']);
  });

  test('upgrades from polling as usual', async () => {
    const server = createServer();
    const socketIo = new Server(server);
    answerHello(socketIo);
    let stackRuns = 0;
    guard(server, socketIo, [
      (_req, _res, next) => {
        stackRuns += 1;
        next();
      },
    ]);
    const port = await listenOn(server);
    const upgraded = new Promise((resolve) => {
      socketIo.on('connection', (socket) => socket.conn.once('upgrade', resolve));
    });
    expect(await hello(port, { transports: ['polling', 'websocket'] })).toBe('hello');
    await upgraded;
    expect(stackRuns).toBe(1);
  });

  test('engine.use and allowRequest still run, after the stack', async () => {
    const seen: string[] = [];
    const server = createServer();
    const socketIo = new Server(server, {
      allowRequest: (req, decide) => {
        seen.push('allowRequest');
        decide(null, req.headers['x-allowed'] === 'yes');
      },
    });
    answerHello(socketIo);
    socketIo.engine.use((_req: unknown, _res: unknown, next: () => void) => {
      seen.push('engine.use');
      next();
    });
    guard(server, socketIo, [
      (_req, _res, next) => {
        seen.push('stack');
        next();
      },
    ]);
    const port = await listenOn(server);
    expect(await hello(port, { extraHeaders: { 'X-Allowed': 'yes' } })).toBe('hello');
    expect(seen).toEqual(['stack', 'engine.use', 'allowRequest']);
    expect(await hello(port)).toBe('websocket error');
  });

  test('a client that resets while the stack waits does not end the process', async () => {
    const server = createServer();
    const socketIo = new Server(server);
    answerHello(socketIo);
    guard(server, socketIo, [(_req, _res, next) => void setTimeout(() => next(), 50)]);
    const port = await listenOn(server);
    const { connect } = await import('node:net');
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n' +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    setTimeout(() => socket.resetAndDestroy(), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await hello(port)).toBe('hello');
  });
});

test('socket.io and a WebSocketServer of ws share one server by path', async () => {
  const server = createServer();
  const socketIo = new Server(server, { destroyUpgrade: false });
  answerHello(socketIo);
  const wss = new WebSocketServer({ noServer: true, path: '/chat' });
  wss.on('connection', (client) =>
    client.on('message', (data) => client.send(data, { binary: false })),
  );
  const store = new MemoryStore();
  server.on(
    'upgrade',
    upgrade(wss, [
      expressSession({ secret: 'test', resave: true, saveUninitialized: true, store }),
    ]),
  );
  const port = await listenOn(server);
  expect(await hello(port)).toBe('hello');
  const { headers, client } = await open(`ws://127.0.0.1:${String(port)}/chat`);
  expect(headers['set-cookie']).toHaveLength(1);
  expect(await echo(client, 'hello')).toBe('hello');
  client.terminate();
});
