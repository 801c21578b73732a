import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { HostName, TestMiddleware, TestResponse } from '@portcullis/testing';
import { holdHead, onHead, transformBody } from '@portcullis/core/response';
import type { BodyOutput, BodySink } from '@portcullis/core/response';
import compression from 'compression';
import cookieSession from 'cookie-session';
import expressSession from 'express-session';
import helmet from 'helmet';
import onHeaders from 'on-headers';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

// Libraries that patch the response themselves, mounted before the seam and after it.

afterEach(closeAll);

const folder = mkdtempSync(join(tmpdir(), 'portcullis-'));
afterAll(() => rmSync(folder, { recursive: true }));
const bigFile = join(folder, 'big.txt');
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

interface Neighbour {
  readonly make: () => TestMiddleware;
  /** Whether its own work reached the client. */
  readonly shows: (response: TestResponse) => boolean;
}

const neighbours: Readonly<Record<string, Neighbour>> = {
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

async function ask(
  host: HostName,
  stack: TestMiddleware[],
  answer: string,
): Promise<{ response: TestResponse; whole: boolean }> {
  const { answer: handler, body } = answers[answer] ?? { body: Buffer.alloc(0) };
  const server = await listen(host, stack, handler);
  const response = await server.request('/', { headers: { 'Accept-Encoding': 'gzip' } });
  await server.close();
  const gzipped = response.headers['content-encoding'] === 'gzip';
  return { response, whole: (gzipped ? gunzipSync(response.body) : response.body).equals(body) };
}

// express-session calls a method of Node that http2's response does not have.
const neighboursOn = (host: HostName): string[] =>
  Object.keys(neighbours).filter((name) => host !== 'http2' || name !== 'express-session');

describe.each(hostNames)('%s', (host) => {
  describe.each(neighboursOn(host))('with %s', (name) => {
    const { make, shows } = neighbours[name] as Neighbour;
    test.each(
      Object.keys(answers).flatMap((answer) => [
        [answer, 'outside'],
        [answer, 'inside'],
      ]),
    )('%s arrives whole through every seam mounted %s of it', async (answer, side) => {
      for (const [seam, ours] of Object.entries(seams)) {
        const stack = side === 'outside' ? [ours, make()] : [make(), ours];
        const { response, whole } = await ask(host, stack, answer);
        expect([seam, whole, response.headers['x-seam'], shows(response)]).toEqual([
          seam,
          true,
          'yes',
          true,
        ]);
      }
    });
  });
});
