// Serves events, downloads and JSON through one compression middleware and tells its memory and its longest stall.
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import compression from 'compression';
import { gzip } from '@portcullis/gzip';
import { bodies, respond } from '../bodies/gzip-json.mjs';

const middleware = {
  none: () => (_req, _res, next) => next(),
  portcullis: () => gzip(),
  'portcullis gzip 6': () => gzip({ encodings: ['gzip'], compressLevel: 6 }),
  'portcullis sync': () => gzip({ encodings: ['gzip'], compressLevel: 6, syncBudget: 1 }),
  compression: () => compression(),
}[process.argv[2]]();

const json = respond(bodies(100));
const block = Buffer.from(bodies(64)[0]);

function events(res) {
  res.setHeader('Content-Type', 'text/event-stream');
  res.write('data: hello\n\n');
  res.flush?.();
}

/** Writes without end, as fast as the client reads. */
function download(res) {
  res.setHeader('Content-Type', 'application/octet-stream');
  const more = () => {
    while (!res.destroyed) {
      if (!res.write(block)) {
        res.once('drain', more);
        return;
      }
    }
  };
  more();
}

const server = createServer((req, res) =>
  middleware(req, res, () => {
    if (req.url === '/events') events(res);
    else if (req.url === '/download') download(res);
    else json(req, res);
  }),
);
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

// On a busy machine the histogram counts the time in which the thread was not run at all. The CPU time
// that the thread took between two turns of a timer is what this process itself kept the loop for.
let longestTurn = 0;
if (process.threadCpuUsage !== undefined) {
  let last = process.threadCpuUsage();
  setInterval(() => {
    const now = process.threadCpuUsage();
    longestTurn = Math.max(longestTurn, now.user + now.system - last.user - last.system);
    last = now;
  }, 1);
}

process.on('message', (question) => {
  if (question === 'stall') {
    const own = process.threadCpuUsage === undefined ? undefined : longestTurn / 1e3;
    process.send({ stall: delay.max / 1e6, p99: delay.percentile(99) / 1e6, own });
    return;
  }
  if (question === 'clear') {
    delay.reset();
    longestTurn = 0;
    process.send({});
    return;
  }
  global.gc();
  const { rss, external } = process.memoryUsage();
  process.send({
    rss: rss / 2 ** 20,
    external: external / 2 ** 20,
  });
});
process.on('disconnect', () => process.exit(0));
