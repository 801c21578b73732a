// node bench/reliability.mjs [--seconds 60] [--clients 200] [--only portcullis] [--faults]
//
// Loads two server processes over one Redis with parallel writers and logouts, and counts what went wrong. With --faults it kills
// Redis in the middle (SIGKILL) and starts it again three seconds later. Needs redis-server and a build.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Browser } from './reliability/client.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '200' },
    only: { type: 'string' },
    faults: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const clients = Number(values.clients);
const outage = 3_000;
const kinds = ['portcullis', 'portcullis drop-in', 'express-session'].filter(
  (kind) => values.only === undefined || kind === values.only,
);

console.log(
  `${clients} clients, ${seconds} s, 2 server processes, Node ${process.version}${values.faults ? `, Redis killed for ${outage / 1_000} s in the middle` : ''}`,
);
for (const kind of kinds) console.log(JSON.stringify(await measure(kind), null, 1));

async function measure(kind) {
  const port = await freePort();
  let redis = await startRedis(port);
  const servers = await Promise.all([0, 1].map(() => startServer(kind, port)));
  const stats = createStats();
  const agent = new Agent({ keepAlive: true, maxSockets: clients * 4 });
  const ports = servers.map((server) => server.port);
  const until = Date.now() + seconds * 1_000;
  const load = Promise.all(
    Array.from({ length: clients }, async () => {
      const browser = new Browser({ ports, agent, stats });
      while (Date.now() < until) {
        // Visitors read what they get; without that the processors are all that is measured.
        await sleep(Math.random() * 8_000);
        await browser.visit();
      }
    }),
  );
  let restartedAt;
  const memory = [];
  const sampling = (async () => {
    for (let quarter = 0; quarter < 4; quarter += 1) {
      await sleep(seconds * 245);
      memory.push(await totalMemory(servers));
    }
  })();
  if (values.faults) {
    await sleep(seconds * 500);
    redis.kill('SIGKILL');
    stats.phase = 'outage';
    await sleep(outage);
    redis = await startRedis(port);
    stats.watchRecovery(performance.now());
    restartedAt = Date.now();
  }
  await load;
  await sampling;
  const final = await Promise.all(servers.map(statsOf));
  for (const { child } of servers) child.disconnect();
  redis.kill();
  agent.destroy();
  return {
    kind,
    ...stats.summary(),
    'longest answer (ms)': Math.round(Math.max(...final.map(({ longest }) => longest))),
    ...(restartedAt === undefined
      ? {}
      : { 'last failure after the restart (ms)': afterRestart(final, restartedAt) }),
    'unhandled rejections': final.reduce((sum, { unhandled }) => sum + unhandled, 0),
    'live heap after each quarter (MB)': memory.map(({ heapUsed }) => heapUsed),
    'RSS after each quarter (MB)': memory.map(({ rss }) => rss),
  };
}

function afterRestart(final, restartedAt) {
  const last = Math.max(...final.map(({ lastFailure }) => lastFailure)) - restartedAt;
  return last < 0 ? 'none' : last;
}

function createStats() {
  const statuses = {};
  const latencies = [];
  const checks = {
    keys: 0,
    lostKeys: 0,
    increments: 0,
    lostIncrements: 0,
    logouts: 0,
    resurrected: 0,
  };
  let restarted;
  let recovery;
  return {
    checks,
    phase: 'load',
    record(status, took) {
      statuses[status] = (statuses[status] ?? 0) + 1;
      latencies.push(took);
      if (restarted === undefined) return;
      if (status === 200) recovery ??= performance.now() - restarted;
    },
    watchRecovery(time) {
      restarted = time;
    },
    summary() {
      latencies.sort((one, other) => one - other);
      const at = (share) => Math.round(latencies[Math.floor((latencies.length - 1) * share)]);
      const faults = {
        'first success after the restart (ms)': Math.round(recovery),
      };
      // Redis lost everything with the crash, so what sessions held is no question of ours then.
      const consistency = {
        'resurrected sessions': `${checks.resurrected} of ${checks.logouts} logouts`,
        'lost keys': `${checks.lostKeys} of ${checks.keys}`,
        'lost increments': `${checks.lostIncrements} of ${checks.increments}`,
      };
      return {
        answers: statuses,
        'latency ms (median, p99, max)': [at(0.5), at(0.99), at(1)],
        ...(restarted === undefined ? consistency : faults),
      };
    },
  };
}

async function startServer(kind, port) {
  const file = new URL('./reliability/server.mjs', import.meta.url);
  const child = fork(file, [kind, `redis://127.0.0.1:${port}`], { execArgv: ['--expose-gc'] });
  const [serverPort] = await once(child, 'message');
  return { child, port: serverPort };
}

/** Of both servers, after a full collection. */
async function totalMemory(servers) {
  const all = await Promise.all(servers.map(statsOf));
  const total = (name) => Math.round(all.reduce((sum, each) => sum + each[name], 0) / 1_048_576);
  return { rss: total('rss'), heapUsed: total('heapUsed') };
}

function statsOf({ port }) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/stats' }, async (res) => {
      let body = '';
      for await (const text of res.setEncoding('utf8')) body += text;
      resolve(JSON.parse(body));
    }).on('error', reject);
  });
}

async function startRedis(port) {
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: 'ignore', cwd: tmpdir() },
  );
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return child;
    await sleep(20);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
