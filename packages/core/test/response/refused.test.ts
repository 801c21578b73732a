import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen, rawRequest } from '@portcullis/testing';
import { holdHead, transformBody } from '@portcullis/core/response';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { passingSink } from './answers.ts';
import { atOnce, later, refuse, storeDown } from './refusals.ts';
import { collectWarnings } from './warnings.ts';

afterEach(closeAll);

describe('a refused response', () => {
  test('hands the error of Node to next when Node refuses the head at its release', async () => {
    const errors: unknown[] = [];
    const server = await listen(
      'http',
      (_req, res, next) => {
        const answer = (error: unknown): void => {
          errors.push((error as { code?: string }).code);
          res.statusCode = 500;
          res.end('refused');
        };
        holdHead(res, () => sleep(2), answer);
        next();
      },
      (_req, res) => {
        res.statusMessage = 'a\r\nb';
        res.end('secret');
      },
    );
    const response = await server.request('/');
    expect(errors).toEqual(['ERR_INVALID_CHAR']);
    expect([response.status, response.text]).toEqual([500, 'refused']);
  });

  test('breaks the connection when Node refuses the body with the head out', async () => {
    const warnings = collectWarnings();
    const server = await listen(
      'http',
      refuse(() => sleep(2)),
      (_req, res) => {
        res.strictContentLength = true;
        res.setHeader('Content-Length', 10);
        res.write('four');
        res.end();
      },
    );
    await expect(server.request('/')).rejects.toThrow(/aborted|hang up/);
    expect(warnings()).toEqual([
      ['ERR_PORTCULLIS_RESPONSE_HOOK', expect.stringMatching(/held response.*content-length/i)],
    ]);
  });

  test('leaves the connection fit for the next request, also for pipelined ones', async () => {
    const server = await listen(
      'http',
      (req, res, next) => {
        if (req.url !== '/fine') holdHead(res, req.url === '/later' ? later : atOnce, () => {});
        next();
      },
      (_req, res) => res.end('fine'),
    );
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const text = await rawRequest(
      server.port,
      get('/later') + get('/fine') + get('/now') + get('/later') + get('/fine'),
      { until: (received) => received.split('HTTP/1.1').length === 6 && received.endsWith('fine') },
    );
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(
      [503, 200, 503, 503, 200].map((status) => `HTTP/1.1 ${status}`),
    );
  });

  test.each(['express5', 'express4', 'connect'] as const)(
    'does not crash %s whose error page waits for the end of an upload',
    async (host) => {
      const server = await listen(host, refuse(later), (_req, res) => res.end('secret'));
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const request = httpRequest({ port: server.port, method: 'POST', agent: false });
        request.on('error', reject);
        request.on('response', (response: IncomingMessage) => {
          response.resume();
          // finalhandler writes its page now, long after the 503.
          setTimeout(() => request.end('the rest'), 10);
          response.on('end', () => setTimeout(resolve, 20, response.statusCode));
        });
        request.write('some');
      });
      expect(status).toBe(503);
    },
  );

  test('is not answered when the client has left, but the error is handed on', async () => {
    const handed = new Promise<unknown>((resolve) => {
      void listen(
        'http',
        (_req, res, next) => {
          holdHead(
            res,
            async () => {
              await sleep(30);
              throw storeDown();
            },
            resolve,
          );
          next();
        },
        (_req, res) => res.end('secret'),
      ).then(({ port }) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
          setTimeout(() => socket.destroy(), 10);
        });
      });
    });
    expect(await handed).toMatchObject({ message: 'store down' });
    await immediate();
  });

  test('is not begun again by a sink that was never asked', async () => {
    let asked = 0;
    const server = await listen(
      'http',
      (_req, res, next) => {
        transformBody(res, (_body, out) => {
          asked++;
          return passingSink(out);
        });
        holdHead(res, later, () => {});
        next();
      },
      (_req, res) => res.end('secret'),
    );
    expect((await server.request('/')).text).toBe('Service Unavailable');
    expect(asked).toBe(1);
  });
});
