// Runs the cases of one file, in a process of their own.
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInProcess } from './harness/in-process.mjs';
import { runOverHttp } from './harness/over-http.mjs';
import { missedGoals } from './harness/report.mjs';

const [file, filter] = process.argv.slice(2);
const print = (text) => console.log(text);
const { cases } = await import(pathToFileURL(file).href);

for (const [index, benchCase] of cases.entries()) {
  if (filter !== undefined && !benchCase.title.includes(filter)) continue;
  print(`\n${basename(file, '.mjs')}: ${benchCase.title} (${benchCase.kind})`);
  if (benchCase.kind === 'in-process') await runInProcess(benchCase, print);
  else if (benchCase.kind === 'http') await runOverHttp(benchCase, file, index, print);
  else await benchCase.run(print);
}
process.exitCode = missedGoals() > 0 ? 3 : 0;
