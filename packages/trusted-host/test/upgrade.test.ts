import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, ServerResponse, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { rawRequest } from '@portcullis/testing';
import { getHost, trustedHost } from '@portcullis/trusted-host';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** Runs the middleware on a real upgrade request, with a real response, as an upgrade helper does. */
async function handshake(host: string, allowedHosts: string[], ...more: string[]): Promise<string> {
  const middleware = trustedHost({ allowedHosts, trustProxy: 'loopback' });
  const server = createServer();
  servers.push(server);
  server.on('upgrade', (req, socket) => {
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    // Node types the upgraded socket as any duplex stream; on a plain server it is a Socket.
    res.assignSocket(socket as Socket);
    res.on('finish', () => socket.end());
    middleware(req, res, () => {
      socket.end(`HTTP/1.1 101 Switching Protocols\r\nX-Host: ${getHost(req)?.hostname}\r\n\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const lines = [
    'GET /chat?x HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    ...more,
  ];
  return rawRequest(port, `${lines.join('\r\n')}\r\n\r\n`);
}

describe('on a WebSocket handshake', () => {
  test('a listed host goes on', async () => {
    await expect(handshake('a.test', ['a.test'])).resolves.toMatch(
      /^HTTP\/1\.1 101 .*X-Host: a\.test/s,
    );
  });

  test.each(['evil.test', 'a@b', 'a.test:0'])('%s gets a whole 400', async (host) => {
    const answer = await handshake(host, ['a.test']);
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\n\r\nInvalid host header$/s);
    expect(answer).toContain('Connection: close');
  });

  test('the redirect to www keeps ws', async () => {
    const answer = await handshake('a.test:8080', ['www.a.test']);
    expect(answer).toMatch(/^HTTP\/1\.1 307 .*Location: ws:\/\/www\.a\.test:8080\/chat\?x\r\n/s);
    const secure = await handshake('a.test', ['www.a.test'], 'X-Forwarded-Proto: wss');
    expect(secure).toContain('Location: wss://www.a.test/chat?x\r\n');
  });
});
