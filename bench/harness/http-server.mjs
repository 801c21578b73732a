// Serves one contestant of one case; ends with its parent.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [file, index, name] = process.argv.slice(2);
const { cases } = await import(pathToFileURL(file).href);
const benchCase = cases[Number(index)];
const handler = benchCase.handler ?? ((_req, res) => res.end('ok'));
const middleware =
  name === 'none' ? (_req, _res, next) => next() : await benchCase.contestants[name]();

const server = createServer((req, res) => {
  middleware(req, res, (error) => {
    if (error) {
      res.statusCode = error.status ?? 500;
      res.end(String(error.message));
    } else handler(req, res);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system });
});
process.on('disconnect', () => process.exit(0));
