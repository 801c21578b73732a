import { afterEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
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
import type { UpgradeServer } from './server.ts';

afterEach(closeServers);

const gone = { accepted: false, reason: 'gone', status: undefined };
const firstOutcome = (server: UpgradeServer): Promise<UpgradeOutcome> =>
  eventually(() => server.outcomes[0]);
const allClosed = (server: UpgradeServer): Promise<true> =>
  eventually(() => (server.sockets.size === 0 ? true : undefined));

describe('a client that leaves while the stack works', () => {
  test.each([
    ['resets', (client: { resetAndDestroy(): unknown }) => client.resetAndDestroy()],
    ['closes its side', (client: { end(): unknown }) => client.end()],
  ])('%s: the handshake is given up, loggers see close without finish', async (_name, leave) => {
    const seen: string[] = [];
    let wake = (): void => undefined;
    const server = await listenUpgrade((_req, res, next) => {
      res.on('finish', () => seen.push('finish'));
      res.on('close', () => seen.push('close'));
      wake = () => {
        res.setHeader('X-Late', '1');
        next();
      };
      seen.push('started');
    });
    const client = await openClient(server.port, handshake());
    await eventually(() => seen[0]);
    leave(client.socket);
    expect(await firstOutcome(server)).toEqual(gone);
    await allClosed(server);
    wake();
    await sleep(5);
    expect(seen).toEqual(['started', 'close']);
    expect(server.outcomes).toHaveLength(1);
  });

  test('after the head is final and before anyone knows: the handshake is given up', async () => {
    const seen: string[] = [];
    const server = await listenUpgrade((_req, res, next) => {
      res.on('finish', () => seen.push('finish'));
      res.on('close', () => seen.push('close'));
      next();
      [...server.sockets][0]?.destroy();
    });
    await rawRequest(server.port, handshake());
    expect(await firstOutcome(server)).toEqual(gone);
    expect(seen).toEqual(['close']);
  });

  test('with frames still unread: the WebSocket server gets them and then the end', async () => {
    const server = await listenUpgrade(async (_req, _res, next) => {
      await sleep(50);
      next();
    });
    const client = await openClient(server.port, handshake());
    await sleep(20);
    client.socket.end('last words');
    expect(await client.ended).toMatch(/ 101 [^]*last words$/);
    await allClosed(server);
  });
});

describe('a client that leaves during the answer', () => {
  test('resets: nothing breaks', async () => {
    const server = await listenUpgrade((_req, res) => {
      res.writeHead(403).write('x'.repeat(4_000_000));
    });
    const client = await openClient(server.port, handshake());
    await client.until((text) => text.length > 0);
    client.socket.resetAndDestroy();
    expect(await firstOutcome(server)).toEqual({ accepted: false, reason: 'refused', status: 403 });
    await allClosed(server);
  });

  test('closes its own side only: the answer arrives whole', async () => {
    const server = await listenUpgrade(async (_req, res) => {
      res.write('first ');
      await sleep(40);
      res.end('last');
    });
    const client = await openClient(server.port, handshake());
    await client.until((text) => text.includes('first'));
    client.socket.end();
    expect(await client.ended).toContain('last');
  });
});

describe('a client that leaves between the decision and release()', () => {
  test.each([
    ['resets', (client: { resetAndDestroy(): unknown }) => client.resetAndDestroy()],
    ['closes its side', (client: { end(): unknown }) => client.end()],
  ])('%s: release answers false', async (_name, leave) => {
    const released: boolean[] = [];
    const progress = new EventEmitter();
    const server = await start({}, (http) => {
      http.on('upgrade', (req, socket, head) => {
        void runUpgrade(req, socket, head, []).then(async (outcome) => {
          progress.emit('decided');
          await eventually(() => (socket.destroyed ? true : undefined));
          if (outcome.accepted) released.push(outcome.release());
        });
      });
    });
    const decided = once(progress, 'decided');
    const { socket } = await openClient(server.port, handshake());
    await decided;
    leave(socket);
    expect(await eventually(() => released[0])).toBe(false);
    await eventually(() => (server.sockets.size === 0 ? true : undefined));
  });

  test('release leaves no listener of ours on the socket', async () => {
    const counts: number[] = [];
    const server = await start({}, (http) => {
      http.on('upgrade', (req, socket, head) => {
        const count = (): number =>
          socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0);
        counts.push(count());
        void runUpgrade(req, socket, head, []).then((outcome) => {
          if (outcome.accepted) outcome.release();
          counts.push(count());
          socket.destroy();
        });
      });
    });
    await rawRequest(server.port, handshake());
    expect(counts[1]).toBe(counts[0]);
  });
});

describe('a connection that cannot be used', () => {
  test('closed before runUpgrade was called: gone', async () => {
    const outcomes: UpgradeOutcome[] = [];
    const { port } = await start({}, (server) => {
      server.on('upgrade', (req, socket, head) => {
        socket.destroy();
        void runUpgrade(req, socket, head, []).then((outcome) => outcomes.push(outcome));
      });
    });
    await rawRequest(port, handshake());
    expect(await eventually(() => outcomes[0])).toEqual(gone);
  });

  test('an earlier, pipelined request is still being answered: closed', async () => {
    const server = await listenUpgrade([], { onRequest: (_req, res) => void res.write('pending') });
    const answer = await rawRequest(server.port, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${handshake()}`);
    expect(answer).not.toContain('101');
    expect(await firstOutcome(server)).toEqual(gone);
  });

  test('the same for a request that is no handshake', async () => {
    const server = await listenUpgrade([], { onRequest: (_req, res) => void res.write('pending') });
    const h2c = handshake({ Upgrade: 'h2c' });
    await rawRequest(server.port, `GET / HTTP/1.1\r\nHost: a\r\n\r\n${h2c}`);
    await allClosed(server);
  });

  test('a handshake on a connection that served requests before is accepted', async () => {
    const server = await listenUpgrade([]);
    const client = await openClient(server.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until((text) => text.endsWith('ordinary'));
    client.socket.write(handshake());
    await client.until((text) => text.includes(' 101 '));
    client.socket.destroy();
  });
});

describe('a stack that does not decide', () => {
  const never = (): void => undefined;

  test('is answered with 503 after the timeout', async () => {
    const server = await listenUpgrade(never, { timeout: '40ms' });
    const answer = await rawRequest(server.port, handshake());
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*Service Unavailable$/);
    expect(server.outcomes).toEqual([{ accepted: false, reason: 'timeout', status: 503 }]);
    expect(server.errors).toMatchObject([{ code: 'ERR_PORTCULLIS_UPGRADE_TIMEOUT', status: 503 }]);
  });

  test('may be what wraps the end of the response, a store that hangs', async () => {
    const server = await listenUpgrade(
      (_req, res, next) => {
        res.end = () => res;
        next();
      },
      { timeout: '40ms' },
    );
    expect(await rawRequest(server.port, handshake())).toMatch(/^HTTP\/1\.1 503 /);
  });

  test('may wake up later: its answer goes nowhere and throws nothing', async () => {
    const seen: unknown[] = [];
    const woken: ServerResponse[] = [];
    const server = await listenUpgrade(
      (_req, res) => {
        woken.push(res);
        res.on('finish', () => seen.push('finish', res.statusCode));
        res.on('close', () => seen.push('close'));
      },
      { timeout: '40ms' },
    );
    const answer = await rawRequest(server.port, handshake());
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(seen).toEqual(['finish', 503, 'close']);
    const [late] = woken;
    expect([late?.headersSent, late?.writableEnded]).toEqual([true, true]);
    late?.setHeader('X-Late', '1');
    late?.writeHead(200);
    late?.write('late');
    late?.end('late');
    late?.flushHeaders();
    await sleep(5);
    expect(server.errors).toHaveLength(1);
  });

  test('next() after the timeout does nothing', async () => {
    const server = await listenUpgrade(
      async (_req, _res, next) => {
        await sleep(60);
        next();
      },
      { timeout: '20ms' },
    );
    expect(await rawRequest(server.port, handshake())).toMatch(/^HTTP\/1\.1 503 /);
    await sleep(60);
    expect(server.outcomes).toHaveLength(1);
  });

  test('does not keep the process alive', async () => {
    const { stdout } = await runScript(`
      server.on('upgrade', (req, socket, head) => {
        void runUpgrade(req, socket, head, [() => {}], { timeout: '1h' });
        server.close();
        socket.unref();
        client.unref();
        setTimeout(() => console.log('waiting'), 20);
      });
    `);
    expect(stdout).toBe('waiting\n');
  });
});

/** Runs a script with a server, a client and our source in a process of its own. */
async function runScript(body: string): Promise<{ stdout: string }> {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const { join } = await import('node:path');
  const script = `
    const { connect } = require('node:net');
    const { runUpgrade } = require(${JSON.stringify(join(__dirname, '../src/index.ts'))});
    const server = require('node:http').createServer();
    let client;
    ${body}
    server.listen(0, '127.0.0.1', () => {
      client = connect(server.address().port, '127.0.0.1');
      client.write(${JSON.stringify(handshake())});
    });
  `;
  return promisify(execFile)(
    process.execPath,
    ['-C', '@portcullis/source', '-r', 'esbuild-register', '-e', script],
    { timeout: 5000 },
  );
}

describe('many clients that reset at random moments', () => {
  // An unhandled rejection or uncaught exception fails the test by itself.
  test('leave no socket behind', async () => {
    const steps = [
      (_res: ServerResponse, next: () => void) => next(),
      (_res: ServerResponse, next: () => void) => setTimeout(next, 5),
      (res: ServerResponse) => res.writeHead(403).end(Buffer.alloc(100_000)),
      () => {
        throw new Error('x');
      },
    ];
    const server = await listenUpgrade((_req, res, next) =>
      steps[Math.floor(Math.random() * steps.length)]?.(res, next),
    );
    await Promise.all(
      Array.from(
        { length: 300 },
        () =>
          new Promise<void>((resolve) => {
            const socket = connect(server.port, '127.0.0.1', () => {
              socket.write(handshake());
              setTimeout(() => socket.resetAndDestroy(), Math.random() * 15);
            });
            socket.on('error', () => undefined);
            socket.on('close', () => resolve());
          }),
      ),
    );
    await allClosed(server);
    expect(server.outcomes.length).toBeGreaterThan(0);
  });
});
