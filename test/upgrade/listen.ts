import { selfSignedCertificate } from '@portcullis/testing';
import { upgrade } from '@portcullis/upgrade';
import type { UpgradeMiddleware, UpgradeOptions, UpgradeStack } from '@portcullis/upgrade';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientOptions, ServerOptions } from 'ws';

export interface ChatServer {
  readonly port: number;
  readonly url: string;
  readonly wss: WebSocketServer;
  readonly server: Server;
  readonly errors: unknown[];
}

export interface ChatOptions extends UpgradeOptions {
  readonly tls?: boolean;
  readonly app?: RequestListener;
  readonly ws?: ServerOptions;
}

const closers = new Set<() => Promise<void>>();

/** A server with `ws` behind `upgrade`: every message comes back. */
export async function listenChat(
  middleware: UpgradeMiddleware,
  options?: ChatOptions,
): Promise<ChatServer>;
export async function listenChat(
  stack: readonly UpgradeMiddleware[],
  options?: ChatOptions,
): Promise<ChatServer>;
export async function listenChat(stack: UpgradeStack, options?: ChatOptions): Promise<ChatServer>;
export async function listenChat(
  stack: UpgradeStack,
  { tls = false, app = (_req, res) => res.end('ordinary'), ws, ...options }: ChatOptions = {},
): Promise<ChatServer> {
  const server = tls ? createSecureServer(await selfSignedCertificate(), app) : createServer(app);
  const wss = new WebSocketServer({ ...ws, noServer: true });
  const errors: unknown[] = [];
  wss.on('connection', (client) => {
    client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
    client.on('error', (error) => errors.push(error));
  });
  server.on('upgrade', upgrade(wss, stack, { onError: (error) => errors.push(error), ...options }));
  const port = await listenOn(server);
  return { port, url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${String(port)}`, wss, server, errors };
}

/** Starts a server on port 0; `closeServers` ends it and every connection. */
export async function listenOn(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.add(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return (server.address() as AddressInfo).port;
}

export async function closeServers(): Promise<void> {
  await Promise.all([...closers].map((close) => close()));
  closers.clear();
}

/** What a client of `ws` saw of the handshake. */
export interface Handshake {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly client: WebSocket;
  /** Every message so far, from the first on. */
  readonly messages: readonly string[];
}

/** Opens with the client of `ws`; a refusal is an answer here, not an error. */
export function open(url: string, options: ClientOptions = {}): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const client = new WebSocket(url, { rejectUnauthorized: false, ...options });
    const messages: string[] = [];
    client.on('message', (data: Buffer) => messages.push(data.toString()));
    let headers: IncomingMessage['headers'] = {};
    client.on('upgrade', (response) => {
      headers = response.headers;
    });
    client.on('open', () => resolve({ status: 101, headers, body: '', client, messages }));
    client.on('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('error', reject);
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        resolve({ status, headers: response.headers, body, client, messages });
      });
    });
    client.on('error', reject);
  });
}

/** Sends a text, resolves with what comes back. */
export function echo(client: WebSocket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.once('message', (data: Buffer) => resolve(data.toString()));
    client.once('error', reject);
    client.send(text);
  });
}

/** The `name=value` part of each cookie, for a Cookie header. */
export function cookiesOf(headers: IncomingMessage['headers']): string {
  return (headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
}
