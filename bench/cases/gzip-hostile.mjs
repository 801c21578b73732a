import assert from 'node:assert/strict';
import { gzip } from '@portcullis/gzip';
import { bodies, decodeLike, respond } from '../bodies/gzip-json.mjs';

// Every value is another one, so that no memory of earlier values helps.
const varied = (make) => Array.from({ length: 5000 }, (_, i) => make(i));
const values = {
  normal: ['gzip, deflate, br'],
  '15 KB': varied((i) => `gzip;q=0.${i},${'x'.repeat(15_000)}`),
  '1000 members': varied((i) => `${'gzip;q=0.5,'.repeat(1000)}br;q=0.${i}`),
  '32 members with bad q': varied((i) => `${'gzip;q=abc,'.repeat(31)}br;q=${i}`),
  quotes: varied((i) => `gzip;a="${'\\"'.repeat(200)}${i}`),
};

function withAcceptEncoding(list) {
  const middleware = gzip();
  let at = 0;
  return (req, res, next) => {
    req.headers['accept-encoding'] = list[at++ % list.length];
    middleware(req, res, next);
  };
}

const contestants = Object.fromEntries(
  Object.entries(values).map(([name, list]) => [name, () => withAcceptEncoding(list)]),
);

export const cases = [
  {
    title: 'hostile Accept-Encoding, JSON of 1 KB',
    kind: 'in-process',
    contestants,
    request: { url: '/', headers: { host: 'api.example' } },
    handler: respond(bodies(1)),
    expect: ({ headers, body }) =>
      assert.ok(JSON.parse(decodeLike(headers['content-encoding'], body))),
    goals: Object.keys(values)
      .slice(1)
      .map((name) => ({ of: name, to: 'normal', atMost: 2 })),
  },
];
