import assert from 'node:assert/strict';
import { trustedHost } from '@portcullis/trusted-host';
import hostValidation from 'host-validation';

const list = ['example.com', 'www.example.com', 'api.example.com', 'app.example.com'];
const manyNames = Array.from({ length: 200 }, (_, n) => `tenant${n}.example.com`);

function isOk(answer) {
  assert.equal(answer.status, 200);
}

/** Express's response has `status` and `send`, which the peer's refusal calls. */
function refusingPeer(options) {
  const middleware = hostValidation({
    ...options,
    fail: (_req, res) => {
      res.statusCode = 403;
      res.end('Forbidden');
    },
  });
  return middleware;
}

const headers = {
  host: 'example.com',
  'user-agent': 'bench',
  accept: '*/*',
  'accept-encoding': 'gzip',
};

export const cases = [
  {
    title: 'a repeated host, exact list of four',
    kind: 'in-process',
    contestants: {
      portcullis: () => trustedHost({ allowedHosts: list }),
      'host-validation': () => refusingPeer({ hosts: list }),
    },
    request: { headers: { ...headers, host: 'app.example.com' } },
    expect: isOk,
  },
  {
    title: "a repeated subdomain: '*.example.com' against the RegExp of host-validation's README",
    kind: 'in-process',
    contestants: {
      portcullis: () => trustedHost({ allowedHosts: ['example.com', '*.example.com'] }),
      'host-validation': () => refusingPeer({ hosts: ['example.com', /.*\.example\.com$/] }),
    },
    request: { headers: { ...headers, host: 'app.example.com' } },
    expect: isOk,
    goals: [{ of: 'portcullis', to: 'host-validation', atMost: 1 / 3 }],
  },
  {
    title: 'the last of 200 exact hosts, repeated',
    kind: 'in-process',
    contestants: {
      portcullis: () => trustedHost({ allowedHosts: manyNames }),
      'host-validation': () => refusingPeer({ hosts: manyNames }),
    },
    request: { headers: { ...headers, host: 'tenant199.example.com' } },
    expect: isOk,
    goals: [{ of: 'portcullis', to: 'host-validation', atMost: 1 / 3 }],
  },
];
