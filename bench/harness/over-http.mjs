import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Load } from './load.mjs';
import { checkGoals, quartiles, shuffled, table } from './report.mjs';

const serverFile = fileURLToPath(new URL('./http-server.mjs', import.meta.url));

/** One server process for each contestant, loaded in turn over keep-alive connections from this process. */
export async function runOverHttp(benchCase, file, index, print) {
  const { rounds = 3, seconds = 2, connections = 10 } = benchCase;
  const servers = await Promise.all(
    ['none', ...Object.keys(benchCase.contestants)].map((name) => startServer(file, index, name)),
  );
  try {
    for (const server of servers) {
      server.load = new Load({ port: server.port, request: benchCase.request, connections });
      const answer = await server.load.once();
      if (server.name !== 'none') benchCase.expect?.(answer, server.name);
      await server.load.run(0.5);
    }
    for (let round = 0; round < rounds; round++) {
      for (const server of shuffled(servers)) {
        const before = await ask(server, 'cpu');
        const result = await server.load.run(seconds);
        const after = await ask(server, 'cpu');
        server.rounds.push({ ...result, cpu: (after.cpu - before.cpu) / result.count });
      }
    }
  } finally {
    for (const { child } of servers) child.disconnect();
  }
  report(benchCase, servers, print);
}

function startServer(file, index, name) {
  return new Promise((resolve, reject) => {
    const child = fork(serverFile, [file, String(index), name]);
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`the server of ${name} ended with ${code} before it listened`)),
    );
    child.once('message', ({ port }) => resolve({ name, child, port, rounds: [] }));
  });
}

function ask({ child }, question) {
  return new Promise((resolve) => {
    child.once('message', resolve);
    child.send(question);
  });
}

function report(benchCase, servers, print) {
  const summary = {};
  const rows = servers.map(({ name, rounds }) => {
    const pick = (field) => quartiles(rounds.map((round) => round[field])).median;
    const row = { rps: pick('rps'), p50: pick('p50'), p99: pick('p99'), cpu: pick('cpu') };
    summary[name] = row;
    return [name, row.rps.toFixed(0), row.p50.toFixed(2), row.p99.toFixed(2), row.cpu.toFixed(0)];
  });
  print(table(['contestant', 'requests/s', 'p50 ms', 'p99 ms', 'server CPU us'], rows));
  checkGoals(
    benchCase.goals,
    (goal) => summary[goal.of][goal.field ?? 'rps'] / summary[goal.to][goal.field ?? 'rps'],
    'requests/s',
    print,
  );
}
