import connectApp from 'connect';
import express5 from 'express';
import express4 from 'express4';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createSecureServer, createServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { selfSignedCertificate } from './certificate.ts';
import { send } from './client.ts';
import type { RequestInit, Target, TestResponse } from './client.ts';

export type HostName = 'express5' | 'express4' | 'connect' | 'http' | 'http2';

/** Every kind of server that the packages support, for `describe.each`. */
export const hostNames: readonly HostName[] = ['express5', 'express4', 'connect', 'http', 'http2'];

export type TestMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

export interface ListenOptions {
  /** Serves over TLS with a self-signed certificate; `http2` then speaks h2. Default: `false`. */
  readonly tls?: boolean | undefined;
  /** Calls `app.set(name, value)` on Express before anything is mounted. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

export interface TestServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or `https:` with `tls`. */
  readonly url: string;
  readonly server: NetServer;
  request(path: string, init?: RequestInit): Promise<TestResponse>;
  close(): Promise<void>;
}

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

const open = new Set<TestServer>();

/**
 * Starts a real server on a free loopback port: the middleware in order, then `handler`.
 * The default handler answers 200 `hello`. An error that nobody handles gets the host's own error page;
 * on `http` and `http2`, which have none, it is 500 with the error's message as text.
 */
export async function listen(
  host: HostName,
  middleware: TestMiddleware | readonly TestMiddleware[],
  handler: TestMiddleware = (_req, res) => res.end('hello'),
  options: ListenOptions = {},
): Promise<TestServer> {
  const stack = [...(typeof middleware === 'function' ? [middleware] : middleware), handler];
  const server = await createServer(host, toListener(host, stack, options), options.tls === true);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const target: Target = { protocol: protocolOf(host, options.tls === true), port };
  const testServer: TestServer = {
    port,
    url: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${port}`,
    server,
    request: (path, init) => send(target, path, init),
    close: () =>
      new Promise((resolve) => {
        open.delete(testServer);
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  open.add(testServer);
  return testServer;
}

/** Closes every server that `listen` opened and that is still running. Call it in `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all([...open].map((server) => server.close()));
}

function protocolOf(host: HostName, tls: boolean): Target['protocol'] {
  if (host === 'http2') return tls ? 'h2' : 'h2c';
  return tls ? 'https' : 'http';
}

async function createServer(host: HostName, listener: Listener, tls: boolean): Promise<NetServer> {
  if (host === 'http2') {
    // The compat request and response stand in for IncomingMessage and ServerResponse, as in Connect.
    const compat = listener as unknown as Parameters<typeof createHttp2Server>[1];
    return tls
      ? createSecureServer(await selfSignedCertificate(), compat as never)
      : createHttp2Server(compat);
  }
  return tls
    ? createHttpsServer(await selfSignedCertificate(), listener)
    : (createHttpServer(listener) as Server);
}

interface App {
  (req: IncomingMessage, res: ServerResponse): void;
  use(middleware: TestMiddleware): unknown;
  set?(name: string, value: unknown): unknown;
}

function toListener(
  host: HostName,
  stack: readonly TestMiddleware[],
  options: ListenOptions,
): Listener {
  if (host === 'http' || host === 'http2') return bareListener(stack);
  // The three apps have the same shape here; their own types differ in the request class.
  const app = { express5, express4, connect: connectApp }[host]() as unknown as App;
  for (const [name, value] of Object.entries({ env: 'test', ...options.settings })) {
    if (host !== 'connect') app.set?.(name, value);
  }
  for (const middleware of stack) app.use(middleware);
  return app;
}

function bareListener(stack: readonly TestMiddleware[]): Listener {
  return (req, res) => {
    const run = (index: number, error?: unknown): void => {
      const middleware = stack[index];
      if (error !== undefined || middleware === undefined) {
        answerError(res, error);
        return;
      }
      try {
        const result = middleware(req, res, (failure) => run(index + 1, failure));
        if (result instanceof Promise)
          result.catch((failure: unknown) => run(stack.length, failure));
      } catch (failure) {
        run(stack.length, failure);
      }
    };
    run(0);
  };
}

function answerError(res: ServerResponse, error: unknown): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (error === undefined) {
    res.statusCode = 404;
    res.end('not found');
    return;
  }
  const { status, message } = error as { status?: number; message?: string };
  res.statusCode = status ?? 500;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end(message ?? 'error');
}
