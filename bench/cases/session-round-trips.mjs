import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import expressSession from 'express-session';
import { loadSession, memoryStore, session } from '@portcullis/session';
import { Exchange, toRawRequest } from '../harness/exchange.mjs';

const secret = 'forty bytes of a secret for benchmarks..';

/** A store behind a network, that writes down what it is asked. */
function ours(calls) {
  const store = memoryStore({ singleProcess: true });
  const methods = ['get', 'create', 'update', 'touch', 'destroy', 'rename', 'listByUser', 'destroyByUser']; // prettier-ignore
  const entries = methods.map((name) => [
    name,
    async (...given) => {
      calls.push(name);
      await turn();
      return store[name](...given);
    },
  ]);
  return Object.fromEntries(entries);
}

const theirs = (calls) => {
  const records = new Map();
  return {
    get(id, done) {
      calls.push('get');
      setImmediate(() => done(null, records.has(id) ? JSON.parse(records.get(id)) : null));
    },
    set(id, record, done) {
      calls.push('set');
      records.set(id, JSON.stringify(record));
      setImmediate(() => done());
    },
    touch(_id, _record, done) {
      calls.push('touch');
      setImmediate(() => done());
    },
    destroy(id, done) {
      calls.push('destroy');
      records.delete(id);
      setImmediate(() => done());
    },
    on() {},
  };
};

const loading = (load) => (store) => session({ secretKey: secret, store, storeOptions: { load } });
const original = (store) => {
  // What express-session's own `Store` would add.
  store.createSession = expressSession.Store.prototype.createSession;
  return expressSession({ secret, store, resave: false, saveUninitialized: false });
};

const rows = [
  ['eager, a store of ours', ours, loading('eager'), [1, 1, 2]],
  ['lazy, a store of ours', ours, loading('lazy'), [0, 1, 2]],
  ['eager, a store for express-session', theirs, loading('eager'), [1, 1, 3]],
  ['lazy, a store for express-session', theirs, loading('lazy'), [0, 1, 3]],
  ['express-session', theirs, original, undefined],
];

const handlers = {
  untouched: (_req, res) => void res.end('ok'),
  read: async (req, res) => res.end(String((await loadSession(req)).n)),
  'read and write': async (req, res) => {
    (await loadSession(req)).n += 1;
    res.end('ok');
  },
};

async function answer(middleware, handler, cookie) {
  const headers = { host: 'x.example', ...(cookie === undefined ? {} : { cookie }) };
  return new Exchange(middleware, handler).answer(toRawRequest({ headers }));
}

async function begin(middleware) {
  const first = await answer(middleware, async (req, res) => {
    (await loadSession(req)).n = 1;
    res.end('ok');
  });
  return first.headers['set-cookie'][0].split(';')[0];
}

export const cases = [
  {
    title: 'round trips to a store behind a network, for a request with a good session cookie',
    kind: 'script',
    async run(print) {
      print(`${' '.repeat(36)}${Object.keys(handlers).join(' | ')}`);
      for (const [name, makeStore, makeMiddleware, expected] of rows) {
        const calls = [];
        const middleware = makeMiddleware(makeStore(calls));
        const cookie = await begin(middleware);
        const trips = [];
        for (const handler of Object.values(handlers)) {
          calls.length = 0;
          assert.equal((await answer(middleware, handler, cookie)).status, 200);
          trips.push([...calls]);
        }
        print(`${name.padEnd(36)}${trips.map((all) => `${all.length} ${all.join('+')}`.trim()).join(' | ')}`); // prettier-ignore
        const counts = trips.map(({ length }) => length);
        if (expected !== undefined) assert.deepEqual(counts, expected, name);
      }
    },
  },
];
