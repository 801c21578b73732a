import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { cors } from '@portcullis/cors';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import compression from 'compression';
import npmCors from 'cors';
import expressSession from 'express-session';
import helmet from 'helmet';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import onHeaders from 'on-headers';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';

const closing: (() => unknown)[] = [];
beforeEach(() => void jest.spyOn(process, 'emitWarning').mockImplementation(() => {}));
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await closeAll();
});

const origin = 'https://app.example';
const evil = 'https://evil.example';
const ours = () =>
  cors({ allowOrigins: [origin], exposeHeaders: ['X-Total'], allowCredentials: true });

describe('before and after the neighbours', () => {
  const sessions = () =>
    expressSession({
      secret: 'a secret',
      resave: false,
      saveUninitialized: true,
    }) as unknown as TestMiddleware;
  const neighbours: Record<string, () => TestMiddleware> = {
    compression: () => compression({ threshold: 0 }) as unknown as TestMiddleware,
    'express-session': sessions,
    helmet: () => helmet() as unknown as TestMiddleware,
    'on-headers': () => (_req, res, next) => {
      onHeaders(res, () => res.setHeader('X-Late', '1'));
      next();
    },
  };

  test.each(Object.entries(neighbours))('%s', async (_name, neighbour) => {
    for (const stack of [
      [ours(), neighbour()],
      [neighbour(), ours()],
    ]) {
      const server = await listen('express5', stack, (_req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        res.end('hello '.repeat(100));
      });
      const headers = { origin, 'accept-encoding': 'gzip' };
      const allowed = await server.request('/', { headers });
      expect(allowed.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'X-Total',
        vary: expect.stringContaining('Origin'),
      });
      const denied = await server.request('/', { headers: { ...headers, origin: evil } });
      expect(denied.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('the cors package behind or before this one', async () => {
    for (const stack of [
      [ours(), npmCors() as TestMiddleware],
      [npmCors() as TestMiddleware, ours()],
    ]) {
      const server = await listen('express5', stack);
      const allowed = await server.request('/', { headers: { origin } });
      expect(allowed.headers['access-control-allow-origin']).toBe(origin);
      const denied = await server.request('/', { headers: { origin: evil } });
      expect(denied.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('a proxy that hands on what an upstream said about CORS', async () => {
    const upstream = await listen('http', npmCors() as TestMiddleware);
    const proxy: TestMiddleware = (req, res) => {
      const { url: path, method, headers } = req;
      send({ port: upstream.port, path, method, headers }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      }).end();
    };
    const server = await listen('express5', ours(), proxy);
    const allowed = await server.request('/', { headers: { origin } });
    expect(allowed.text).toBe('hello');
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': origin,
      vary: 'Origin',
    });
    const denied = await server.request('/', { headers: { origin: evil } });
    expect(denied.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('socket.io with allowRequest', () => {
  test.each([
    ['polling', origin, true],
    ['polling', evil, false],
    ['websocket', origin, true],
    ['websocket', evil, false],
  ] as const)('%s from %s: %s', async (transport, from, allowed) => {
    const policy = ours();
    const server = createServer();
    const sockets = new Server(server, {
      allowRequest: async (req, done) => done(null, await policy.allowsConnection(req)),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise<void>((resolve) => void sockets.close(() => resolve())));
    const client = io(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, {
      transports: [transport],
      extraHeaders: { origin: from },
      reconnection: false,
    });
    closing.push(() => client.close());
    const connected = await new Promise((resolve) => {
      client.on('connect', () => resolve(true));
      client.on('connect_error', () => resolve(false));
    });
    expect(connected).toBe(allowed);
  });
});
