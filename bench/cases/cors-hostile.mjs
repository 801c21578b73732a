import assert from 'node:assert/strict';
import expressCors from 'cors';
import { cors } from '@portcullis/cors';

const origin = 'https://app.example';
const options = { allowOrigins: [origin], allowMethods: ['GET', 'PUT'], allowHeaders: ['X-Token'] };
const preflight = (list) => ({
  method: 'OPTIONS',
  headers: {
    host: 'api.example',
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': list,
  },
});
const commas = preflight(','.repeat(15_000));
const normal = preflight('x-token');
const listOf = (count, toOrigin) => Array.from({ length: count }, (_, index) => toOrigin(index));

export const cases = [
  {
    title: '10 000 exact origins against ten',
    kind: 'in-process',
    contestants: {
      many: () =>
        cors({ allowOrigins: [...listOf(9_999, (i) => `https://h${i}.example`), origin] }),
      ten: () => cors({ allowOrigins: [...listOf(9, (i) => `https://h${i}.example`), origin] }),
    },
    request: { method: 'GET', headers: { host: 'api.example', origin } },
    expect: (answer) => assert.equal(answer.headers['access-control-allow-origin'], origin),
    goals: [{ of: 'many', to: 'ten', atMost: 1.25 }],
  },
  {
    title: '10 000 patterns against ten',
    kind: 'in-process',
    contestants: {
      many: () =>
        cors({
          allowOrigins: [
            ...listOf(9_999, (i) => `https://*.h${i}.example`),
            'https://*.app.example',
          ],
        }),
      ten: () =>
        cors({
          allowOrigins: [...listOf(9, (i) => `https://*.h${i}.example`), 'https://*.app.example'],
        }),
    },
    request: { method: 'GET', headers: { host: 'api.example', origin: 'https://a.app.example' } },
    expect: (answer) =>
      assert.equal(answer.headers['access-control-allow-origin'], 'https://a.app.example'),
    goals: [{ of: 'many', to: 'ten', atMost: 1.25 }],
  },
  {
    title: 'heap over 100 000 distinct origins',
    kind: 'script',
    async run(print) {
      const { Exchange, toRawRequest } = await import('../harness/exchange.mjs');
      const ask = cors({
        allowOrigins: ['*', 'https://*.b.example', /https:\/\/c\d+\.example/, () => false],
        allowCredentials: true,
        dangerouslyAllowAnyOriginWithCredentials: true,
        allowHeaders: '*',
      });
      const exchange = new Exchange(ask, (_req, res) => res.end('ok'));
      const send = (from, count) =>
        new Promise((resolve) => {
          let index = from;
          const next = () => {
            if (index === from + count) {
              resolve();
              return;
            }
            const headers = {
              ...preflight(`x-${index}`).headers,
              origin: `https://h${index}.example`,
            };
            const method = index++ % 2 === 0 ? 'GET' : 'OPTIONS';
            exchange.run(toRawRequest({ method, headers }), next);
          };
          next();
        });
      const heap = () => {
        globalThis.gc();
        return process.memoryUsage().heapUsed / 1024;
      };
      await send(0, 20_000);
      const before = heap();
      await send(20_000, 100_000);
      const grown = heap() - before;
      print(
        `  heap grew by ${grown.toFixed(0)} KB over 100 000 origins that had not been seen before`,
      );
      assert.ok(grown < 512, 'the heap grows with the number of origins');
    },
  },
  {
    title: '15 KB of commas against a normal preflight, whole requests',
    kind: 'script',
    async run(print) {
      const { Exchange, toRawRequest } = await import('../harness/exchange.mjs');
      const time = async (middleware, request) => {
        const exchange = new Exchange(middleware, (_req, res) => res.end('ok'));
        const raw = toRawRequest(request);
        const samples = [];
        for (let round = 0; round < 60; round++) {
          const start = process.cpuUsage();
          for (let i = 0; i < 300; i++) await new Promise((done) => exchange.run(raw, done));
          const { user, system } = process.cpuUsage(start);
          samples.push((user + system) / 300);
        }
        return samples.sort((a, b) => a - b)[15];
      };
      const ours = cors({ ...options, allowHeaders: '*' });
      const theirs = expressCors({ origin: [origin] });
      const [us, usFlood] = [await time(ours, normal), await time(ours, commas)];
      const [them, themFlood] = [await time(theirs, normal), await time(theirs, commas)];
      print(
        `  portcullis ${(usFlood / us).toFixed(2)}, cors ${(themFlood / them).toFixed(2)} times a normal preflight`,
      );
      assert.ok(usFlood / us < 2, 'a flood costs more than two normal preflights');
    },
  },
];
