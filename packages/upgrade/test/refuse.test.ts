import { afterEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { UpgradeMiddleware } from '../src/index.ts';
import { closeServers, eventually, handshake, listenUpgrade, openClient, sleep } from './server.ts';

afterEach(closeServers);

const refused = (status: number) => ({ accepted: false, reason: 'refused', status });

describe('a middleware that answers', () => {
  test('refuses with a whole HTTP response, and the connection closes', async () => {
    const { port, outcomes, sockets } = await listenUpgrade((_req, res) => {
      res.statusCode = 401;
      res.setHeader('WWW-Authenticate', 'Basic');
      res.setHeader('Set-Cookie', 'seen=1');
      res.end('who are you?');
    });
    const answer = await rawRequest(port, handshake());
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).toContain('WWW-Authenticate: Basic\r\n');
    expect(answer).toContain('Set-Cookie: seen=1\r\n');
    expect(answer).toContain('Connection: close\r\n');
    expect(answer).toContain('Content-Length: 12\r\n');
    expect(answer.endsWith('\r\n\r\nwho are you?')).toBe(true);
    expect(outcomes).toEqual([refused(401)]);
    await eventually(() => (sockets.size === 0 ? true : undefined));
  });

  test('refuses with writeHead in one call', async () => {
    const { port } = await listenUpgrade((_req, res) => {
      res.writeHead(302, 'Go Away', { Location: '/login' }).end();
    });
    const answer = await rawRequest(port, handshake());
    expect(answer).toMatch(/^HTTP\/1\.1 302 Go Away\r\n/);
    expect(answer).toContain('Location: /login\r\n');
  });

  test('announces the end of the connection, whatever the stack had in mind for it', async () => {
    const keepAlive: UpgradeMiddleware = (_req, res, next) => {
      res.setHeader('Connection', 'keep-alive');
      res.setHeader('Keep-Alive', 'timeout=5');
      res.setHeader('Content-Length', 2);
      next();
    };
    const fail: UpgradeMiddleware = () => {
      throw new Error('oops');
    };
    const stacks: [UpgradeMiddleware, string][] = [
      [(_req, res) => res.writeHead(403).end('no'), 'no'],
      [fail, 'Internal Server Error'],
    ];
    for (const [last, body] of stacks) {
      const { port } = await listenUpgrade([keepAlive, last]);
      const answer = await rawRequest(port, handshake());
      expect(answer).toContain('\r\nConnection: close\r\n');
      expect(answer).toContain(`\r\nContent-Length: ${String(body.length)}\r\n`);
      expect(answer).not.toContain('Keep-Alive');
      expect(answer.endsWith(`\r\n\r\n${body}`)).toBe(true);
    }
  });

  test('may also call next(): the answer stands, the rest does not run', async () => {
    let ran = false;
    const { port, outcomes } = await listenUpgrade([
      (_req, res, next) => {
        res.writeHead(403).end('no');
        next();
      },
      (_req, _res, next) => {
        ran = true;
        next();
      },
    ]);
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 403 /);
    expect([ran, ...outcomes]).toEqual([false, refused(403)]);
  });

  test('is not overruled when a wrapper still holds its answer back', async () => {
    const { port, outcomes } = await listenUpgrade([
      (_req, res, next) => {
        const { end } = res;
        res.end = ((...args: [string]) => {
          Object.defineProperty(res, 'headersSent', { configurable: true, value: true });
          setTimeout(() => {
            Reflect.deleteProperty(res, 'headersSent');
            end.apply(res, args as never);
          }, 20);
          return res;
        }) as never;
        next();
      },
      (_req, res, next) => {
        res.end('held');
        next();
      },
    ]);
    expect(await rawRequest(port, handshake())).toMatch(/ 200 OK\r\n[^]*held$/);
    expect(outcomes).toEqual([refused(200)]);
  });

  test('gets its status sent when it sets one and calls next()', async () => {
    const { port, outcomes } = await listenUpgrade((_req, res, next) => {
      res.statusCode = 404;
      next();
    });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(outcomes).toEqual([refused(404)]);
  });

  test('cannot answer with a status below 200', async () => {
    const { port, outcomes, errors } = await listenUpgrade((_req, res) => {
      res.statusCode = 101;
      res.end();
    });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 500 /);
    expect(outcomes).toMatchObject([{ accepted: false, reason: 'failed', status: 500 }]);
    expect(String(errors[0])).toContain('status 101');
  });

  test('sends nothing before its answer: no early hints, no 100 Continue', async () => {
    const { port } = await listenUpgrade((_req, res) => {
      res.writeContinue();
      (res as { writeInformation?: (status: number) => void }).writeInformation?.(110);
      res.writeProcessing();
      res.writeEarlyHints({ link: '</a.css>; rel=preload' });
      res.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => res.writeHead(403).end());
    });
    expect(await rawRequest(port, handshake())).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('is seen by loggers: finish with its status, then close', async () => {
    const seen: unknown[] = [];
    const { port } = await listenUpgrade((_req, res) => {
      res.on('finish', () => seen.push('finish', res.statusCode));
      res.on('close', () => seen.push('close'));
      res.writeHead(403).end();
    });
    await rawRequest(port, handshake());
    await eventually(() => (seen.length === 3 ? true : undefined));
    expect(seen).toEqual(['finish', 403, 'close']);
  });
});

describe('a large refusal', () => {
  const size = 3 * 1024 * 1024;

  test('arrives whole although the client has sent bytes that nobody read', async () => {
    const { port } = await listenUpgrade((_req, res) => {
      res.statusCode = 403;
      res.end(Buffer.alloc(size, 'x'));
    });
    const client = await openClient(port, handshake() + 'frame'.repeat(20_000));
    const answer = await client.ended;
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(size);
  });

  test('streams at the pace of the client', async () => {
    let pauses = 0;
    const { port } = await listenUpgrade(async (_req, res) => {
      res.on('drain', () => (pauses += 1));
      const chunks = Array.from({ length: size / 65_536 }, () => Buffer.alloc(65_536, 'x'));
      await pipeline(Readable.from(chunks), res);
    });
    const client = await openClient(port, handshake());
    client.socket.pause();
    await sleep(50);
    client.socket.resume();
    const answer = await client.ended;
    expect(pauses).toBeGreaterThan(0);
    expect(answer.match(/x/g)?.length).toBe(size);
  });

  test('can be piped after a write that filled the socket', async () => {
    const { port } = await listenUpgrade((_req, res) => {
      expect(res.writableNeedDrain).toBe(false);
      res.write(Buffer.alloc(size, 'x'));
      expect(res.writableNeedDrain).toBe(true);
      res.once('drain', () => void Readable.from([Buffer.from('tail')]).pipe(res));
    });
    const client = await openClient(port, handshake());
    expect(await client.ended).toMatch(/tail\r\n0\r\n\r\n$/);
  });

  test('is cut off when the client reads nothing for the length of the timeout', async () => {
    const { port, sockets, outcomes } = await listenUpgrade(
      (_req, res) => res.writeHead(403).end(Buffer.alloc(16 * size)),
      { timeout: '80ms' },
    );
    const client = await openClient(port, handshake());
    client.socket.pause();
    await eventually(() => (outcomes.length === 1 && sockets.size === 0 ? true : undefined));
    expect(outcomes).toEqual([refused(403)]);
    client.socket.destroy();
  });
});

describe('the connection of a refused client', () => {
  test('is closed after the linger time when the client does not close it', async () => {
    const times: number[] = [];
    const { port, sockets } = await listenUpgrade(
      (_req, res) => {
        res.on('finish', () => times.push(performance.now()));
        [...sockets][0]?.on('close', () => times.push(performance.now()));
        res.writeHead(403).end();
      },
      { linger: '150ms' },
    );
    const client = await openClient(port, handshake());
    await eventually(() => times[1]);
    const [finished = 0, closed = 0] = times;
    expect(closed - finished).toBeGreaterThan(140);
    client.socket.destroy();
  });

  test('gets no answer to a request that it pipelined behind the handshake', async () => {
    const { port } = await listenUpgrade((_req, res) => res.writeHead(403).end('no'));
    const answer = await rawRequest(port, `${handshake()}GET / HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
