import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { trustedHost } from '@portcullis/trusted-host';
import hostValidation from 'host-validation';

/**
 * Calls of the middleware alone, in nanoseconds: what the whole-request cases cannot resolve. As Node's parser leaves
 * a request: names and values are texts of its own, and `req.headers` is built for whoever reads it first.
 */

const socket = new Socket();
const others = ['User-Agent', 'bench', 'Accept', '*/*', 'Accept-Encoding', 'gzip'];
// Header lines come out of the parser flat; a rope would charge its flattening to the middleware.
const flat = (text) => Buffer.from(text, 'latin1').toString('latin1');

function makeRequest(host, read) {
  const req = new IncomingMessage(socket);
  req.method = 'GET';
  req.url = '/';
  req.httpVersionMajor = 1;
  const raw = ['Host', host, ...others].map(flat);
  req._addHeaderLines(raw, raw.length);
  return read ? (req.headers, req) : req;
}

function timeOf(middleware, hosts, read = false) {
  const requests = hosts.map((host) => makeRequest(host, read));
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
const badName = (length) => {
  const start = `h${serial++}.`;
  return flat(`${(start + 'a.'.repeat(length)).slice(0, length - 6)}x.evil`);
};
const batch = (make) => Array.from({ length: 100 }, make);

function verdict(print, label, ratio, limit) {
  print(
    `  ${label}: ${ratio.toFixed(2)} (at most ${limit.toFixed(2)}: ${ratio <= limit ? 'met' : 'MISSED'})`,
  );
}

const tenants = Array.from({ length: 200 }, (_, n) => `tenant${n}.example.com`);

/** The same hosts for both: a list for us, a list for the peer, a request's host. */
const lists = [
  { name: 'one text', ours: ['app.example.com'], theirs: ['app.example.com'] },
  { name: 'one RegExp', ours: ['*.example.com'], theirs: [/.*\.example\.com$/] },
  { name: 'our RegExp, too', ours: [/.*\.example\.com/], theirs: [/.*\.example\.com$/] },
  {
    name: "the peer's README",
    ours: ['example.com', '*.example.com'],
    theirs: ['example.com', /.*\.example\.com$/],
  },
  { name: 'the last of 200', ours: tenants, theirs: tenants, host: 'tenant199.example.com' },
];

function repeatedHost(read) {
  return (print) => {
    for (const { name, ours, theirs, host = 'app.example.com' } of lists) {
      const portcullis = trustedHost({ allowedHosts: ours });
      const peer = hostValidation({ hosts: theirs });
      let passed = 0;
      for (const middleware of [portcullis, peer]) {
        middleware(makeRequest(host, read), undefined, () => passed++);
      }
      assert.equal(passed, 2);
      const hosts = batch(() => host);
      const best = compare(
        {
          none: () => timeOf((_req, _res, next) => next(), hosts, read),
          portcullis: () => timeOf(portcullis, hosts, read),
          'host-validation': () => timeOf(peer, hosts, read),
        },
        1000,
      );
      const added = (contestant) => best[contestant] - best.none;
      const [own, other] = [added('portcullis'), added('host-validation')];
      print(`  ${name}: ${own.toFixed(0)} ns against ${other.toFixed(0)} ns`);
      verdict(print, '  portcullis / host-validation, added cost', own / other, 1 / 3);
    }
  };
}

export const cases = [
  {
    title: 'one call, a repeated host, nobody has read req.headers',
    kind: 'script',
    run: repeatedHost(false),
  },
  {
    title: 'one call, a repeated host, req.headers has been read',
    kind: 'script',
    run: repeatedHost(true),
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
