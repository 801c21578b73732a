import assert from 'node:assert/strict';
import { constants } from 'node:zlib';
import compression from 'compression';
import { gzip } from '@portcullis/gzip';
import { bodies, decodeLike, respond } from '../bodies/gzip-json.mjs';

const request = (accept) => ({ url: '/items', headers: { 'accept-encoding': accept } });
const json = ({ headers, body }) =>
  assert.ok(JSON.parse(decodeLike(headers['content-encoding'], body)));
const goals = (atLeast) => [
  { of: 'portcullis', to: 'compression', atLeast },
  { of: 'portcullis', to: 'compression', field: 'p99', atMost: 1 },
];

const unique = [
  [1, 1.7],
  [10, 1.3],
  [100, 1],
].map(([kilobytes, atLeast]) => ({
  title: `unique JSON of ${kilobytes} KB, gzip 6`,
  kind: 'http',
  contestants: {
    portcullis: () => gzip({ encodings: ['gzip'], compressLevel: 6 }),
    compression: () => compression({ threshold: 500, level: 6 }),
  },
  request: request('gzip'),
  handler: respond(bodies(kilobytes)),
  expect: json,
  goals: goals(atLeast),
}));

const repeated = [1, 10, 100].map((kilobytes) => ({
  title: `one JSON of ${kilobytes} KB again and again, gzip 6, cache`,
  kind: 'http',
  contestants: {
    portcullis: () => gzip({ encodings: ['gzip'], compressLevel: 6, cache: true }),
    compression: () => compression({ threshold: 500, level: 6 }),
  },
  request: request('gzip'),
  handler: respond(bodies(kilobytes).slice(0, 1)),
  expect: json,
  // The load generator shares the machine, so requests per second end where it does: even no middleware
  // is only three times as fast as the peer at 1 KB. The server's CPU time tells more.
  goals: [{ of: 'portcullis', to: 'compression', field: 'cpu', atMost: 0.2 }],
}));

const defaults = [1, 10, 100].map((kilobytes) => ({
  title: `unique JSON of ${kilobytes} KB, both defaults, gzip, deflate, br, zstd`,
  kind: 'http',
  contestants: { portcullis: () => gzip(), compression: () => compression() },
  request: request('gzip, deflate, br, zstd'),
  handler: respond(bodies(kilobytes)),
  expect: json,
  goals: constants.ZSTD_e_flush === undefined ? [] : goals(1),
}));

export const cases = [...unique, ...repeated, ...defaults];
