import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Load } from '../harness/load.mjs';

const file = fileURLToPath(new URL('../servers/gzip-resources.mjs', import.meta.url));

async function withServer(name, work) {
  const child = fork(file, [name], { execArgv: ['--expose-gc', '--no-warnings'] });
  const [{ port }] = await once(child, 'message');
  const ask = async (question) => {
    child.send(question);
    return (await once(child, 'message'))[0];
  };
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

const stall = (name, goal) => ({
  title: `longest stall of the event loop, unique JSON of 100 KB, ${name}`,
  kind: 'script',
  async run(print) {
    await withServer(name, async (port, ask) => {
      const request = { url: '/json', headers: { 'accept-encoding': 'gzip, deflate, br, zstd' } };
      const load = new Load({ port, request, connections: 10 });
      await load.run(2);
      await ask('reset');
      // The collector that the reset runs is not what is measured.
      await sleep(50);
      await ask('clear');
      const { rps } = await load.run(4);
      const { stall: longest, p99, own } = await ask('stall');
      const measured = own ?? longest;
      const verdict =
        goal === undefined ? '' : ` (below ${goal}: ${measured < goal ? 'met' : 'MISSED'})`;
      const cpu = own === undefined ? '' : `, of its own CPU time ${own.toFixed(1)} ms`;
      print(
        `  longest turn ${longest.toFixed(1)} ms${cpu}${verdict}, p99 ${p99.toFixed(1)} ms, ${rps.toFixed(0)} requests/s`,
      );
    });
  },
});

export const cases = [
  idle('none', 'gzip'),
  idle('portcullis', 'gzip, br', 150),
  idle('portcullis', 'br'),
  idle('compression', 'gzip, br'),
  aborted('portcullis'),
  aborted('compression'),
  stall('none'),
  stall('portcullis', 5),
  stall('portcullis gzip 6', 5),
  stall('portcullis sync'),
  stall('compression'),
];
