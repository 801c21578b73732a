/** Started by resets.system.test.ts: many clients that reset, and a count of what is left. */
import { runUpgrade } from '@portcullis/upgrade';
import type { UpgradeMiddleware } from '@portcullis/upgrade';
import compression from 'compression';
import expressSession from 'express-session';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';

const total = Number(process.argv[2]);
let uncaught = 0;
let rejections = 0;
process.on('uncaughtException', () => (uncaught += 1));
process.on('unhandledRejection', () => (rejections += 1));

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const sometimes = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * milliseconds));

const decisions: readonly UpgradeMiddleware[] = [
  (_req, _res, next) => next(),
  async (_req, _res, next) => {
    await sometimes(15);
    next();
  },
  (_req, res) => res.writeHead(403).end(Buffer.alloc(200_000)),
  async (_req, res) => {
    res.write('half');
    await sometimes(15);
    res.end('whole');
  },
  async () => {
    await sometimes(10);
    throw new Error('later');
  },
  () => {
    throw new Error('at once');
  },
  () => undefined,
];

const stack: readonly UpgradeMiddleware[] = [
  compression(),
  expressSession({ secret: 'test', resave: true, saveUninitialized: true }),
  (req, res, next) => pick(decisions)(req, res, next),
];

const outcomes: Record<string, number> = {};
const sockets = new Set<Socket>();
const wss = new WebSocketServer({ noServer: true });
wss.on('connection', (client) => {
  client.on('error', () => undefined);
  client.send('hello');
});
const server = createServer((_req, res) => res.end('ordinary'));
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
});
server.on('upgrade', (req, socket, head) => {
  void runUpgrade(req, socket, head, stack, { timeout: '50ms', linger: '50ms' }).then((outcome) => {
    const name = outcome.accepted ? 'accepted' : outcome.reason;
    outcomes[name] = (outcomes[name] ?? 0) + 1;
    if (outcome.accepted && outcome.release()) {
      wss.handleUpgrade(req, socket, head, (client) => wss.emit('connection', client, req));
    }
  });
});

const handshake = (upgrade: string): string =>
  `GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

function attempt(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(handshake(Math.random() < 0.95 ? 'websocket' : 'h2c'));
      if (Math.random() < 0.3) socket.write(Buffer.alloc(1000));
      // Some stay until the server has accepted or ended them.
      if (Math.random() < 0.1) {
        socket.once('data', () => socket.resetAndDestroy());
        setTimeout(() => socket.destroy(), 10_000).unref();
        return;
      }
      setTimeout(
        () => (Math.random() < 0.8 ? socket.resetAndDestroy() : socket.end()),
        Math.random() * 30,
      );
      setTimeout(() => socket.destroy(), 400).unref();
    });
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < total) {
      started += 1;
      await attempt(port);
    }
  };
  void Promise.all(Array.from({ length: 100 }, worker)).then(async () => {
    for (let wait = 0; sockets.size > 0 && wait < 50; wait += 1) await sometimes(100);
    server.close();
    const activeSockets = process
      .getActiveResourcesInfo()
      .filter((name) => name === 'TCPSocketWrap').length;
    console.log(
      JSON.stringify({
        handshakes: Object.values(outcomes).reduce((sum, count) => sum + count, 0),
        outcomes,
        uncaught,
        rejections,
        sockets: sockets.size,
        activeSockets,
      }),
    );
    process.exit(0);
  });
});
