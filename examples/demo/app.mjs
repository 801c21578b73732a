import { cors } from '@portcullis/cors';
import { gzip } from '@portcullis/gzip';
import { httpsRedirect } from '@portcullis/https-redirect';
import { session } from '@portcullis/session';
import { trustedHost } from '@portcullis/trusted-host';
import express from 'express';

/** The five in the order that is right for most applications, then the routes. */
export function createApp(config) {
  const app = express();
  app.disable('x-powered-by');
  app.use(trustedHost(config.trustedHost)); // nothing may use an unchecked Host
  app.use(httpsRedirect(config.httpsRedirect)); // redirects to the checked host
  app.use(cors(config.cors)); // before anything that can answer: a 500 stays readable for the page
  app.use(gzip(config.gzip)); // outside everything that writes a body
  app.use(session(config.session)); // after host and scheme: Secure follows the request

  app.get('/', (_req, res) => {
    res.type('text').send('Portcullis demo. Try the lines that the server printed.\n');
  });
  app.get('/api/visits', (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json({ visits: req.session.visits });
  });
  app.delete('/api/visits', (req, res) => {
    req.session = null;
    res.status(204).end();
  });
  app.get('/api/items', (_req, res) => {
    res.json(Array.from({ length: 500 }, (_, id) => ({ id, name: `item number ${id}` })));
  });
  app.get('/api/error', () => {
    throw new Error('this route always fails');
  });
  // The application's own error handler: nothing about the error reaches the client.
  app.use((error, _req, res, _next) => {
    res
      .status(error.status ?? 500)
      .type('text')
      .send(error.expose ? `${error.message}\n` : 'Something went wrong.\n');
  });
  return app;
}
