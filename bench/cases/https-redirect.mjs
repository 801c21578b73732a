import assert from 'node:assert/strict';
import { httpsRedirect } from '@portcullis/https-redirect';
import sslify from 'express-sslify';

const headers = {
  host: 'example.com',
  'user-agent': 'bench',
  accept: '*/*',
  'accept-encoding': 'gzip',
  'x-forwarded-proto': 'https',
  'x-forwarded-for': '203.0.113.9',
};

/** The peer reads Express's `req.secure` first; on a plain connection it is false. */
const asExpress = (middleware) => (req, res, next) => {
  req.secure = false;
  middleware(req, res, next);
};

export const cases = [
  {
    title: 'a secure request behind a trusted proxy',
    kind: 'in-process',
    contestants: {
      portcullis: () => asExpress(httpsRedirect({ trustProxy: 'loopback' })),
      'express-sslify': () => asExpress(sslify.HTTPS({ trustProtoHeader: true })),
    },
    request: { headers },
    expect: (answer) => assert.equal(answer.status, 200),
    goals: [{ of: 'portcullis', to: 'express-sslify', atMost: 1 }],
  },
  {
    title: 'a secure connection',
    kind: 'in-process',
    contestants: {
      portcullis: () => {
        const middleware = httpsRedirect();
        return (req, res, next) => {
          req.socket.encrypted = true;
          middleware(req, res, next);
        };
      },
      'express-sslify': () => {
        const middleware = sslify.HTTPS();
        return (req, res, next) => {
          req.secure = true;
          middleware(req, res, next);
        };
      },
    },
    request: { headers: { host: 'example.com' } },
    expect: (answer) => assert.equal(answer.status, 200),
    goals: [{ of: 'portcullis', to: 'express-sslify', atMost: 1 }],
  },
];
