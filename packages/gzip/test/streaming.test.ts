import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import zlib from 'node:zlib';
import { gzip } from '../src/index.ts';
import type { GzipOptions } from '../src/index.ts';
import { runtimeHas } from '../src/encoding.ts';
import { ask, plainText, sample, serve } from './serve.ts';

afterEach(closeAll);

interface Open {
  readonly response: IncomingMessage;
  /** What could be decoded so far. */
  readonly received: () => string;
  until(text: string): Promise<number>;
}

const decoders = {
  gzip: () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
};

/** Opens a response and decodes it as it comes. */
async function open(port: number, accept: keyof typeof decoders = 'gzip'): Promise<Open> {
  const request = get({
    port,
    host: '127.0.0.1',
    headers: { 'Accept-Encoding': accept },
    agent: false,
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  const decoder =
    response.headers['content-encoding'] === undefined
      ? response
      : response.pipe(decoders[accept]());
  decoder.on('data', (chunk: Buffer) => (text += chunk.toString()));
  decoder.on('error', () => undefined);
  return {
    response,
    received: () => text,
    async until(expected) {
      const begin = performance.now();
      while (!text.includes(expected)) {
        if (performance.now() - begin > 2000)
          throw new Error(`only received ${JSON.stringify(text)}`);
        await sleep(1);
      }
      return performance.now() - begin;
    },
  };
}

interface Remote {
  readonly handler: TestMiddleware;
  readonly response: Promise<ServerResponse>;
}

/** A handler that leaves the response to the test. */
function remote(type: string): Remote {
  let arrived: (res: ServerResponse) => void = () => undefined;
  const response = new Promise<ServerResponse>((resolve) => (arrived = resolve));
  return {
    response,
    handler: (_req, res) => {
      res.setHeader('Content-Type', type);
      arrived(res);
    },
  };
}

describe('event streams', () => {
  test.each(['gzip', 'br', 'deflate'] as const)(
    '%s: the head comes before the body, and each event at once, without flush()',
    async (accept) => {
      const { handler, response } = remote('text/event-stream');
      const server = await serve({}, handler);
      const opening = open(server.port, accept);
      const res = await response;
      res.flushHeaders();
      const client = await opening;
      expect(client.response.headers['content-encoding']).toBe(accept);
      for (let id = 0; id < 5; id++) {
        res.write(`id: ${id}\n`);
        res.write(`data: event ${id}\n\n`);
        expect(await client.until(`event ${id}\n\n`)).toBeLessThan(200);
      }
      res.end();
    },
  );

  test('the head comes with writeHead, too', async () => {
    const { handler, response } = remote('text/plain');
    const server = await serve({}, handler);
    const opening = open(server.port);
    const res = await response;
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const client = await opening;
    expect(client.response.headers['content-encoding']).toBe('gzip');
    res.end('data: x\n\n');
    await client.until('data: x');
  });

  test('two writes of one tick share a flush', async () => {
    const { handler, response } = remote('text/event-stream');
    const server = await serve({}, handler);
    const opening = open(server.port);
    const res = await response;
    res.flushHeaders();
    const client = await opening;
    let bytes = 0;
    client.response.on('data', (chunk: Buffer) => (bytes += chunk.length));
    res.write('data: a');
    res.write('\n\n');
    await client.until('data: a\n\n');
    const pair = bytes;
    res.write('data: b\n\n');
    await client.until('data: b');
    expect(pair).toBeLessThan(40);
    res.end();
  });

  test('gzip is taken for them, whatever the order', async () => {
    const { handler, response } = remote('text/event-stream');
    const server = await listen('http', gzip({ encodings: ['zstd', 'br', 'gzip'] }), handler);
    const opening = server.request('/', { headers: { 'Accept-Encoding': 'br, gzip;q=0.5' } });
    const res = await response;
    res.end('data: x\n\n'.repeat(100));
    expect((await opening).headers['content-encoding']).toBe('br');
    const streaming = remote('text/event-stream');
    const second = await listen(
      'http',
      gzip({ encodings: ['zstd', 'br', 'gzip'] }),
      streaming.handler,
    );
    const answering = second.request('/', { headers: { 'Accept-Encoding': 'br, gzip;q=0.5' } });
    (await streaming.response).write('data: x\n\n');
    (await streaming.response).end('data: y\n\n');
    const answered = await answering;
    expect(answered.headers['content-encoding']).toBe('gzip');
    expect(plainText(answered)).toBe('data: x\n\ndata: y\n\n');
  });

  (runtimeHas('zstd') ? test : test.skip)(
    'zstd works for them where the client has nothing else',
    async () => {
      const { handler, response } = remote('text/event-stream');
      const server = await serve({}, handler);
      const opening = ask(server, { accept: 'zstd' });
      const res = await response;
      res.write('data: 1\n\n');
      await sleep(20);
      res.end('data: 2\n\n');
      const answered = await opening;
      expect(answered.headers['content-encoding']).toBe('zstd');
      expect(plainText(answered)).toBe('data: 1\n\ndata: 2\n\n');
    },
  );

  test('brotli 0 does not leave events as large as they were', async () => {
    const { handler, response } = remote('text/event-stream');
    const server = await serve({ compressLevel: { br: 0 } }, handler);
    const opening = ask(server, { accept: 'br' });
    const res = await response;
    let plain = 0;
    for (let id = 0; id < 200; id++) {
      const event = `data: {"id":${id},"name":"user number ${id}","active":true,"tags":["a","b"]}\n\n`;
      plain += event.length;
      res.write(event);
      await new Promise(setImmediate);
    }
    res.end();
    expect((await opening).body.length).toBeLessThan(plain * 0.6);
  });
});

describe('other streams', () => {
  test('what was written arrives while the handler pauses', async () => {
    const { handler, response } = remote('text/html');
    const server = await serve({}, handler);
    const opening = open(server.port);
    const res = await response;
    res.write('<html>first');
    const client = await opening;
    expect(client.response.headers['content-encoding']).toBe('gzip');
    expect(await client.until('first')).toBeLessThan(200);
    res.write('second');
    expect(await client.until('second')).toBeLessThan(200);
    res.end('third');
    await client.until('third');
  });

  test.each(['gzip', 'deflate', 'br'] as const)(
    'res.flush() works as with compression: %s',
    async (accept) => {
      const { handler, response } = remote('text/html');
      const server = await serve({}, handler);
      const opening = open(server.port, accept);
      const res = (await response) as ServerResponse & { flush(): void };
      res.flush();
      expect(res.headersSent).toBe(false);
      res.write('first');
      res.flush();
      const client = await opening;
      await client.until('first');
      res.flush();
      res.end('last');
      res.flush();
      await client.until('last');
    },
  );

  test('res.flush() does no harm to a plain response', async () => {
    const server = await serve({}, (_req, res) => {
      const flush = (): void => (res as ServerResponse & { flush(): void }).flush();
      flush();
      res.write('a');
      flush();
      res.end('b');
      flush();
    });
    expect((await ask(server, { accept: '' })).text).toBe('ab');
    expect((await ask(server)).text).toBe('ab');
  });

  test('flushHeaders() sends the head of the coded form', async () => {
    const { handler, response } = remote('text/html');
    const server = await serve({}, handler);
    const opening = open(server.port);
    (await response).flushHeaders();
    const client = await opening;
    expect(client.response.headers['content-encoding']).toBe('gzip');
    expect(client.response.headers['vary']).toBe('Accept-Encoding');
    (await response).end();
    await once(client.response, 'end');
    expect(client.received()).toBe('');
  });
});

describe('pieces that turn out to be whole', () => {
  const pieces =
    (...texts: string[]): TestMiddleware =>
    (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      for (const text of texts.slice(0, -1)) res.write(text);
      res.end(texts.at(-1));
    };

  test('written and ended in one tick they have an exact length', async () => {
    const server = await serve({}, pieces(sample(400), sample(400), sample(400)));
    const response = await ask(server);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(plainText(response)).toBe(sample(400).repeat(3));
  });

  test('below the minimum size they stay plain, with an exact length', async () => {
    const server = await serve({}, pieces('a', 'b'));
    const { headers, text } = await ask(server);
    expect([headers['content-encoding'], headers['vary'], headers['content-length'], text]).toEqual(
      [undefined, undefined, '2', 'ab'],
    );
  });

  test('writeHead and then end is whole as well', async () => {
    const server = await serve({}, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.end('small');
    });
    const { headers, text } = await ask(server);
    expect([headers['content-encoding'], headers['content-length'], text]).toEqual([
      undefined,
      '5',
      'small',
    ]);
  });

  test('an end without a body after writeHead stays empty', async () => {
    const server = await serve({}, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.end();
    });
    const { headers, body } = await ask(server);
    expect([headers['content-encoding'], body.length]).toEqual([undefined, 0]);
  });

  test('small ones keep a chunked framing that the application chose', async () => {
    const server = await serve({}, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' });
      res.end('small');
    });
    const { headers, text } = await ask(server);
    expect([headers['content-length'], headers['transfer-encoding'], text]).toEqual([
      undefined,
      'chunked',
      'small',
    ]);
  });

  test('a Content-Length that is no number announces nothing', async () => {
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.setHeader('Content-Length', 'much');
      res.write(sample(1000));
      res.end(sample(1000));
    });
    const response = await ask(server);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(plainText(response)).toBe(sample(1000).repeat(2));
  });

  test('more than 16 KB are streamed', async () => {
    const server = await serve({}, pieces(...Array.from({ length: 5 }, () => sample(5000))));
    const response = await ask(server);
    expect(response.headers['content-length']).toBeUndefined();
    expect(plainText(response)).toBe(sample(5000).repeat(5));
  });

  test('a file that is piped with its length gets an exact coded length', async () => {
    const text = sample(40_000);
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.setHeader('Content-Length', text.length);
      Readable.from([Buffer.from(text)], { objectMode: false }).pipe(res);
    });
    const response = await ask(server);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(plainText(response)).toBe(text);
  });

  test('a handler that ends late does not keep back what it announced', async () => {
    const { handler, response } = remote('text/plain');
    const server = await serve({}, handler);
    const opening = open(server.port);
    const res = await response;
    res.setHeader('Content-Length', 2000);
    res.write(sample(1000));
    res.write(sample(1000));
    const client = await opening;
    await client.until(sample(1000).repeat(2));
    expect(client.response.headers['content-encoding']).toBe('gzip');
    res.end();
    await once(client.response, 'end');
  });

  test('an announced body of unknown pace is streamed after the first piece', async () => {
    const { handler, response } = remote('text/plain');
    const server = await serve({}, handler);
    const opening = open(server.port);
    const res = await response;
    res.setHeader('Content-Length', 20_000);
    res.write(sample(10_000));
    const client = await opening;
    await client.until(sample(10_000));
    res.end(sample(10_000));
    await client.until(sample(10_000).repeat(2));
  });
});

describe('large bodies in pieces', () => {
  const large = Buffer.from(sample(3_000_000));
  const pipe =
    (length?: number): TestMiddleware =>
    async (_req, res) => {
      res.setHeader('Content-Type', 'application/json');
      if (length !== undefined) res.setHeader('Content-Length', length);
      const parts = Array.from({ length: Math.ceil(large.length / 65_536) }, (_, i) =>
        large.subarray(i * 65_536, (i + 1) * 65_536),
      );
      await pipeline(Readable.from(parts, { objectMode: false }), res);
    };

  test.each<[string, number | undefined, GzipOptions, number]>([
    ['announced', large.length, {}, zlib.gzipSync(large, { level: 6 }).length],
    ['open', undefined, {}, zlib.gzipSync(large, { level: 6, memLevel: 4, windowBits: 12 }).length],
  ])('%s: piped through with the ratio of one call', async (_, length, options, best) => {
    const server = await serve(options, pipe(length));
    const response = await ask(server);
    expect(response.headers['content-length']).toBeUndefined();
    expect(response.body.length).toBeLessThan(best * 1.01);
    expect(zlib.gunzipSync(response.body).equals(large)).toBe(true);
  });
});
