import { afterEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeServers, eventually, handshake, listenUpgrade, openClient, sleep } from './server.ts';

afterEach(closeServers);

type Next = (error?: unknown) => void;
const headDone = (received: string): boolean => received.includes('\r\n\r\n');

describe('a stack that runs out', () => {
  test('leaves the handshake to the WebSocket server', async () => {
    const { port, outcomes } = await listenUpgrade((_req, _res, next) => next());
    const head = await rawRequest(port, handshake(), { until: headDone });
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(outcomes).toEqual([{ accepted: true, headers: [], release: expect.any(Function) }]);
  });

  test('puts its headers on the 101, two cookies on two lines', async () => {
    const { port } = await listenUpgrade([
      (_req, res, next) => {
        res.setHeader('X-Request-Id', 7);
        res.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2']);
        next();
      },
      (_req, res, next) => {
        res.appendHeader('Set-Cookie', 'c=3');
        next();
      },
    ]);
    const head = await rawRequest(port, handshake(), { until: headDone });
    expect(head).toContain('\r\nX-Request-Id: 7\r\n');
    expect(head.match(/^Set-Cookie: .*$/gm)).toEqual([
      'Set-Cookie: a=1; Path=/',
      'Set-Cookie: b=2',
      'Set-Cookie: c=3',
    ]);
  });

  test('keeps off the 101 what describes a connection, a body or the handshake', async () => {
    const { port, outcomes } = await listenUpgrade((_req, res, next) => {
      for (const name of [
        'Connection', 'Upgrade', 'Keep-Alive', 'Transfer-Encoding', 'Trailer', 'ETag', 'Last-Modified',
        'Content-Type', 'content-length', 'CONTENT-ENCODING', 'Sec-WebSocket-Accept', 'Sec-WebSocket-Extensions',
      ]) res.setHeader(name, '1'); // prettier-ignore
      res.setHeader('Strict-Transport-Security', 'max-age=60');
      next();
    });
    await rawRequest(port, handshake(), { until: headDone });
    expect(outcomes[0]).toMatchObject({ headers: [['Strict-Transport-Security', 'max-age=60']] });
  });

  test('runs asynchronous functions in order, in nested lists', async () => {
    const order: string[] = [];
    const wait =
      (name: string) => async (_req: IncomingMessage, _res: ServerResponse, next: Next) => {
        await sleep(2);
        order.push(name);
        next();
      };
    const { port } = await listenUpgrade([wait('a'), [wait('b'), [wait('c')]], []]);
    await rawRequest(port, handshake(), { until: headDone });
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('keeps the frames that the client sent early, in their order', async () => {
    const { port } = await listenUpgrade(async (_req, _res, next) => {
      await sleep(60);
      next();
    });
    const client = await openClient(port, `${handshake()}one-`);
    await sleep(20);
    client.socket.write('two-');
    await client.until(headDone);
    client.socket.write('three');
    await client.until((text) => text.endsWith('one-two-three'));
  });

  test('accepts over TLS', async () => {
    const { connect } = await import('node:tls');
    const { port } = await listenUpgrade(
      (req, res, next) => {
        res.setHeader('X-Encrypted', String('encrypted' in req.socket));
        next();
      },
      { tls: true },
    );
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.write(`${handshake()}early`);
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    await eventually(() => (received.endsWith('\r\n\r\nearly') ? true : undefined));
    expect(received).toContain('X-Encrypted: true');
    socket.destroy();
  });
});

describe('whoever listens to the response', () => {
  test('sees finish, then close, with status 101', async () => {
    const seen: unknown[] = [];
    const { port } = await listenUpgrade((_req, res, next) => {
      res.on('finish', () =>
        seen.push('finish', res.statusCode, res.headersSent, res.writableFinished),
      );
      res.on('close', () => seen.push('close', res.destroyed));
      next();
    });
    await rawRequest(port, handshake(), { until: headDone });
    expect(seen).toEqual(['finish', 101, true, true, 'close', true]);
  });

  test('can veto as late as the writing of the head', async () => {
    const { port, outcomes } = await listenUpgrade((_req, res, next) => {
      const { writeHead } = res;
      res.writeHead = ((status: number) =>
        writeHead.call(res, status === 101 ? 451 : status)) as never;
      next();
    });
    const answer = await rawRequest(port, handshake());
    expect(answer).toMatch(/^HTTP\/1\.1 451 /);
    expect(outcomes).toEqual([{ accepted: false, reason: 'refused', status: 451 }]);
  });

  test('can hold the 101 back until something is saved', async () => {
    let saved = false;
    const { port } = await listenUpgrade((_req, res, next) => {
      const { end } = res;
      res.end = ((...args: Parameters<typeof end>) => {
        setTimeout(() => {
          saved = true;
          end.apply(res, args);
        }, 30);
        return res;
      }) as never;
      next();
    });
    const client = await openClient(port, handshake());
    await client.until((text) => {
      if (headDone(text)) expect(saved).toBe(true);
      return headDone(text);
    });
    client.socket.destroy();
  });

  test('can flush the head before the end: the headers are final then', async () => {
    const seen: string[] = [];
    const { port } = await listenUpgrade((_req, res, next) => {
      const { end } = res;
      res.on('finish', () => seen.push('finish'));
      res.end = ((...args: Parameters<typeof end>) => {
        res.setHeader('X-Early', '1');
        res.flushHeaders();
        setTimeout(() => end.apply(res, args), 20);
        return res;
      }) as never;
      next();
    });
    const head = await rawRequest(port, handshake(), { until: headDone });
    expect(head).toContain('X-Early: 1\r\n');
    expect(seen).toEqual([]);
    await eventually(() => seen[0]);
  });
});
