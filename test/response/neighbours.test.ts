import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { HostName, TestMiddleware, TestResponse } from '@portcullis/testing';
import { holdHead, onHead, transformBody } from '@portcullis/core/response';
import type { BodyOutput, BodySink } from '@portcullis/core/response';
import compression from 'compression';
import cookieSession from 'cookie-session';
import expressSession from 'express-session';
import helmet from 'helmet';
import onHeaders from 'on-headers';
import { createReadStream, mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

// Libraries that patch the response themselves, mounted before the seam and after it.

jest.setTimeout(10_000);
afterEach(closeAll);

const bigFile = join(mkdtempSync(join(tmpdir(), 'portcullis-')), 'big.txt');
const bigBody = Buffer.alloc(3 * 1024 * 1024, 'portcullis stands in the gateway. ');
writeFileSync(bigFile, bigBody);

type AnyMiddleware = (req: never, res: never, next: never) => unknown;
// The neighbours' types want Express requests; they run on every host but http2, as their READMEs say.
const asMiddleware = (middleware: AnyMiddleware): TestMiddleware =>
  middleware as unknown as TestMiddleware;

function passingSink(out: BodyOutput): BodySink {
  out.onDrain(() => out.drained());
  return {
    write: (chunk, callback) => out.write(chunk, callback),
    end: (chunk, callback) => out.end(chunk, callback),
    flush: () => out.sendHead(),
    close: () => {},
  };
}

const seams: Readonly<Record<string, TestMiddleware>> = {
  'a head hook': (_req, res, next) => {
    onHead(res, () => res.setHeader('X-Seam', 'yes'));
    next();
  },
  'a gate that takes 5 ms': (_req, res, next) => {
    onHead(res, () => res.setHeader('X-Seam', 'yes'));
    holdHead(res, () => sleep(5), next);
    next();
  },
  'a sink': (_req, res, next) => {
    onHead(res, () => res.setHeader('X-Seam', 'yes'));
    transformBody(res, (_body, out) => passingSink(out));
    next();
  },
  'a gate and a sink': (_req, res, next) => {
    onHead(res, () => res.setHeader('X-Seam', 'yes'));
    holdHead(res, () => sleep(5), next);
    transformBody(res, (_body, out) => passingSink(out));
    next();
  },
};

const visit = (req: IncomingMessage): void => {
  (req as unknown as { session: { views: number } }).session.views = 1;
};

const text = 'hello, neighbour. '.repeat(200);
const answers: Readonly<Record<string, { body: Buffer; answer: TestMiddleware }>> = {
  'one end': {
    body: Buffer.from(text),
    answer: (_req, res) => res.end(text),
  },
  'writeHead and end': {
    body: Buffer.from(text),
    answer: (_req, res) => {
      res.writeHead(200, { 'X-Written': 'yes' });
      res.end(text);
    },
  },
  'writes and end': {
    body: Buffer.from(text + text),
    answer: async (_req, res) => {
      res.write(text);
      await sleep(2);
      res.end(text);
    },
  },
  'a file of 3 MB, piped': {
    body: bigBody,
    answer: (_req, res) => createReadStream(bigFile).pipe(res),
  },
  'an empty end': { body: Buffer.alloc(0), answer: (_req, res) => res.end() },
};

const neighbours: Readonly<
  Record<string, { make: () => TestMiddleware; shows: (response: TestResponse) => boolean }>
> = {
  'on-headers': {
    make: () => (_req, res, next) => {
      onHeaders(res, function (this: ServerResponse) {
        this.setHeader('X-Neighbour', 'yes');
      });
      next();
    },
    shows: (response) => response.headers['x-neighbour'] === 'yes',
  },
  compression: {
    make: () => asMiddleware(compression({ threshold: 0, filter: () => true }) as AnyMiddleware),
    shows: (response) => response.headers['vary'] === 'Accept-Encoding',
  },
  'express-session': {
    make: () => {
      const session = asMiddleware(
        expressSession({
          secret: 'keyboard cat',
          resave: false,
          saveUninitialized: false,
        }) as AnyMiddleware,
      );
      return (req, res, next) =>
        session(req, res, () => {
          visit(req);
          next();
        });
    },
    shows: (response) => response.setCookie.some((cookie) => cookie.startsWith('connect.sid=')),
  },
  'cookie-session': {
    make: () => {
      const session = asMiddleware(
        cookieSession({ name: 'biscuit', keys: ['keyboard cat'] }) as AnyMiddleware,
      );
      return (req, res, next) =>
        session(req, res, () => {
          visit(req);
          next();
        });
    },
    shows: (response) => response.setCookie.some((cookie) => cookie.startsWith('biscuit=')),
  },
  helmet: {
    make: () => asMiddleware(helmet() as AnyMiddleware),
    shows: (response) => response.headers['x-content-type-options'] === 'nosniff',
  },
};

const hosts: readonly HostName[] = hostNames.filter((host) => host !== 'http2');

describe.each(hosts)('%s', (host) => {
  describe.each(Object.keys(neighbours))('with %s', (neighbour) => {
    describe.each(Object.keys(answers))('%s', (answer) => {
      test.each(
        Object.keys(seams).flatMap((seam) => [
          [seam, 'outside'],
          [seam, 'inside'],
        ]),
      )('arrives whole with %s %s of it', async (seam, side) => {
        const ours = seams[seam];
        const theirs = neighbours[neighbour]?.make();
        const { answer: handler, body } = answers[answer] ?? {};
        if (ours === undefined || theirs === undefined || handler === undefined) throw new Error();
        const stack = side === 'outside' ? [ours, theirs] : [theirs, ours];
        const server = await listen(host, stack, handler);
        const response = await server.request('/', {
          headers: { 'Accept-Encoding': 'gzip', 'X-Forwarded-Proto': 'https' },
        });
        const received =
          response.headers['content-encoding'] === 'gzip'
            ? gunzipSync(response.body)
            : response.body;
        expect(received.equals(body ?? Buffer.alloc(0))).toBe(true);
        expect(response.headers['x-seam']).toBe('yes');
        expect(neighbours[neighbour]?.shows(response)).toBe(true);
      });
    });
  });
});
