import { afterEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import { runUpgrade } from '../src/index.ts';
import type { UpgradeOutcome } from '../src/index.ts';
import {
  closeServers,
  eventually,
  handshake,
  listenUpgrade,
  openClient,
  sleep,
  start,
} from './server.ts';

afterEach(closeServers);

const h2c = handshake({
  Upgrade: 'h2c',
  Connection: 'Upgrade, HTTP2-Settings',
  'HTTP2-Settings': '',
});
const other = { accepted: false, reason: 'other', status: undefined };

describe('an upgrade request that is no WebSocket handshake', () => {
  test('is served as the ordinary request that it also is', async () => {
    let ran = false;
    const { port, outcomes } = await listenUpgrade(() => (ran = true), {
      onRequest: (req, res) => res.end(`hello ${req.url}`),
    });
    const answer = await rawRequest(port, h2c);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*hello \/chat$/);
    expect(answer).toContain('Connection: close\r\n');
    expect([ran, outcomes]).toEqual([false, [other]]);
  });

  test.each([
    ['another method', handshake({}, 'POST /chat HTTP/1.1')],
    ['a list without websocket', handshake({ Upgrade: 'h2c, tls/1.2' })],
  ])('is served: %s', async (_name, text) => {
    const { port } = await listenUpgrade([]);
    expect(await rawRequest(port, text)).toMatch(/ 200 OK\r\n[^]*ordinary$/);
  });

  test('is answered 400 when it has a body, which Node cannot read any more', async () => {
    const { port } = await listenUpgrade([]);
    const answer = await rawRequest(
      port,
      `${handshake({ Upgrade: 'h2c', 'Content-Length': '5' })}abcde`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('is answered 400 when it lacks a Host, which Node does not check here', async () => {
    const { port } = await listenUpgrade([]);
    const answer = await rawRequest(port, handshake({ Upgrade: 'h2c', Host: null }));
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*Host is missing$/);
  });

  test('is served over HTTP/1.0 without a Host', async () => {
    const { port } = await listenUpgrade([]);
    const text = handshake({ Upgrade: 'h2c', Host: null }, 'GET / HTTP/1.0');
    expect(await rawRequest(port, text)).toMatch(/ordinary$/);
  });

  test('is answered 426 when the server has no request listener', async () => {
    const server = await listenUpgrade([]);
    server.server.removeAllListeners('request');
    const answer = await rawRequest(server.port, h2c);
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(answer).toContain('Upgrade: websocket\r\n');
  });

  test('is answered 426 on a connection whose server is unknown', async () => {
    const { port } = await start({}, (server) => {
      server.on('upgrade', (req, socket, head) => {
        Object.assign(socket, { server: null });
        void runUpgrade(req, socket, head, []);
      });
    });
    expect(await rawRequest(port, h2c)).toMatch(/^HTTP\/1\.1 426 /);
  });

  test('closes when the client leaves before it is answered', async () => {
    const server = await listenUpgrade([], { onRequest: () => undefined });
    const client = await openClient(server.port, h2c);
    await sleep(20);
    client.socket.end();
    await eventually(() => (server.sockets.size === 0 ? true : undefined));
  });

  test('does not end the process when the request listener throws', async () => {
    const server = await listenUpgrade([], {
      onRequest: () => {
        throw new Error('broken listener');
      },
    });
    expect(await rawRequest(server.port, h2c)).toBe('');
    expect(server.errors.map(String)).toEqual(['Error: broken listener']);
  });

  test('does not end the process when the client resets', async () => {
    const server = await listenUpgrade([], { onRequest: () => undefined });
    const client = await openClient(server.port, h2c);
    await sleep(20);
    client.socket.resetAndDestroy();
    await eventually(() => (server.sockets.size === 0 ? true : undefined));
  });
});

describe("others: 'ignore'", () => {
  test('leaves the request to whoever takes it', async () => {
    const { port, server } = await listenUpgrade([], { others: 'ignore', timeout: '30ms' });
    server.on('upgrade', (_req, socket) => {
      setTimeout(() => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'), 5);
      setTimeout(() => socket.end('mine'), 80);
    });
    expect(await rawRequest(port, h2c)).toMatch(/mine$/);
  });

  test('closes the connection when nobody does', async () => {
    const { port, outcomes } = await listenUpgrade([], { others: 'ignore', timeout: '30ms' });
    expect(await rawRequest(port, h2c)).toBe('');
    expect(outcomes).toEqual([other]);
  });
});

describe('several upgrade listeners on one server', () => {
  test('requests that are no handshake are left to the others', async () => {
    const { port, server } = await listenUpgrade([]);
    server.on('upgrade', (_req, socket) => void socket.end('other listener'));
    expect(await rawRequest(port, h2c)).toBe('other listener');
  });

  test("others: 'serve' insists", async () => {
    const { port, server } = await listenUpgrade([], { others: 'serve' });
    server.on('upgrade', () => undefined);
    expect(await rawRequest(port, h2c)).toMatch(/ordinary$/);
  });

  test('the first that wants a handshake has it', async () => {
    const outcomes: UpgradeOutcome[] = [];
    const { port } = await start({}, (server) => {
      for (const name of ['first', 'second']) {
        server.on('upgrade', (req, socket, head) => {
          const stack = (_req: unknown, res: { end(text: string): unknown }) => res.end(name);
          void runUpgrade(req, socket, head, stack).then((outcome) => outcomes.push(outcome));
        });
      }
    });
    expect(await rawRequest(port, handshake())).toMatch(/first$/);
    await eventually(() => outcomes[1]);
    expect(outcomes).toEqual([other, { accepted: false, reason: 'refused', status: 200 }]);
  });
});

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hasCallback = major > 24 || (major === 24 && minor >= 9);

describe('shouldUpgradeCallback of the server', () => {
  (hasCallback ? test : test.skip)(
    'keeps the others away from us, bodies and all (Node >= 24.9)',
    async () => {
      const shouldUpgradeCallback = (req: { headers: Record<string, unknown> }): boolean =>
        req.headers['upgrade'] === 'websocket';
      const { port } = await start(
        {
          options: { shouldUpgradeCallback },
          onRequest: (req, res) => void req.pipe(res),
        },
        (server) => {
          server.on('upgrade', (req, socket, head) => {
            void runUpgrade(req, socket, head, (_req, res) => res.end('stack'));
          });
        },
      );
      const withBody = handshake({
        Upgrade: 'h2c',
        'Content-Length': '5',
        Connection: 'close, Upgrade',
      });
      expect(await rawRequest(port, `${withBody}hello`)).toContain('hello');
      expect(await rawRequest(port, handshake())).toMatch(/stack$/);
    },
  );
});
