import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Load } from '../harness/load.mjs';
import { shuffled, table } from '../harness/report.mjs';

const file = fileURLToPath(new URL('../servers/gzip-resources.mjs', import.meta.url));

async function start(name, kilobytes) {
  const child = fork(file, [name, String(kilobytes)], {
    execArgv: ['--expose-gc', '--no-warnings'],
  });
  const [{ port }] = await once(child, 'message');
  const ask = async (question) => {
    child.send(question);
    return (await once(child, 'message'))[0];
  };
  return { name, child, port, ask, rounds: [] };
}

async function withServer(name, work) {
  const { child, port, ask } = await start(name, 100);
  try {
    return await work(port, ask);
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
}

function open(port, path, accept) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: ${accept}\r\n\r\n`);
  return socket;
}

const idle = (name, accept, limit) => ({
  title: `1000 idle event streams, ${name}, ${accept}`,
  kind: 'script',
  async run(print) {
    const grown = await withServer(name, async (port, ask) => {
      const before = await ask('reset');
      const sockets = [];
      for (let i = 0; i < 1000; i++) {
        const socket = open(port, '/events', accept);
        await once(socket, 'data');
        sockets.push(socket);
      }
      await sleep(300);
      const after = await ask('memory');
      for (const socket of sockets) socket.destroy();
      return after.rss - before.rss;
    });
    const verdict =
      limit === undefined ? '' : ` (at most ${limit}: ${grown <= limit ? 'met' : 'MISSED'})`;
    print(`  RSS grows by ${grown.toFixed(0)} MB${verdict}`);
  },
});

const aborted = (name) => ({
  title: `2000 aborted downloads, ${name}`,
  kind: 'script',
  async run(print) {
    await withServer(name, async (port, ask) => {
      const abort = async (count) => {
        for (let i = 0; i < count; i++) {
          const socket = open(port, '/download', 'gzip');
          await once(socket, 'data');
          socket.pause();
          // Some are cut off while the codec works, others while it waits for the client.
          await sleep(i % 4);
          socket.destroy();
        }
        await sleep(300);
      };
      await abort(500);
      const marks = [await ask('reset')];
      for (let i = 0; i < 4; i++) {
        await abort(500);
        marks.push(await ask('memory'));
      }
      const growth = marks.at(-1).rss - marks[0].rss;
      const of = (field) => marks.map((mark) => mark[field].toFixed(0)).join(' ');
      print(
        `  after 500 to warm up, then every 500: RSS ${of('rss')} MB, external ${of('external')} MB; RSS grew by ${growth.toFixed(0)} MB (at most 10: ${growth <= 10 ? 'met' : 'MISSED'})`,
      );
    });
  },
});

const rounds = 5;
const contestants = [
  'none',
  'none, Buffers',
  'portcullis',
  'portcullis gzip 6',
  'compression',
  'compression gzip 6',
];

async function measureStalls(server, connections) {
  const request = { url: '/json', headers: { 'accept-encoding': 'gzip, deflate, br, zstd' } };
  if (server.name.endsWith('gzip 6')) request.headers['accept-encoding'] = 'gzip';
  const load = new Load({ port: server.port, request, connections });
  // Before the first round the compiler needs longer, and the collection of the reset is not what is measured.
  await load.run(server.rounds.length === 0 ? 2 : 0.3);
  await server.ask('reset');
  await sleep(50);
  await server.ask('clear');
  const { rps, count } = await load.run(2);
  const { wall, own, majorCollections } = await server.ask('stall');
  server.rounds.push({ wall, own, rps, majors: (majorCollections / count) * 1000 });
}

/** The middle one of the rounds: a neighbour on the machine can make any single one as long as it likes. */
function middle(server, pick) {
  const sorted = server.rounds.map(pick).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const kinds = ['p99', 'p99.9', 'max'];

function reportStalls(servers, clock, print) {
  const of = (server, kind) => middle(server, (round) => round[clock][kind]);
  print(
    table(
      [clock === 'own' ? 'CPU time of a turn, ms' : 'event-loop histogram, ms', ...kinds],
      servers.map((server) => [server.name, ...kinds.map((kind) => of(server, kind).toFixed(1))]),
    ),
  );
  const find = (name) => servers.find((server) => server.name === name);
  for (const suffix of ['', ' gzip 6']) {
    const ours = find(`portcullis${suffix}`);
    const peer = find(`compression${suffix}`);
    const ratios = kinds.map((kind) => `${kind} ${(of(ours, kind) / of(peer, kind)).toFixed(2)}`);
    const longest = of(ours, 'max');
    const over = ['none', 'none, Buffers'].map(
      (name) => `${(longest - of(find(name), 'max')).toFixed(1)} over ${name}`,
    );
    print(
      `  ${ours.name} / ${peer.name}: ${ratios.join(', ')}; max ${longest.toFixed(1)} ms (below 5: ${longest < 5 ? 'met' : 'MISSED'}), ${over.join(', ')}`,
    );
  }
}

const stalls = (kilobytes, connections) => ({
  title: `stalls of the event loop, unique JSON of ${kilobytes} KB, ${connections} connections`,
  kind: 'script',
  async run(print) {
    const servers = await Promise.all(contestants.map((name) => start(name, kilobytes)));
    try {
      for (let round = 0; round < rounds; round++) {
        for (const server of shuffled(servers)) await measureStalls(server, connections);
      }
    } finally {
      for (const { child } of servers) child.disconnect();
    }
    print(
      table(
        ['', 'requests/s', 'major collections per 1000'],
        servers.map((server) => [
          server.name,
          middle(server, (round) => round.rps).toFixed(0),
          middle(server, (round) => round.majors).toFixed(1),
        ]),
      ),
    );
    reportStalls(servers, 'wall', print);
    if (servers[0].rounds[0].own !== undefined) reportStalls(servers, 'own', print);
  },
});

export const cases = [
  idle('none', 'gzip'),
  idle('portcullis', 'gzip, br', 150),
  idle('portcullis', 'br'),
  idle('compression', 'gzip, br'),
  aborted('portcullis'),
  aborted('compression'),
  stalls(100, 10),
  stalls(10, 100),
];
