import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from '@jest/globals';
import { holdHead, onHead, transformBody } from '@portcullis/core/response';
import type { BodyOutput, BodySink } from '@portcullis/core/response';
import type { Next } from '../../src/types.ts';

export type Answer = (req: IncomingMessage, res: ServerResponse, next: Next) => unknown;

/** 3 MB in a file: far more than the buffers between a file and a client hold. */
export const bigFile: string = join(mkdtempSync(join(tmpdir(), 'portcullis-')), 'big.txt');
afterAll(() => rmSync(dirname(bigFile), { recursive: true }));
export const bigBody: Buffer = Buffer.alloc(3 * 1024 * 1024, 'portcullis stands in the gateway. ');
writeFileSync(bigFile, bigBody);

/** Every way a handler answers with nothing but Node's own methods. */
export const answers: Readonly<Record<string, Answer>> = {
  'end with text': (_req, res) => res.end('grüße'),
  'end with latin1 text': (_req, res) => res.end('grüße', 'latin1'),
  'end with base64 text': (_req, res) => res.end('aGVsbG8=', 'base64'),
  'end with utf16 text': (_req, res) => res.end('hello', 'utf16le'),
  'end with bytes': (_req, res) => res.end(new Uint8Array([104, 105, 0, 255])),
  'end with nothing': (_req, res) => res.end(),
  'end with null': (_req, res) => res.end(null),
  'end with an empty text': (_req, res) => res.end(''),
  'end with a Content-Length': (_req, res) => {
    res.setHeader('Content-Length', 5);
    res.end('hello');
  },
  'write, then end': (_req, res) => {
    res.write('one ');
    res.write('dHdvIA==', 'base64');
    res.end('three');
  },
  'write with a Content-Length': (_req, res) => {
    res.setHeader('Content-Length', '8');
    res.write('one ');
    res.end('four');
  },
  'an empty write': (_req, res) => {
    res.write('');
    res.end('hello');
  },
  'writes that are far apart': async (_req, res) => {
    res.write('one ');
    await sleep(5);
    res.write('two ');
    await sleep(15);
    res.end('three');
  },
  'writeHead, then end': (_req, res) => res.writeHead(201, { 'X-Made': 'yes' }).end('made'),
  'writeHead, then nothing': (_req, res) => res.writeHead(202).end(),
  'writeHead far before end': async (_req, res) => {
    res.writeHead(201, { 'X-Made': 'yes' });
    await sleep(15);
    res.end('made');
  },
  'writeHead, write, end': (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/plain' });
    res.write('one ');
    res.end('two');
  },
  'writeHead after setHeader': (_req, res) => {
    res.setHeader('X-One', '1');
    res.setHeader('X-Two', '2');
    res.writeHead(200, { 'x-two': 'two', 'X-Three': ['3', 'three'] });
    res.end('ok');
  },
  'no content': (_req, res) => res.writeHead(204).end(),
  'not modified': (_req, res) => res.writeHead(304, { ETag: '"one"' }).end(),
  'a redirect': (_req, res) => res.writeHead(302, { Location: '/there' }).end(),
  'two cookies': (_req, res) => {
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    res.end('ok');
  },
  'an error status': (_req, res) => {
    res.statusCode = 418;
    res.end('teapot');
  },
  'an error': (_req, _res, next) => next(Object.assign(new Error('boom'), { status: 500 })),
  'a throw': () => {
    throw Object.assign(new Error('boom'), { status: 503 });
  },
  'a file of 3 MB, piped': (_req, res) => createReadStream(bigFile).pipe(res),
  'events, each flushed': async (_req, res) => {
    res.setHeader('Content-Type', 'text/event-stream');
    res.flushHeaders();
    for (const event of ['one', 'two', 'three']) {
      await sleep(4);
      res.write(`data: ${event}\n\n`);
    }
    res.end();
  },
  trailers: (_req, res) => {
    res.setHeader('Trailer', 'X-Sum');
    res.write('body');
    res.addTrailers({ 'X-Sum': '42' });
    res.end();
  },
  corked: (_req, res) => {
    res.cork();
    res.write('one ');
    res.write('two');
    res.uncork();
    res.end();
  },
};

export function passingSink(out: BodyOutput): BodySink {
  out.onDrain(() => out.drained());
  return {
    write: (chunk, callback) => out.write(chunk, callback),
    end: (chunk, callback) => out.end(chunk, callback),
    flush: () => out.sendHead(),
    close: () => {},
  };
}

/** Every way a middleware lays the seam without meaning to change the answer. */
export const seams: Readonly<Record<string, (res: ServerResponse, next: Next) => void>> = {
  'a head hook': (res) => void onHead(res, () => {}),
  'a gate that has nothing to do': (res, next) => void holdHead(res, () => {}, next),
  'a gate that takes a tick': (res, next) => void holdHead(res, () => Promise.resolve(), next),
  'a gate that takes 10 ms': (res, next) => void holdHead(res, () => sleep(10), next),
  'a transformation that declines': (res) => void transformBody(res, () => undefined),
  'a sink that passes on': (res) => void transformBody(res, (_body, out) => passingSink(out)),
  'two sinks that pass on': (res) => {
    transformBody(res, (_body, out) => passingSink(out));
    transformBody(res, (_body, out) => passingSink(out));
  },
  'everything at once': (res, next) => {
    onHead(res, () => {});
    transformBody(res, () => undefined);
    holdHead(res, () => sleep(5), next);
    holdHead(res, () => {}, next);
    holdHead(res, () => sleep(5), next);
    onHead(res, () => {});
    transformBody(res, () => undefined);
  },
};
