import { afterEach, describe, expect, test } from '@jest/globals';
import { isWebSocketHandshake } from '@portcullis/core/http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeAll, rawRequest } from '@portcullis/testing';
import { fact } from './request-facts.ts';

afterEach(closeAll);

/** The verdict inside a real upgrade listener. */
async function onUpgrade(lines: string[], method = 'GET'): Promise<string> {
  const server = createServer();
  server.on('upgrade', (req, socket) => socket.end(String(isWebSocketHandshake(req))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const head = [`${method} / HTTP/1.1`, 'Host: a.test', ...lines];
  const answer = await rawRequest(port, `${head.join('\r\n')}\r\n\r\n`);
  await new Promise((resolve) => server.close(resolve));
  return answer;
}

describe('isWebSocketHandshake()', () => {
  test.each<[string[], string]>([
    [['Connection: Upgrade', 'Upgrade: websocket'], 'true'],
    [['Connection: keep-alive, Upgrade', 'Upgrade: WebSocket'], 'true'],
    [['Connection: upgrade', 'Upgrade: h2c, websocket'], 'true'],
    [['Connection: upgrade', 'Upgrade: h2c'], 'false'],
    [['Connection: upgrade', `Upgrade: ${'x,'.repeat(600)}websocket`], 'false'],
  ])('%p: %s', async (lines, expected) => {
    await expect(onUpgrade(lines)).resolves.toBe(expected);
  });

  test('is no POST', async () => {
    const lines = ['Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 0'];
    await expect(onUpgrade(lines, 'POST')).resolves.toBe('false');
  });

  test('is nothing that a server without an upgrade listener gets', async () => {
    const lines = ['Host: a', 'Upgrade: websocket'];
    await expect(fact(isWebSocketHandshake, lines)).resolves.toBe(false);
    const read = fact(
      (req) => {
        delete (req as { upgrade?: unknown }).upgrade;
        return isWebSocketHandshake(req);
      },
      ['Host: a', 'Upgrade: websocket'],
    );
    await expect(read).resolves.toBe(false);
    const plain = fact(
      (req) => {
        delete (req as { upgrade?: unknown }).upgrade;
        return isWebSocketHandshake(req);
      },
      ['Host: a'],
    );
    await expect(plain).resolves.toBe(false);
  });
});
