import { cors } from '@portcullis/cors';
import { session, sessionOf } from '@portcullis/session';
import { loopbackHosts, trustedHost } from '@portcullis/trusted-host';
import { upgrade } from '@portcullis/upgrade';
import express from 'express';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';

const page = fileURLToPath(new URL('./page.html', import.meta.url));

/** A chat for those who gave their name: one stack guards its pages and its WebSocket. */
export function createChat({ secretKey, allowedHosts = loopbackHosts }) {
  const stack = [
    trustedHost({ allowedHosts }), // a name that an attacker points at this machine is refused
    cors({ allowOrigins: ['https://partner.example'], allowCredentials: true }), // so are other sites
    session({ secretKey }),
  ];

  const app = express();
  app.disable('x-powered-by');
  app.use(stack);
  app.get('/', (_req, res) => res.sendFile(page));
  app.get('/name', (req, res) => res.json({ name: visitorOf(req).name ?? null }));
  app.post('/name', express.urlencoded({ extended: false }), (req, res) => {
    visitorOf(req).name = String(req.body?.name ?? '').slice(0, 40) || 'nobody';
    res.redirect(303, '/');
  });

  const wss = new WebSocketServer({ noServer: true, path: '/chat', maxPayload: 4096 });
  wss.on('connection', (client, req) => {
    const { name, visits = 0 } = visitorOf(req);
    client.on('error', () => {}); // ws closes the connection; without a listener it would end us
    client.on('message', (/** @type {Buffer} */ text) =>
      broadcast(wss, `${name}: ${text.toString()}`),
    );
    client.send(`Hello ${name}, this is your visit number ${visits}.`);
  });

  const server = createServer(app);
  server.on('upgrade', upgrade(wss, [stack, requireName, countVisit]));
  return { server, wss };
}

/**
 * The session, typed.
 *
 * @param {import('node:http').IncomingMessage} req
 * @returns {{ name?: string, visits?: number }}
 */
const visitorOf = (req) => sessionOf(req);

/** Answers like any middleware; the client reads a whole HTTP response. */
function requireName(req, res, next) {
  if (visitorOf(req).name !== undefined) return next();
  return res.writeHead(401, { 'Content-Type': 'text/plain' }).end('Tell us your name first.\n');
}

/** Changes the session: its cookie rides on the 101. */
function countVisit(req, _res, next) {
  const visitor = visitorOf(req);
  visitor.visits = (visitor.visits ?? 0) + 1;
  next();
}

function broadcast(wss, text) {
  for (const client of wss.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(text);
  }
}
