import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, ServerResponse, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { rawRequest } from '@portcullis/testing';
import { httpsRedirect, type HttpsRedirectOptions } from '@portcullis/https-redirect';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** Runs the middleware on a real upgrade request, with a real response, as an upgrade helper does. */
async function handshake(options: HttpsRedirectOptions, ...lines: string[]): Promise<string> {
  const middleware = httpsRedirect({ trustProxy: 'loopback', host: 'a.test', ...options });
  const server = createServer();
  servers.push(server);
  server.on('upgrade', (req, socket) => {
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    // Node types the upgraded socket as any duplex stream; on a plain server it is a Socket.
    res.assignSocket(socket as Socket);
    res.on('finish', () => socket.end());
    middleware(req, res, () => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const head = ['GET /chat?x HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket', ...lines];
  return rawRequest(port, `${head.join('\r\n')}\r\n\r\n`);
}

describe('on a WebSocket handshake', () => {
  test('ws is sent to wss', async () => {
    const answer = await handshake({}, 'Host: a.test');
    expect(answer).toMatch(/^HTTP\/1\.1 307 .*Location: wss:\/\/a\.test\/chat\?x\r\n/s);
    expect(answer).toContain('Connection: close');
  });

  test('wss goes on', async () => {
    const answer = await handshake({}, 'Host: a.test', 'X-Forwarded-Proto: wss');
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
  });

  test("insecure: 'reject' is a whole 403", async () => {
    const answer = await handshake({ insecure: 'reject' }, 'Host: a.test');
    expect(answer).toMatch(/^HTTP\/1\.1 403 .*\r\n\r\nHTTPS required$/s);
  });

  test('a bad host is a whole 400', async () => {
    const answer = await handshake({ host: undefined }, 'Host: a@b');
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\n\r\nInvalid host header$/s);
  });
});
