import { loadConfig } from '@portcullis/core/config';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { generate } from 'selfsigned';
import { createApp } from './app.mjs';
import { page } from './page.mjs';

const host = '127.0.0.1';
const configFile = new URL('./portcullis.config.mjs', import.meta.url);
const certificate = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });

const secured = createApp(await loadConfig(configFile, { environment: 'production' }));
const plain = createApp(await loadConfig(configFile, { environment: 'development' }));

const servers = [
  await listen(createServer(secured), 3000),
  await listen(
    createSecureServer({ key: certificate.private, cert: certificate.cert }, secured),
    3443,
  ),
  await listen(createServer(plain), 3001),
  await listen(
    createServer((_req, res) =>
      res.setHeader('Content-Type', 'text/html; charset=utf-8').end(page('http://localhost:3001')),
    ),
    3002,
  ),
];
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });
}

console.log(`Portcullis demo

  In the browser   http://localhost:3002  (a page that calls the API on a second origin)

  With curl
    curl -i http://localhost:3000/api/visits                                       307 to https
    curl -ik https://localhost:3443/api/visits                                     a session cookie
    curl -ik -H 'Origin: http://localhost:3002' https://localhost:3443/            an allowed origin
    curl -ik -H 'Origin: https://evil.example' https://localhost:3443/             no Access-Control-* header
    curl -ik -H 'Host: evil.example' https://localhost:3443/                       400 Invalid host header
    curl -ik --compressed https://localhost:3443/api/items -o /dev/null -D -       Content-Encoding
    curl -ik -H 'Origin: http://localhost:3002' https://localhost:3443/api/error   a 500 that keeps its CORS headers

  Stop with Ctrl+C.
`);

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`Port ${port} is in use; stop what listens there and try again.`)
          : error,
      );
    });
    server.listen(port, host, () => resolve(server));
  });
}
