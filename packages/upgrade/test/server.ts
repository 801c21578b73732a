import { selfSignedCertificate } from '@portcullis/testing';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { runUpgrade } from '../src/index.ts';
import type {
  UpgradeHeader,
  UpgradeMiddleware,
  UpgradeOptions,
  UpgradeOutcome,
  UpgradeStack,
} from '../src/index.ts';

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** An opening handshake as a browser sends it; a header of `null` is left out. */
export function handshake(
  headers: Readonly<Record<string, string | null>> = {},
  startLine = 'GET /chat HTTP/1.1',
): string {
  const all: Record<string, string | null> = {
    Host: 'app.example',
    Connection: 'keep-alive, Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  );
  return [startLine, ...lines, '', ''].join('\r\n');
}

export interface UpgradeServer {
  readonly port: number;
  readonly server: Server;
  /** What `runUpgrade` said, in order. */
  readonly outcomes: UpgradeOutcome[];
  /** What `onError` heard, in order. */
  readonly errors: unknown[];
  /** The server's side of every connection. */
  readonly sockets: Set<Socket>;
}

export interface ListenUpgradeOptions extends UpgradeOptions {
  readonly tls?: boolean | undefined;
  readonly onRequest?: RequestListener;
}

export interface StartOptions extends Pick<ListenUpgradeOptions, 'tls' | 'onRequest'> {
  /** Of `createServer`; newer ones than the types know. */
  readonly options?: object;
}

const running = new Set<() => Promise<void>>();

/** A server that runs `stack` on upgrades and, when it passes, speaks an echo protocol. */
export async function listenUpgrade(
  stack: UpgradeMiddleware | readonly UpgradeMiddleware[],
  options?: ListenUpgradeOptions,
): Promise<UpgradeServer>;
export async function listenUpgrade(
  stack: UpgradeStack,
  options?: ListenUpgradeOptions,
): Promise<UpgradeServer>;
export async function listenUpgrade(
  stack: UpgradeStack,
  { tls, onRequest, ...options }: ListenUpgradeOptions = {},
): Promise<UpgradeServer> {
  const outcomes: UpgradeOutcome[] = [];
  const errors: unknown[] = [];
  const settings = { onError: (error: unknown) => void errors.push(error), ...options };
  const started = await start({ tls, ...(onRequest && { onRequest }) }, (server) => {
    server.on('upgrade', (req, socket, head) => {
      void runUpgrade(req, socket, head, stack, settings).then((outcome) => {
        outcomes.push(outcome);
        if (outcome.accepted && outcome.release()) switchProtocols(socket, head, outcome.headers);
      });
    });
  });
  return { ...started, outcomes, errors };
}

/** A server on port 0 with its sockets counted; `closeServers` ends it. */
export async function start(
  { tls, onRequest, options = {} }: StartOptions,
  prepare: (server: Server) => void,
): Promise<Pick<UpgradeServer, 'port' | 'server' | 'sockets'>> {
  const listener = onRequest ?? ((_req, res) => res.end('ordinary'));
  const server =
    tls === true
      ? createSecureServer(await selfSignedCertificate(), listener)
      : createServer(options, listener);
  const sockets = new Set<Socket>();
  server.on(tls === true ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  prepare(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.add(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return { port: (server.address() as AddressInfo).port, server, sockets };
}

export async function closeServers(): Promise<void> {
  await Promise.all([...running].map((close) => close()));
  running.clear();
}

export function switchProtocols(
  socket: Duplex,
  head: Buffer,
  headers: readonly UpgradeHeader[],
): void {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.on('error', () => undefined);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${lines}\r\n`,
  );
  socket.write(head);
  socket.pipe(socket);
}

/** As much of a `WebSocketServer` of `ws` as `upgrade` uses, with the echo protocol. */
export class EchoServer extends EventEmitter {
  readonly options: { readonly noServer?: boolean | undefined } = { noServer: true };
  readonly #path: string | undefined;

  constructor(path?: string) {
    super();
    this.#path = path;
  }

  shouldHandle(req: IncomingMessage): boolean {
    return this.#path === undefined || req.url === this.#path;
  }

  handleUpgrade(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (client: Duplex) => void,
  ): void {
    const lines: string[] = [];
    this.emit('headers', lines, req);
    switchProtocols(
      socket,
      head,
      lines.map((line): UpgradeHeader => {
        const [name = '', value = ''] = line.split(': ');
        return [name, value];
      }),
    );
    done(socket);
  }
}

/** A client that stays: the text received so far, and the socket. */
export interface RawClient {
  readonly socket: Socket;
  received(): string;
  /** Resolves once what was received satisfies `test`. */
  until(test: (received: string) => boolean): Promise<string>;
  /** Resolves with everything once the server has closed its side; ours stays open. */
  readonly ended: Promise<string>;
}

export async function openClient(port: number, text: string): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += String(chunk);
  });
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    socket.on('end', () => resolve(received));
    socket.on('close', () => resolve(received));
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write(text, 'latin1');
  return {
    socket,
    received: () => received,
    until: (test) => eventually(() => (test(received) ? received : undefined)),
    ended,
  };
}

/** Polls, at most for three seconds, until `read` gives something. */
export async function eventually<T>(read: () => T | undefined): Promise<T> {
  const end = Date.now() + 3000;
  for (;;) {
    const value = read();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error('did not happen within 3 s');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** For promises of time in tests. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
