import assert from 'node:assert/strict';
import expressSession from 'express-session';
import { memoryStore, session } from '@portcullis/session';
import dropIn from '@portcullis/session/express-session';
import { Exchange, toRawRequest } from '../harness/exchange.mjs';

const secret = 'forty bytes of a secret for benchmarks..';
const options = { secret, resave: false, saveUninitialized: false };
const data = { user: 'ann', cart: [1, 2, 3], theme: 'dark' };

// One middleware of each kind, each with a memory store of its own, and a session in it.
const makers = {
  'portcullis store': () =>
    session({ secretKey: secret, store: memoryStore({ singleProcess: true }) }),
  'portcullis drop-in': () => dropIn({ ...options, store: new dropIn.MemoryStore() }),
  'express-session': () => expressSession({ ...options, store: new expressSession.MemoryStore() }),
};
process.removeAllListeners('warning');

async function withSession(seed) {
  const contestants = {};
  const cookies = [];
  for (const [name, make] of Object.entries(makers)) {
    const middleware = make();
    const exchange = new Exchange(middleware, (req, res) => {
      Object.assign(req.session, seed);
      res.end('ok');
    });
    const { headers } = await exchange.answer(toRawRequest({ headers: { host: 'x.example' } }));
    const [pair] = headers['set-cookie'][0].split(';');
    // Both use the name connect.sid, so each gets a header of its own.
    contestants[name] = () => (req, res, next) => {
      req.headers.cookie = `theme=dark; ${pair}; _ga=GA1.1.1234567890.1234567890`;
      middleware(req, res, next);
    };
    cookies.push(pair);
  }
  return contestants;
}

const request = { method: 'GET', url: '/', headers: { host: 'x.example', cookie: 'replaced=1' } };
const goals = (atMost) => [
  { of: 'portcullis store', to: 'express-session', atMost },
  { of: 'portcullis drop-in', to: 'express-session', atMost },
];
const ok = (answer) => {
  assert.equal(answer.status, 200);
  assert.equal(String(answer.body), 'ann');
};
let writes = 0;

export const cases = [
  {
    title: 'read of an existing session',
    kind: 'in-process',
    contestants: await withSession(data),
    request,
    handler: (req, res) => res.end(req.session?.user ?? 'ann'),
    expect: ok,
    goals: goals(1 / 3),
  },
  {
    title: 'write to an existing session',
    kind: 'in-process',
    contestants: await withSession(data),
    request,
    handler(req, res) {
      if (req.session !== undefined) req.session.count = writes++;
      res.end(req.session?.user ?? 'ann');
    },
    expect: ok,
    goals: goals(1 / 2),
  },
  {
    title: 'read of a session of 4 kB',
    kind: 'in-process',
    contestants: await withSession({ ...data, items: Array.from({ length: 60 }, (_, id) => ({ id, name: `item number ${id}`, price: id * 1.5 })) }), // prettier-ignore
    request,
    handler: (req, res) => res.end(req.session?.user ?? 'ann'),
    expect: ok,
    goals: [],
  },
  {
    title: 'a session cookie, and a handler that does not look at it',
    kind: 'in-process',
    contestants: await withSession(data),
    request,
    handler: (_req, res) => res.end('ann'),
    expect: ok,
    goals: [],
  },
  {
    title: 'no cookie, and a handler that does not look at the session',
    kind: 'in-process',
    contestants: Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make])),
    request: { method: 'GET', url: '/', headers: { host: 'x.example' } },
    handler: (_req, res) => res.end('ann'),
    expect: ok,
    goals: [],
  },
];
