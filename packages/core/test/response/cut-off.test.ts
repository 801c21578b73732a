import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { onHead } from '@portcullis/core/response';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { refusals, refuse } from './refusals.ts';

// Wrappers of other libraries that stand above the seam when a gate refuses the answer which they are in the middle of.

afterEach(closeAll);

type Method = (this: ServerResponse, ...call: unknown[]) => unknown;
type Methods = Record<'writeHead' | 'write' | 'end' | 'flushHeaders' | 'on', Method>;

const methodsOf = (res: ServerResponse): Methods => {
  const { writeHead, write, end, flushHeaders, on } = res as unknown as Methods;
  return { writeHead, write, end, flushHeaders, on };
};

/** As compression does it: one answer only, sent later, and `drain` is another stream's. */
const sendsLater: TestMiddleware = (_req, res, next) => {
  const below = methodsOf(res);
  const chunks: unknown[] = [];
  let ended = false;
  Object.assign(res, {
    write(chunk: unknown) {
      if (!ended) chunks.push(chunk);
      return !ended;
    },
    end(chunk: unknown) {
      if (ended) return res;
      ended = true;
      chunks.push(chunk);
      setTimeout(() => {
        for (const each of chunks) below.write.call(res, each);
        below.end.call(res);
      }, 2);
      return res;
    },
    on(...call: unknown[]) {
      if (call[0] !== 'drain') below.on.apply(res, call);
      return res;
    },
  } satisfies Partial<Methods>);
  next();
};

/** As express-session does it: all but the end at once, then the end, and every call a second time for good measure. */
const sendsTwice: TestMiddleware = (_req, res, next) => {
  const below = methodsOf(res);
  Object.assign(res, {
    end(chunk: unknown) {
      const send = (): void => {
        below.flushHeaders.call(res);
        below.write.call(res, chunk);
      };
      send();
      setTimeout(() => {
        send();
        try {
          below.writeHead.call(res, 200, { ETag: '"secret"' });
        } catch {
          // A second head is an error as long as the first is only held.
        }
        below.end.call(res, chunk);
      }, 12);
      return res;
    },
  } satisfies Partial<Methods>);
  next();
};

const wrappers: Readonly<Record<string, TestMiddleware>> = { sendsLater, sendsTwice };

/** As compression does it: the head decides, once, whether the body is coded. */
const codes: TestMiddleware = (_req, res, next) => {
  const below = methodsOf(res);
  let coded: boolean | undefined;
  const code = (chunk: unknown): unknown =>
    coded === true && typeof chunk === 'string' ? chunk.toUpperCase() : chunk;
  Object.assign(res, {
    writeHead(...call: unknown[]) {
      if (coded === undefined) res.setHeader('Content-Encoding', 'upper');
      coded ??= true;
      return below.writeHead.apply(res, call);
    },
    write(chunk: unknown) {
      if (!res.headersSent) res.writeHead(res.statusCode);
      return below.write.call(res, code(chunk));
    },
    end(chunk: unknown) {
      if (!res.headersSent) res.writeHead(res.statusCode);
      return below.end.call(res, code(chunk));
    },
    on(...call: unknown[]) {
      if (call[0] !== 'drain') below.on.apply(res, call);
      return res;
    },
  } satisfies Partial<Methods>);
  next();
};

type ErrorHandler = (res: ServerResponse) => void;
const page = 'An error page. '.repeat(20_000);
const errorHandlers: Readonly<Record<string, ErrorHandler>> = {
  'at once': (res) => res.end(page),
  'later, with its status set first': (res) => void sleep(20).then(() => res.end(page)),
  'as a stream that waits for drain': (res) => {
    Readable.from(Array.from({ length: 20 }, () => page.slice(0, page.length / 20))).pipe(res);
  },
};

/** The error handler is the `next` of the gate, so that it is the same on every host. */
const refuseWith =
  (gate: () => void | PromiseLike<void>, handle: ErrorHandler): TestMiddleware =>
  (req, res, next) => {
    refuse(gate)(req, res, (error) => {
      if (error === undefined) return next();
      res.statusCode = 507;
      res.setHeader('Content-Type', 'text/plain');
      handle(res);
    });
  };

describe.each(hostNames)('an answer that is refused under a wrapper on %s', (host) => {
  describe.each(Object.entries(wrappers))('that %s', (_name, wrapper) => {
    test.each(Object.entries(refusals))('gives way to the error page (%s)', async (_how, gate) => {
      for (const [when, handle] of Object.entries(errorHandlers)) {
        // A handler that is not heard of by the next setImmediate comes too late for every gate.
        const late = when.startsWith('later');
        const server = await listen(host, [refuseWith(gate, handle), wrapper], (_req, res) =>
          res.end('secret'),
        );
        const { status, text, headers } = await server.request('/');
        expect([status, text.length, text.slice(0, 14)]).toEqual(
          late ? [503, 19, 'Service Unavai'] : [507, page.length, page.slice(0, 14)],
        );
        expect(text).not.toContain('secret');
        expect(headers['etag']).toBeUndefined();
      }
    });

    test('gives way to the plain 503 when all gates refuse', async () => {
      for (const gate of Object.values(refusals)) {
        const silent: TestMiddleware = (req, res, next) =>
          refuse(gate)(req, res, (error) => (error === undefined ? next() : undefined));
        const server = await listen(host, [silent, silent, wrapper], (_req, res) =>
          res.end('secret'),
        );
        const { status, text } = await server.request('/');
        expect([status, text]).toEqual([503, 'Service Unavailable']);
      }
    });
  });

  test.each(Object.entries(refusals))(
    'leaves its coding behind, which a wrapper between a head hook and the gate has chosen (%s)',
    async (_how, gate) => {
      const hook: TestMiddleware = (_req, res, next) => {
        onHead(res, () => res.setHeader('X-Hook', 'ran'));
        next();
      };
      for (const [when, handle] of Object.entries(errorHandlers)) {
        if (when.startsWith('later')) continue;
        const stack = [hook, codes, refuseWith(gate, handle)];
        const server = await listen(host, stack, (_req, res) => res.end('secret'));
        const { status, text, headers } = await server.request('/');
        expect([status, text === page]).toEqual([507, true]);
        expect(headers['content-encoding']).toBeUndefined();
        expect(headers['x-hook']).toBe('ran');
      }
      const passed = await listen(host, [hook, codes], (_req, res) => res.end('hello'));
      const { text, headers } = await passed.request('/');
      expect([text, headers['content-encoding']]).toEqual(['HELLO', 'upper']);
    },
  );
});
