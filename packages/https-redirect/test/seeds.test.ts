import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createServer, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { httpsRedirect } from '@portcullis/https-redirect';
import { closeAll, rawRequest } from '@portcullis/testing';
import { send, serve } from './redirected.ts';

beforeEach(() => {
  // Without trustedHost() before it, the middleware says once that nobody has listed the hosts.
  jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

async function handshake(...lines: string[]): Promise<string> {
  const middleware = httpsRedirect({ trustProxy: 'loopback' });
  const server = createServer();
  server.on('upgrade', (req, socket) => {
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    // On a plain server the upgraded socket is a Socket.
    res.assignSocket(socket as Socket);
    res.on('finish', () => socket.end());
    middleware(req, res, () => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const head = [
    'GET /chat HTTP/1.1',
    'Host: example.com',
    'Connection: Upgrade',
    'Upgrade: websocket',
    ...lines,
  ];
  const answer = await rawRequest(port, `${head.join('\r\n')}\r\n\r\n`);
  server.close();
  return answer;
}

/** One test for each sentence of the requirements about the https redirect middleware. */
describe('HTTPSRedirectMiddleware', () => {
  test('enforces that all incoming requests must be https', async () => {
    const server = await serve({}, { tls: true });
    expect((await server.request('/', { headers: { Host: 'example.com' } })).status).toBe(200);
  });

  test('or wss', async () => {
    await expect(handshake('X-Forwarded-Proto: wss')).resolves.toMatch(/^HTTP\/1\.1 101/);
  });

  test('any incoming request to http will be redirected to the secure scheme instead', async () => {
    const server = await serve();
    for (const method of ['GET', 'POST', 'HEAD', 'OPTIONS']) {
      const answer = await send(server, ['Host: example.com'], `${method} /a?b HTTP/1.1`);
      expect([answer.status, answer.location]).toEqual([307, 'https://example.com/a?b']);
    }
  });

  test('any incoming request to ws will be redirected to the secure scheme instead', async () => {
    const answer = await handshake();
    expect(answer).toMatch(/^HTTP\/1\.1 307 .*Location: wss:\/\/example\.com\/chat\r\n/s);
  });

  test('needs no options: Middleware(HTTPSRedirectMiddleware)', () => {
    expect(httpsRedirect()).toHaveLength(3);
  });
});
