import { test } from '@jest/globals';
import { listen, closeAll } from '@portcullis/testing';
import session = require('../src/express-session.ts');
import { plainStore } from './store/express-stores.ts';
test('x', async () => {
  const store = plainStore();
  const server = await listen(
    'express5',
    session({
      secret: 'x'.repeat(32),
      resave: false,
      saveUninitialized: false,
      store,
      cookie: { maxAge: 60000 },
    }),
    (req: any, res) => {
      console.log(req.sessionID, req.session && { ...req.session });
      req.session[req.url.slice(1)] = 1;
      res.end('x');
    },
  );
  const a = await server.request('/a');
  console.log(a.status, a.text, a.setCookie, store.calls, [...store.records]);
  const b = await server.request('/b', { headers: { cookie: a.setCookie[0]!.split(';')[0]! } });
  console.log(b.status, b.text, b.setCookie, store.calls, [...store.records]);
  await closeAll();
});
