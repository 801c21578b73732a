import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { HostName, TestMiddleware } from '@portcullis/testing';
import { holdHead, onHead } from '@portcullis/core/response';
import compression from 'compression';
import cookieSession from 'cookie-session';
import expressSession from 'express-session';
import onHeaders from 'on-headers';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

// A gate that refuses (a session that cannot be saved) with libraries mounted behind it that patch the response.

afterEach(closeAll);

type AnyMiddleware = (req: never, res: never, next: never) => unknown;
const asMiddleware = (middleware: AnyMiddleware): TestMiddleware =>
  middleware as unknown as TestMiddleware;

const zip: TestMiddleware = asMiddleware(compression({ threshold: 0 }));
const sessions: TestMiddleware[] = [
  asMiddleware(expressSession({ secret: 's', resave: false, saveUninitialized: true })),
  (req, _res, next) => {
    (req as unknown as { session: { seen: boolean } }).session.seen = true;
    next();
  },
];

const neighbours: Readonly<Record<string, TestMiddleware[]>> = {
  compression: [zip],
  'express-session': sessions,
  'cookie-session': [asMiddleware(cookieSession({ keys: ['k'] }))],
  'on-headers': [
    (_req, res, next) => {
      onHeaders(res, () => {});
      next();
    },
  ],
  'compression and express-session': [zip, ...sessions],
};

const losers: Readonly<Record<string, (res: ServerResponse) => void>> = {
  end: (res) => void res.end('secret'),
  'writeHead, write and end': (res) => {
    res.writeHead(201, { ETag: '"secret"' });
    res.write('secret');
    res.end('secret');
  },
  'a stream': (res) => {
    let left = 6;
    const timer = setInterval(() => {
      res.write('secret');
      if (--left > 0) return;
      clearInterval(timer);
      res.end();
    }, 2);
  },
  'flushHeaders and end': (res) => {
    res.flushHeaders();
    setTimeout(() => res.end('secret'), 10);
  },
};

const gates: Readonly<Record<string, () => Promise<void>>> = {
  'at once': () => Promise.reject(new Error('store down')),
  later: () =>
    sleep(8).then(() => {
      throw new Error('store down');
    }),
};

/** The neighbour behind the gate, or between the first hook (of a cors, say) and the gate. */
const places: Readonly<
  Record<string, (gate: TestMiddleware, neighbour: TestMiddleware[]) => TestMiddleware[]>
> = {
  inside: (gate, neighbour) => [gate, ...neighbour],
  between: (gate, neighbour) => [hook, ...neighbour, gate],
};

const hook: TestMiddleware = (_req, res, next) => {
  onHead(res, () => {});
  next();
};

const cases = Object.keys(neighbours).flatMap((name) =>
  Object.keys(places).map((place) => [name, place] as const),
);

describe.each<HostName>(['express5', 'express4', 'connect', 'http'])('%s', (host) => {
  describe.each(cases)('with %s %s', (name, place) => {
    test.each(Object.keys(losers))('the error page stands in for %s', async (loser) => {
      for (const gate of Object.values(gates)) {
        for (const encoding of ['identity', 'gzip']) {
          const refused: TestMiddleware = (_req, res, next) => {
            holdHead(res, gate, (error) => {
              if (error === undefined) return;
              res.statusCode = 507;
              res.end('no session today');
            });
            next();
          };
          const stack = places[place]?.(refused, neighbours[name] ?? []) ?? [];
          const server = await listen(host, stack, (_req, res) => {
            res.setHeader('Content-Type', 'text/plain');
            losers[loser]?.(res);
          });
          const response = await server.request('/', { headers: { 'Accept-Encoding': encoding } });
          expect([response.status, response.text]).toEqual([507, 'no session today']);
          expect(response.headers['content-encoding']).toBeUndefined();
          expect(response.headers['etag']).toBeUndefined();
        }
      }
    });
  });
});
