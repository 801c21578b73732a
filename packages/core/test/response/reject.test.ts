import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import { holdHead, onDone, onHead, transformBody } from '@portcullis/core/response';
import type { Done } from '@portcullis/core/response';
import type { ServerResponse } from 'node:http';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { atOnce, later, refusals, refuse, refuseSilently, storeDown } from './refusals.ts';
import { collectWarnings } from './warnings.ts';

afterEach(closeAll);

const losers: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
  end: (res) => res.end('secret'),
  'write and end': (res) => {
    res.write('secret');
    res.end('secret');
  },
  'writeHead and end': (res) => res.writeHead(201, { ETag: '"secret"' }).end('secret'),
  'writes for ever': (res) => {
    const timer = setInterval(() => res.write('secret'), 1);
    res.on('close', () => clearInterval(timer));
  },
  'flushHeaders and writes': async (res) => {
    res.flushHeaders();
    for (let index = 0; index < 20; index++) {
      res.write('secret');
      await sleep(1);
    }
    res.end('secret');
  },
};

describe.each(hostNames)('a gate on %s', (host) => {
  test.each(Object.keys(losers))('gives the client the error page instead of %s', async (loser) => {
    for (const gate of Object.values(refusals)) {
      const server = await listen(host, refuse(gate), (_req, res) => losers[loser]?.(res));
      const response = await server.request('/');
      expect(response.status).toBe(507);
      expect(response.text).not.toContain('secret');
      expect(response.headers['etag']).toBeUndefined();
    }
  });

  test.each(Object.keys(losers))(
    'gives a plain 503 instead of %s when nobody answers',
    async (loser) => {
      for (const gate of Object.values(refusals)) {
        const server = await listen(host, refuseSilently(gate), (_req, res) =>
          losers[loser]?.(res),
        );
        const response = await server.request('/');
        expect([response.status, response.text]).toEqual([503, 'Service Unavailable']);
        expect(response.headers).toMatchObject({
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': 'no-store',
        });
      }
    },
  );

  test.each([undefined, null, 0, '', 'route', 'router'])(
    'is an error to the application when it rejects with %p',
    async (reason) => {
      let routed = 0;
      const server = await listen(
        host,
        [
          refuse(async () => {
            throw reason;
          }),
          (_req, res) => res.end('secret'),
        ],
        (_req, res) => {
          routed++;
          res.end('another route');
        },
      );
      const { status, text } = await server.request('/');
      expect([status, routed]).toEqual([500, 0]);
      expect(text).not.toContain('secret');
    },
  );

  test('takes the headers of the discarded answer away and leaves the others', async () => {
    const server = await listen(
      host,
      [
        (_req, res, next) => {
          res.setHeader('Set-Cookie', ['earlier=1']);
          res.setHeader('Cache-Control', 'private');
          res.setHeader('Vary', 'Origin');
          res.setHeader('Access-Control-Allow-Origin', 'https://a.example');
          res.setHeader('Content-Security-Policy', "default-src 'self'");
          res.setHeader('Content-Security-Policy-Report-Only', "default-src 'self'");
          next();
        },
        (_req, res, next) => {
          holdHead(res, later, () => {
            res.statusCode = 507;
            res.end();
          });
          next();
        },
      ],
      (_req, res) => {
        res.appendHeader('Set-Cookie', 'handler=1');
        res.setHeader('Cache-Control', 'public, max-age=60');
        res.writeHead(302, {
          'Content-Type': 'text/plain',
          'Content-Language': 'en',
          'Content-Disposition': 'attachment',
          ETag: '"one"',
          'Last-Modified': 'Sat, 21 Nov 2026 00:00:00 GMT',
          Expires: 'Sat, 21 Nov 2026 00:00:00 GMT',
          'Accept-Ranges': 'bytes',
          Location: '/there',
          'X-Other': 'stays',
        });
        res.end('secret');
      },
    );
    const { headers, status } = await server.request('/');
    const { date: _d, connection: _c, 'keep-alive': _k, 'x-powered-by': _x, ...rest } = headers;
    expect(status).toBe(507);
    expect(rest).toEqual({
      'set-cookie': ['earlier=1'],
      'cache-control': 'private',
      vary: 'Origin',
      'access-control-allow-origin': 'https://a.example',
      'content-security-policy': "default-src 'self'",
      'content-security-policy-report-only': "default-src 'self'",
      'x-other': 'stays',
      ...(host === 'http2' ? {} : { 'content-length': '0' }),
    });
  });

  test('makes the response read as unsent before the error is handed on', async () => {
    let seen: unknown;
    const server = await listen(
      host,
      (_req, res, next) => {
        holdHead(res, later, (error) => {
          seen = [(error as Error).message, res.headersSent, res.writableEnded, res.statusCode];
          res.statusCode = 500;
          res.setHeader('X-Error', 'yes');
          res.end('error page');
        });
        next();
      },
      (_req, res) => res.writeHead(201).end('secret'),
    );
    const response = await server.request('/');
    expect(seen).toEqual(['store down', false, false, 200]);
    expect([response.status, response.text]).toEqual([500, 'error page']);
    expect(response.headers['x-error']).toBe('yes');
  });

  test('waits for an error handler that answers in the next tick', async () => {
    const server = await listen(
      host,
      (_req, res, next) => {
        holdHead(res, later, async () => {
          await Promise.resolve();
          res.statusCode = 500;
          res.end('a tick later');
        });
        next();
      },
      (_req, res) => res.write('secret'),
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([500, 'a tick later']);
  });

  test('ignores an error handler that is slower than the 503, whatever it calls', async () => {
    const called: unknown[] = [];
    const slow = new Promise<void>((resolve) => {
      void listen(
        host,
        (_req, res, next) => {
          holdHead(res, later, async () => {
            await immediate();
            await immediate();
            res.statusCode = 500;
            res.removeHeader('Content-Type');
            res.setHeader('X-Slow', 'yes');
            res.appendHeader('X-Slow', 'yes');
            called.push(res.writeHead(500) === res, res.write('slow'));
            res.flushHeaders();
            const callback = (error?: { code: string }): void => {
              called.push(error?.code);
              resolve();
            };
            res.end('slow', callback as () => void);
          });
          next();
        },
        (_req, res) => res.end('secret'),
      ).then(async (server) => {
        const response = await server.request('/');
        called.push(response.status, response.text, response.headers['x-slow']);
      });
    });
    await slow;
    await sleep(5);
    expect(called).toEqual(
      expect.arrayContaining([
        true,
        false,
        'ERR_PORTCULLIS_RESPONSE_DISCARDED',
        503,
        'Service Unavailable',
        undefined,
      ]),
    );
  });

  test('ignores a head that the loser writes before anybody else begins', async () => {
    const server = await listen(
      host,
      (req, res, next) => {
        const refusal = new Promise<void>((_resolve, reject) => {
          setTimeout(() => reject(storeDown()), 5);
        });
        Object.assign(req, { refusal });
        holdHead(
          res,
          () => refusal,
          () => {},
        );
        next();
      },
      (req, res) => {
        res.write('secret');
        // In the tick of the rejection, after the seam has thrown the answer away.
        const { refusal } = req as unknown as { refusal: Promise<void> };
        refusal.catch(() => res.writeHead(200, { 'X-Loser': 'yes' }).end('secret'));
      },
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([503, 'Service Unavailable']);
    expect(response.headers['x-loser']).toBeUndefined();
  });

  test('fails the callbacks of the discarded writes', async () => {
    const called: unknown[] = [];
    const record =
      (name: string) =>
      (error?: Error | null): void => {
        const { code, cause } = error as Error & { code: string };
        called.push([name, code, (cause as Error).message]);
      };
    const server = await listen(host, refuse(later), (_req, res) => {
      res.write('a', record('write'));
      res.end('b', record('end'));
    });
    await server.request('/');
    expect(called).toEqual([
      ['write', 'ERR_PORTCULLIS_RESPONSE_DISCARDED', 'store down'],
      ['end', 'ERR_PORTCULLIS_RESPONSE_DISCARDED', 'store down'],
    ]);
  });

  test('lets outer gates, head hooks and body transformations see the error page', async () => {
    const seen: unknown[] = [];
    const server = await listen(
      host,
      [
        (_req, res, next) => {
          onHead(res, () => void res.setHeader('X-Cors', 'yes'));
          transformBody(res, (body) => {
            seen.push(body.cause);
            return undefined;
          });
          const gate = async (): Promise<void> => {
            await sleep(1);
            seen.push(res.statusCode);
          };
          holdHead(res, gate, next);
          next();
        },
        refuse(later),
      ],
      (_req, res) => res.writeHead(201).end('secret'),
    );
    const response = await server.request('/');
    expect(response.status).toBe(507);
    expect(response.headers['x-cors']).toBe('yes');
    expect(seen).toEqual([507, 'end']);
  });

  test('answers with the plain 503 when two gates refuse, one after the other', async () => {
    const errors: unknown[] = [];
    const server = await listen(
      host,
      (_req, res, next) => {
        holdHead(res, atOnce, () => errors.push('outer'));
        holdHead(res, later, () => {
          errors.push('inner');
          res.end('error page');
        });
        next();
      },
      (_req, res) => res.end('secret'),
    );
    const response = await server.request('/');
    expect(errors).toEqual(['inner', 'outer']);
    expect([response.status, response.text]).toEqual([503, 'Service Unavailable']);
  });

  test.each(Object.keys(refusals))(
    'answers with the plain 503 in the end when every gate refuses it and %s',
    async (refusal) => {
      const gate = refusals[refusal] ?? later;
      const server = await listen(
        host,
        [refuseSilently(gate), refuseSilently(gate), refuseSilently(gate)],
        (_req, res) => res.end('secret'),
      );
      const response = await server.request('/');
      expect([response.status, response.text]).toEqual([503, 'Service Unavailable']);
    },
  );

  test('goes on to the 503, and reports it, when next itself throws', async () => {
    const warnings = collectWarnings();
    const server = await listen(
      host,
      (_req, res, next) => {
        holdHead(res, later, () => {
          throw new Error('nobody listens');
        });
        next();
      },
      (_req, res) => res.end('secret'),
    );
    expect((await server.request('/')).status).toBe(503);
    expect(warnings()).toEqual([
      ['ERR_PORTCULLIS_RESPONSE_HOOK', expect.stringContaining('Error: nobody listens')],
    ]);
  });

  test('tells onDone the error', async () => {
    const done = new Promise<Done>((resolve) => {
      void listen(
        host,
        [
          (_req, res, next) => {
            onDone(res, resolve);
            next();
          },
          refuse(later),
        ],
        (_req, res) => res.end('secret'),
      ).then((server) => server.request('/'));
    });
    expect(await done).toEqual({
      outcome: 'finished',
      status: 507,
      error: expect.objectContaining({ message: 'store down' }),
    });
  });
});
