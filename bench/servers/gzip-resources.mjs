// Serves events, downloads and JSON through one compression middleware and tells its memory and its stalls.
import { createServer } from 'node:http';
import {
  constants,
  createHistogram,
  monitorEventLoopDelay,
  PerformanceObserver,
} from 'node:perf_hooks';
import compression from 'compression';
import { gzip } from '@portcullis/gzip';
import { bodies, respond } from '../bodies/gzip-json.mjs';

const [name, kilobytes] = process.argv.slice(2);
const passThrough = () => (_req, _res, next) => next();
const middleware = {
  none: passThrough,
  // As Express hands bodies to Node. They are garbage outside the heap, and bring major collections by themselves.
  'none, Buffers': passThrough,
  portcullis: () => gzip(),
  'portcullis gzip 6': () => gzip({ encodings: ['gzip'], compressLevel: 6 }),
  compression: () => compression(),
  'compression gzip 6': () => compression({ level: 6 }),
}[name]();

const texts = respond(bodies(Number(kilobytes ?? 100)));
function json(req, res) {
  if (name === 'none, Buffers') {
    const { end } = res;
    res.end = (text) => end.call(res, Buffer.from(text));
  }
  texts(req, res);
}
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
const own = createHistogram();
if (process.threadCpuUsage !== undefined) {
  let last = process.threadCpuUsage();
  setInterval(() => {
    const now = process.threadCpuUsage();
    own.record(Math.max(1, now.user + now.system - last.user - last.system));
    last = now;
  }, 1);
}

let majorCollections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majorCollections += 1;
  }
}).observe({ entryTypes: ['gc'] });

function percentiles(histogram, unit) {
  const at = (share) => histogram.percentile(share) / unit;
  return { p99: at(99), 'p99.9': at(99.9), max: histogram.max / unit };
}

const answers = {
  stall: () => ({
    wall: percentiles(delay, 1e6),
    own: process.threadCpuUsage === undefined ? undefined : percentiles(own, 1e3),
    majorCollections,
  }),
  clear() {
    delay.reset();
    own.reset();
    majorCollections = 0;
    return {};
  },
  reset() {
    global.gc();
    return answers.memory();
  },
  memory() {
    const { rss, external } = process.memoryUsage();
    return { rss: rss / 2 ** 20, external: external / 2 ** 20 };
  },
};
process.on('message', (question) => process.send(answers[question]()));
process.on('disconnect', () => process.exit(0));
