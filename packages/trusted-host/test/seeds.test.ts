import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { closeAll, listen, rawRequest } from '@portcullis/testing';
import { trustedHost } from '@portcullis/trusted-host';
import { send, serve } from './served.ts';

afterEach(closeAll);

/** One test for each sentence of the requirements about the trusted host middleware. */
describe('TrustedHostMiddleware', () => {
  test('enforces that all incoming requests have a correctly set Host header, in order to guard against HTTP Host Header attacks', async () => {
    const server = await serve({ allowedHosts: ['example.com', '*.example.com'] });
    await expect(send(server, ['Host: example.com'])).resolves.toMatch(/^200/);
    for (const host of ['evil.com', 'example.com@evil.com', 'evil.com#.example.com', '']) {
      await expect(send(server, [`Host: ${host}`])).resolves.toMatch(/^400/);
    }
    const twice = ['Host: example.com', 'Host: evil.com'];
    await expect(send(server, twice)).resolves.toMatch(/^400/);
  });

  test('can be configured in the configuration class: ALLOWED_HOSTS = a list of domain names that should be allowed as hostnames', async () => {
    class DevelopmentConfig {
      static readonly ALLOWED_HOSTS: readonly string[] = ['example.com', '*.example.com'];
    }
    const server = await serve({ allowedHosts: DevelopmentConfig.ALLOWED_HOSTS });
    await expect(send(server, ['Host: example.com'])).resolves.toMatch(/^200/);
    await expect(send(server, ['Host: other.com'])).resolves.toMatch(/^400/);
  });

  test('wildcard domains such as *.example.com are supported for matching subdomains', async () => {
    const server = await serve({ allowedHosts: ['*.example.com'] });
    await expect(send(server, ['Host: a.example.com'])).resolves.toMatch(/^200/);
    await expect(send(server, ['Host: a.b.example.com'])).resolves.toMatch(/^200/);
    await expect(send(server, ['Host: example.com'])).resolves.toMatch(/^400/);
    await expect(send(server, ['Host: aexample.com'])).resolves.toMatch(/^400/);
  });

  test("to allow any hostname either use ['*']", async () => {
    const server = await serve({ allowedHosts: ['*'] });
    await expect(send(server, ['Host: whatever.test'])).resolves.toMatch(/^200/);
  });

  test('or omit the middleware', async () => {
    const server = await listen('http', []);
    await expect(send(server, ['Host: whatever.test'])).resolves.toMatch(/^200/);
  });

  test('if an incoming request does not validate correctly then a 400 response will be sent', async () => {
    const server = await serve({ allowedHosts: ['example.com'] });
    await expect(send(server, ['Host: evil.com'])).resolves.toBe('400 Invalid host header');
  });

  test('can end the request of an HTTP or WebSocket connection', async () => {
    const middleware = trustedHost({ allowedHosts: ['example.com'] });
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
    const handshake = (host: string) =>
      rawRequest(
        port,
        `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
    await expect(handshake('example.com')).resolves.toMatch(/^HTTP\/1\.1 101/);
    await expect(handshake('evil.com')).resolves.toMatch(/^HTTP\/1\.1 400/);
    server.close();
  });
});
