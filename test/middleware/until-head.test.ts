import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { compose, functionMiddleware } from '@portcullis/core';
import { cors } from '@portcullis/cors';
import { gzip } from '@portcullis/gzip';
import { session, sessionOf } from '@portcullis/session';
import { closeAll, hostNames, listen } from '@portcullis/testing';

afterEach(closeAll);

const origin = 'https://app.example';
const text = 'hello '.repeat(1000);

/** Adds a header after asynchronous work, with the head in its hands. */
const stamp = functionMiddleware(async function stamp(_ctx, callNext) {
  const head = await callNext({ until: 'head' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  head.setHeader('X-Status', String(head.status));
});

const ours = [
  cors({ allowOrigins: [origin], allowCredentials: true }),
  gzip({ encodings: ['gzip'] }),
  session({ secretKey: 'q3Xc0Zl7vR9tYb1Nw5Ke8Jh2Gf6Ds4Ap-_uMiOoLzTg' }),
] as const;

type Visit = { visits?: number };

function answer(kind: string, res: ServerResponse): void {
  if (kind === 'pipe') Readable.from([text.slice(0, 3000), text.slice(3000)]).pipe(res);
  else if (kind === 'writeHead') res.writeHead(201, { 'Content-Type': 'text/plain' }).end(text);
  else res.end(text);
}

describe.each(hostNames)(
  "callNext({ until: 'head' }) with cors, gzip and session on %s",
  (host) => {
    test.each([
      ['inside, of a body', [...ours, stamp], 'end', 200],
      ['inside, of a pipe', [...ours, stamp], 'pipe', 200],
      ['inside, of a writeHead', [...ours, stamp], 'writeHead', 201],
      ['outside, of a body', [stamp, ...ours], 'end', 200],
      ['outside, of a pipe', [stamp, ...ours], 'pipe', 200],
      ['outside, of a writeHead', [stamp, ...ours], 'writeHead', 201],
      ['within compose', [compose(ours, stamp)], 'end', 200],
    ])('holds the head %s', async (_name, stack, kind, status) => {
      const server = await listen(host, stack, (req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        sessionOf<Visit>(req).visits = 1;
        answer(kind, res);
      });
      const response = await server.request('/', {
        headers: { Origin: origin, 'Accept-Encoding': 'gzip' },
      });
      expect(response.status).toBe(status);
      expect(response.headers).toMatchObject({
        'x-status': String(status),
        'content-encoding': 'gzip',
        'access-control-allow-origin': origin,
      });
      expect(response.setCookie).toHaveLength(1);
      expect(gunzipSync(response.body).toString()).toBe(text);
    });

    test('discards everything but the policy when the function fails with the head in its hands', async () => {
      const failing = functionMiddleware(async (_ctx, callNext) => {
        await callNext({ until: 'head' });
        throw new Error('no stamp');
      });
      const server = await listen(host, [...ours, failing], (req, res) => {
        sessionOf<Visit>(req).visits = 1;
        res.end(text);
      });
      const response = await server.request('/', { headers: { Origin: origin } });
      expect(response.status).toBe(500);
      expect(response.text).not.toContain('hello');
      expect(response.headers['access-control-allow-origin']).toBe(origin);
    });
  },
);
