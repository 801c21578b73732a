import { loadConfig } from '@portcullis/core/config';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { generate } from 'selfsigned';
import { createApp } from './app.mjs';
import { page } from './page.mjs';
import { port } from './portcullis.config.mjs';

const host = '127.0.0.1';
const configFile = new URL('./portcullis.config.mjs', import.meta.url);
const certificate = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });

const secured = createApp(await loadConfig(configFile, { environment: 'production' }));
const plain = createApp(await loadConfig(configFile, { environment: 'development' }));

const servers = [
  await listen(createServer(secured), port),
  await listen(
    createSecureServer({ key: certificate.private, cert: certificate.cert }, secured),
    port + 443,
  ),
  await listen(createServer(plain), port + 1),
  await listen(
    createServer((_req, res) =>
      res
        .setHeader('Content-Type', 'text/html; charset=utf-8')
        .end(page(`http://localhost:${port + 1}`)),
    ),
    port + 2,
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

const [http, https, origin] = [
  `http://localhost:${port}`,
  `https://localhost:${port + 443}`,
  `http://localhost:${port + 2}`,
];
console.log(`Portcullis demo

In the browser: ${origin} (a page that calls the API on a second origin)

With curl:

# 307 to https
curl -i ${http}/api/visits

# a session: one cookie
curl -ik ${https}/api/visits

# an allowed origin, and one that is not: Access-Control-* headers, none
curl -ik -H 'Origin: ${origin}' ${https}/
curl -ik -H 'Origin: https://evil.example' ${https}/

# 400 Invalid host header
curl -ik -H 'Host: evil.example' ${https}/

# 500 items, compressed, with an exact Content-Length
curl -k --compressed -D - -o /dev/null ${https}/api/items

# a 500 that keeps its CORS headers
curl -ik -H 'Origin: ${origin}' ${https}/api/error

Stop with Ctrl+C.
`);

function listen(server, at) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`Port ${at} is in use; stop what listens there and try again.`)
          : error,
      );
    });
    server.listen(at, host, () => resolve(server));
  });
}
