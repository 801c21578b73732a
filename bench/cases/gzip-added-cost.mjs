import assert from 'node:assert/strict';
import { constants } from 'node:zlib';
import compression from 'compression';
import { gzip } from '@portcullis/gzip';
import { bodies, decodeLike, respond } from '../bodies/gzip-json.mjs';

const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const gzipOnly = {
  portcullis: () => gzip({ encodings: ['gzip'], compressLevel: 6 }),
  compression: () => compression({ threshold: 500, level: 6 }),
};
const brotli = {
  portcullis: () => gzip({ encodings: ['br'], compressLevel: { br: 4 } }),
  compression: () => compression({ threshold: 500, brotli: quality }),
};
const request = (accept) => ({
  url: '/items',
  headers: { host: 'api.example', ...(accept ? { 'accept-encoding': accept } : {}) },
});
const goal = (atMost) => [{ of: 'portcullis', to: 'compression', atMost }];
const plain = { portcullis: () => gzip(), compression: () => compression({ threshold: 500 }) };

function expectCoded(coding) {
  return ({ headers, body }) => {
    assert.equal(headers['content-encoding'], coding);
    assert.match(headers.vary, /Accept-Encoding/);
    assert.ok(JSON.parse(decodeLike(coding, body)));
  };
}

const unique = [
  [1, 0.4],
  [10, 0.7],
  // Worked on in the thread pool, which costs a little more than it saves.
  [100, 1.1],
].flatMap(([kilobytes, atMost]) => [
  {
    title: `unique JSON of ${kilobytes} KB, gzip 6`,
    kind: 'in-process',
    contestants: gzipOnly,
    request: request('gzip'),
    handler: respond(bodies(kilobytes)),
    expect: expectCoded('gzip'),
    goals: goal(atMost),
  },
  {
    title: `unique JSON of ${kilobytes} KB, brotli 4`,
    kind: 'in-process',
    contestants: brotli,
    request: request('br'),
    handler: respond(bodies(kilobytes)),
    expect: expectCoded('br'),
    goals: goal(atMost),
  },
  {
    title: `unique JSON of ${kilobytes} KB, both defaults, gzip, deflate, br, zstd`,
    kind: 'in-process',
    contestants: { portcullis: () => gzip(), compression: () => compression() },
    request: request('gzip, deflate, br, zstd'),
    handler: respond(bodies(kilobytes)),
    expect({ headers, body }) {
      assert.ok(JSON.parse(decodeLike(headers['content-encoding'], body)));
    },
    // Half the cost is the goal where the runtime has zstd.
    goals: constants.ZSTD_e_flush === undefined ? [] : goal(0.5),
  },
]);

const repeated = [1, 10, 100].map((kilobytes) => ({
  title: `one JSON of ${kilobytes} KB again and again, cache`,
  kind: 'in-process',
  contestants: {
    portcullis: () => gzip({ encodings: ['gzip'], compressLevel: 6, cache: true }),
    compression: gzipOnly.compression,
  },
  request: request('gzip'),
  handler: respond(bodies(kilobytes).slice(0, 1)),
  expect: expectCoded('gzip'),
  goals: goal(0.2),
}));

const withoutCodings = ['', 'identity', 'gzip;q=0'].map((accept) => ({
  title: `10 KB for a client that sends Accept-Encoding: ${accept || '(none)'}`,
  kind: 'in-process',
  contestants: plain,
  request: request(accept),
  handler: respond(bodies(10)),
  expect({ headers, body }) {
    assert.equal(headers['content-encoding'], undefined);
    assert.equal(headers.vary, 'Accept-Encoding');
    assert.ok(JSON.parse(body));
  },
  goals: goal(0.25),
}));

export const cases = [
  ...unique,
  ...repeated,
  ...withoutCodings,
  {
    title: 'a PNG',
    kind: 'in-process',
    contestants: plain,
    request: request('gzip, br'),
    handler(_req, res) {
      res.setHeader('Content-Type', 'image/png');
      res.end('png');
    },
    expect: ({ headers }) => assert.equal(headers['content-encoding'], undefined),
    goals: goal(1),
  },
];
