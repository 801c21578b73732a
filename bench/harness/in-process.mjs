import { Exchange, toRawRequest } from './exchange.mjs';
import { checkGoals, quartiles, shuffled, table } from './report.mjs';

const passThrough = (_req, _res, next) => next();
const okHandler = (_req, res) => res.end('ok');

/** Times contestants in short interleaved batches and reports CPU time added over no middleware. */
export async function runInProcess(benchCase, print) {
  const { rounds = 60, batch = 20 } = benchCase;
  const handler = benchCase.handler ?? okHandler;
  const makers = { none: () => passThrough, ...benchCase.contestants };
  const runners = [];
  for (const [name, make] of Object.entries(makers)) {
    const exchange = new Exchange(await make(), handler);
    const requestAt = toRequests(benchCase.request);
    if (name !== 'none') benchCase.expect?.(await exchange.answer(requestAt(0)), name);
    const run = (count) => repeat(exchange, requestAt, count);
    await warmUp(run);
    runners.push({ name, run, samples: [], count: await calibrate(run, batch) });
  }
  const count = Math.min(...runners.map((runner) => runner.count));
  for (let round = 0; round < rounds; round++) {
    for (const runner of shuffled(runners)) {
      runner.samples.push((await cpuOf(() => runner.run(count))) / count);
    }
  }
  report(benchCase, runners, print);
}

// Long enough for the optimising compiler to have settled.
async function warmUp(run) {
  const until = performance.now() + 400;
  while (performance.now() < until) await run(200);
}

function toRequests(request) {
  if (typeof request === 'function') return (index) => toRawRequest(request(index));
  const raw = toRawRequest(request ?? { headers: { host: 'localhost' } });
  return () => raw;
}

function repeat(exchange, requestAt, count) {
  return new Promise((resolve) => {
    let left = count;
    const next = () => {
      if (left-- === 0) resolve();
      // A server handles a few requests in one turn of the event loop, never thousands.
      else if (left % 4 === 0) setImmediate(() => exchange.run(requestAt(left), next));
      else exchange.run(requestAt(left), next);
    };
    next();
  });
}

async function calibrate(run, milliseconds) {
  const probe = 100;
  const micros = (await cpuOf(() => run(probe))) / probe;
  return Math.max(5, Math.ceil((milliseconds * 1000) / micros));
}

async function cpuOf(work) {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

function report(benchCase, runners, print) {
  // The lower quartile: a neighbour on the machine can only make a batch dearer, never cheaper.
  const base = quartiles(runners[0].samples).q1;
  const added = {};
  const rows = runners.map(({ name, samples }) => {
    const { q1, median, q3 } = quartiles(samples);
    added[name] = q1 - base;
    return { name, q1, median, q3, added: q1 - base };
  });
  print(
    table(
      ['contestant', 'CPU us (q1)', 'median', 'q3', 'added (q1)'],
      rows.map((row) => [
        row.name,
        ...[row.q1, row.median, row.q3, row.added].map((us) => us.toFixed(2)),
      ]),
    ),
  );
  return checkGoals(
    benchCase.goals,
    (goal) => added[goal.of] / added[goal.to],
    'added cost',
    print,
  );
}
