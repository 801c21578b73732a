import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { trustedHost } from '@portcullis/trusted-host';
import hostValidation from 'host-validation';

/**
 * Calls of the middleware alone, in nanoseconds: what the whole-request cases cannot resolve. The request has not
 * been read by anybody, as when the middleware is the first of a plain node:http stack; Node builds `req.headers`
 * for the first reader, and trustedHost() does without it.
 */

const socket = new Socket();
const others = ['user-agent', 'bench', 'accept', '*/*', 'accept-encoding', 'gzip'];

function makeRequest(host) {
  const req = new IncomingMessage(socket);
  req.method = 'GET';
  req.url = '/';
  req.httpVersionMajor = 1;
  const raw = ['host', host, ...others];
  req._addHeaderLines(raw, raw.length);
  return req;
}

function timeOf(middleware, hosts) {
  const requests = hosts.map(makeRequest);
  const res = new ServerResponse(requests[0]);
  const next = () => {};
  const start = process.hrtime.bigint();
  for (const req of requests) middleware(req, res, next);
  return Number(process.hrtime.bigint() - start) / requests.length;
}

/** The best of many interleaved rounds: a neighbour can only make one dearer. */
function compare(contestants, rounds = 3000) {
  const best = Object.fromEntries(Object.keys(contestants).map((name) => [name, Infinity]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contestants)) best[name] = Math.min(best[name], run());
  }
  return best;
}

let serial = 0;
// Header values come out of the parser flat; a rope would charge its flattening to the middleware.
const flat = (text) => Buffer.from(text, 'latin1').toString('latin1');
const badName = (length) => {
  const start = `h${serial++}.`;
  return flat(`${(start + 'a.'.repeat(length)).slice(0, length - 6)}x.evil`);
};
const batch = (make) => Array.from({ length: 100 }, make);

function verdict(print, label, ratio, limit) {
  print(`  ${label}: ${ratio.toFixed(2)} (at most ${limit}: ${ratio <= limit ? 'met' : 'MISSED'})`);
}

export const cases = [
  {
    title: 'one call, a repeated host, nobody has read req.headers',
    kind: 'script',
    run(print) {
      const ours = trustedHost({ allowedHosts: ['example.com', '*.example.com'] });
      const peer = hostValidation({ hosts: ['example.com', /.*\.example\.com$/] });
      let passed = 0;
      for (const middleware of [ours, peer]) {
        middleware(makeRequest('app.example.com'), undefined, () => passed++);
      }
      assert.equal(passed, 2);
      const hosts = () => batch(() => 'app.example.com');
      const best = compare({
        none: () => timeOf((_req, _res, next) => next(), hosts()),
        portcullis: () => timeOf(ours, hosts()),
        'host-validation': () => timeOf(peer, hosts()),
      });
      for (const [name, ns] of Object.entries(best)) print(`  ${name}: ${ns.toFixed(0)} ns`);
      const added = (name) => best[name] - best.none;
      const ratio = added('portcullis') / added('host-validation');
      verdict(print, 'portcullis / host-validation, added cost', ratio, 1 / 3);
    },
  },
  {
    title:
      'one call, a bad name never seen before against a repeated good one (the answer not written)',
    kind: 'script',
    run(print) {
      let refused = 0;
      const middleware = trustedHost({
        allowedHosts: ['example.com', '*.example.com', '*.a.b.c.example'],
        onReject: () => void refused++,
      });
      timeOf(middleware, [badName(250)]);
      assert.equal(refused, 1);
      const best = compare(
        {
          good: () =>
            timeOf(
              middleware,
              batch(() => 'app.example.com'),
            ),
          bad25: () =>
            timeOf(
              middleware,
              batch(() => badName(25)),
            ),
          bad250: () =>
            timeOf(
              middleware,
              batch(() => badName(250)),
            ),
        },
        1500,
      );
      for (const [name, ns] of Object.entries(best)) print(`  ${name}: ${ns.toFixed(0)} ns`);
      verdict(print, 'bad name of 250 bytes / repeated good host', best.bad250 / best.good, 20);
      verdict(print, '250 bytes / 25 bytes', best.bad250 / best.bad25, 12);
    },
  },
];
