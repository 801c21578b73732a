import assert from 'node:assert/strict';
import expressCors from 'cors';
import { cors } from '@portcullis/cors';

const origin = 'https://app.example';
const origins = ['https://www.example', origin, 'https://admin.example'];

const ours = {
  allowOrigins: origins,
  allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
  allowHeaders: ['Authorization', 'X-Token'],
  exposeHeaders: ['X-Total'],
  allowCredentials: true,
  maxAge: 600,
};
const theirs = {
  origin: origins,
  methods: ours.allowMethods,
  allowedHeaders: ours.allowHeaders,
  exposedHeaders: ours.exposeHeaders,
  credentials: true,
  maxAge: 600,
};
const contestants = { portcullis: () => cors(ours), cors: () => expressCors(theirs) };
const atMost = (ratio) => [{ of: 'portcullis', to: 'cors', atMost: ratio }];
const preflight = (extra = {}) => ({
  method: 'OPTIONS',
  url: '/items',
  headers: {
    host: 'api.example',
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,x-token',
    ...extra,
  },
});

function expectGranted({ headers }) {
  assert.equal(headers['access-control-allow-origin'], origin);
  assert.equal(headers['access-control-allow-credentials'], 'true');
  assert.match(headers.vary, /^Origin/);
}

export const cases = [
  {
    title: 'actual request, allowed origin',
    kind: 'in-process',
    contestants,
    request: { method: 'GET', url: '/items', headers: { host: 'api.example', origin } },
    expect(answer) {
      expectGranted(answer);
      assert.equal(answer.headers['access-control-expose-headers'], 'X-Total');
      assert.equal(String(answer.body), 'ok');
    },
    goals: atMost(0.75),
  },
  {
    title: 'actual request, origin without credentials',
    kind: 'in-process',
    contestants: {
      portcullis: () => cors({ allowOrigins: origins }),
      cors: () => expressCors({ origin: origins }),
    },
    request: { method: 'GET', url: '/items', headers: { host: 'api.example', origin } },
    expect(answer) {
      assert.equal(answer.headers['access-control-allow-origin'], origin);
    },
    goals: atMost(0.75),
  },
  {
    title: 'actual request, subdomain pattern against an expression',
    kind: 'in-process',
    contestants: {
      portcullis: () => cors({ ...ours, allowOrigins: ['https://*.tenant.example'] }),
      cors: () => expressCors({ ...theirs, origin: /^https:\/\/[a-z0-9.-]+\.tenant\.example$/ }),
    },
    request: {
      method: 'GET',
      url: '/items',
      headers: { host: 'api.example', origin: 'https://a.tenant.example' },
    },
    expect(answer) {
      assert.equal(answer.headers['access-control-allow-origin'], 'https://a.tenant.example');
    },
    goals: atMost(0.75),
  },
  {
    title: 'actual request, denied origin',
    kind: 'in-process',
    contestants,
    request: {
      method: 'GET',
      url: '/items',
      headers: { host: 'api.example', origin: 'https://evil.example' },
    },
    expect(answer) {
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.equal(answer.headers.vary, 'Origin');
    },
    goals: atMost(0.75),
  },
  {
    title: 'actual request, no Origin',
    kind: 'in-process',
    contestants,
    request: { method: 'GET', url: '/items', headers: { host: 'api.example' } },
    expect(answer) {
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.equal(answer.headers.vary, 'Origin');
    },
    goals: atMost(0.75),
  },
  {
    title: 'preflight, passed',
    kind: 'in-process',
    contestants,
    request: preflight(),
    expect(answer) {
      expectGranted(answer);
      assert.match(answer.headers['access-control-allow-methods'], /PUT/);
      assert.match(answer.headers['access-control-allow-headers'], /Authorization/);
      assert.equal(answer.headers['access-control-max-age'], '600');
    },
    goals: atMost(0.75),
  },
  {
    title: 'preflight, refused, against an accepted one',
    kind: 'in-process',
    contestants: {
      refused: () => cors({ ...ours, allowOrigins: ['https://other.example'] }),
      accepted: () => cors(ours),
    },
    request: preflight(),
    expect(answer, name) {
      assert.equal(answer.status, name === 'refused' ? 400 : 200);
    },
    goals: [{ of: 'refused', to: 'accepted', atMost: 1 }],
  },
];
