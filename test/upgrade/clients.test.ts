import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { upgrade } from '@portcullis/upgrade';
import { createServer } from 'node:http';
import { Agent, WebSocket as UndiciWebSocket } from 'undici';
import { WebSocketServer } from 'ws';
import { closeServers, echo, listenChat, listenOn, open } from './listen.ts';

afterEach(closeServers);

describe('the client of ws', () => {
  test('opens, and finds the headers of the stack on the 101', async () => {
    const { url } = await listenChat((_req, res, next) => {
      res.setHeader('Set-Cookie', ['a=1', 'b=2']);
      next();
    });
    const { status, headers, client } = await open(url);
    expect([status, headers['set-cookie']]).toEqual([101, ['a=1', 'b=2']]);
    expect(await echo(client, 'hello')).toBe('hello');
  });

  test('reads a refusal of 3 MB whole', async () => {
    const { url } = await listenChat((_req, res) =>
      res.writeHead(403).end('x'.repeat(3 * 1024 * 1024)),
    );
    const { status, body } = await open(url);
    expect([status, body.length]).toEqual([403, 3 * 1024 * 1024]);
  });

  test('opens over TLS and is refused over TLS', async () => {
    const { url } = await listenChat(
      (req, res, next) => {
        if (req.url === '/no') res.writeHead(401).end();
        else next();
      },
      { tls: true },
    );
    const { client } = await open(url);
    expect(await echo(client, 'secret')).toBe('secret');
    expect((await open(`${url}/no`)).status).toBe(401);
  });

  test('sends a frame with the handshake: it is there when the stack has decided', async () => {
    const { url } = await listenChat((_req, _res, next) => void setTimeout(() => next(), 30));
    const { client } = await open(url);
    expect(await echo(client, 'x'.repeat(200_000))).toHaveLength(200_000);
  });

  test('negotiates a subprotocol and compression as without us', async () => {
    const { url } = await listenChat([], {
      ws: { perMessageDeflate: true, handleProtocols: (offered) => [...offered][1] ?? false },
    });
    const { WebSocket } = await import('ws');
    const client = new WebSocket(url, ['one', 'two'], { perMessageDeflate: true });
    await new Promise((resolve) => client.once('open', resolve));
    expect([client.protocol, client.extensions]).toEqual(['two', 'permessage-deflate']);
    expect(await echo(client, 'x'.repeat(5000))).toHaveLength(5000);
  });

  test('is cut off by maxPayload as without us', async () => {
    const { url } = await listenChat([], { ws: { maxPayload: 10 } });
    const { client } = await open(url);
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.send('x'.repeat(11));
    expect(await closed).toBe(1009);
  });

  test('follows a redirect of the stack when it is told to', async () => {
    const { url, port } = await listenChat((req, res, next) => {
      if (req.url !== '/old') return next();
      res.writeHead(307, { Location: `ws://127.0.0.1:${String(port)}/new` }).end();
    });
    expect((await open(`${url}/old`)).status).toBe(307);
    expect((await open(`${url}/old`, { followRedirects: true })).status).toBe(101);
  });

  test('gets 503 from a WebSocket server that is closing', async () => {
    const { url, wss } = await listenChat([]);
    wss.close();
    expect((await open(url)).status).toBe(503);
  });

  test('finds two WebSocket servers on two paths of one server', async () => {
    const server = createServer((_req, res) => res.writeHead(404).end());
    for (const path of ['/a', '/b']) {
      const wss = new WebSocketServer({ noServer: true, path });
      wss.on('connection', (client) => client.send(path));
      server.on(
        'upgrade',
        upgrade(wss, (_req, res, next) => {
          res.setHeader('X-Path', path);
          next();
        }),
      );
    }
    const url = `ws://127.0.0.1:${String(await listenOn(server))}`;
    for (const path of ['/a', '/b']) {
      const { headers, client } = await open(url + path);
      expect(headers['x-path']).toBe(path);
      client.terminate();
    }
  });
});

describe('the WebSocket of undici', () => {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  afterAll(() => dispatcher.close());

  function openUndici(url: string): Promise<string> {
    return new Promise((resolve) => {
      const client = new UndiciWebSocket(url, { dispatcher, headers: { 'X-Token': 'secret' } });
      client.addEventListener('open', () => client.send('hello'));
      client.addEventListener('message', (event) => {
        client.close();
        resolve(String(event.data));
      });
      client.addEventListener('error', () => resolve('error'));
    });
  }

  test.each([false, true])('opens and is refused, TLS: %p', async (tls) => {
    const { url } = await listenChat(
      (req, res, next) => {
        res.setHeader('Set-Cookie', ['a=1', 'b=2']);
        if (req.headers['x-token'] === 'secret' && req.url === '/yes') next();
        else res.writeHead(403).end('no');
      },
      { tls },
    );
    expect(await openUndici(`${url}/yes`)).toBe('hello');
    expect(await openUndici(`${url}/no`)).toBe('error');
  });
});
