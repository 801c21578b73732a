// Merges the coverage of every run (unit, system, other Node versions) and asks for 100 % of `packages/*/src`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { root } from './packages.mjs';

const { createCoverageMap } = createRequire(import.meta.url)('istanbul-lib-coverage');
const map = createCoverageMap({});
const folder = join(root, 'coverage');
const reports = readdirSync(folder)
  .map((name) => join(folder, name, 'coverage-final.json'))
  .filter((file) => existsSync(file));
const loaded = reports.flatMap((file) => Object.values(JSON.parse(readFileSync(file, 'utf8'))));
const ran = new Set(loaded.filter(wasRun).map(({ path }) => path));
// A run that never loads a file reports an empty one, whose statements are numbered differently.
for (const coverage of loaded) {
  if (wasRun(coverage) || !ran.has(coverage.path)) map.addFileCoverage(coverage);
}

let short = 0;
for (const file of map.files()) {
  const coverage = map.fileCoverageFor(file);
  const { lines, branches, functions, statements } = coverage.toSummary().data;
  if ([lines, branches, functions, statements].every(({ pct }) => pct === 100)) continue;
  short += 1;
  console.error(
    `${relative(root, file)}: lines ${lines.pct} %, branches ${branches.pct} %, functions ${functions.pct} %; uncovered lines ${coverage.getUncoveredLines().join(', ') || 'none'}; untaken branches at ${untaken(coverage).join(', ') || 'none'}`,
  );
}
const total = map.getCoverageSummary().data;
console.log(
  `coverage of ${map.files().length} files from ${reports.length} runs: lines ${total.lines.pct} %, branches ${total.branches.pct} %, functions ${total.functions.pct} %, statements ${total.statements.pct} %`,
);
const reportOnly = process.argv.includes('--report-only');
if (reportOnly) console.log('coverage is not judged: system tests were skipped on this machine');
process.exitCode = short === 0 || reportOnly ? 0 : 1;

function wasRun({ s: hits }) {
  return Object.values(hits).some((count) => count > 0);
}

function untaken(coverage) {
  const { branchMap, b: counts } = coverage.data;
  return Object.entries(counts)
    .filter(([, hits]) => hits.includes(0))
    .map(([id]) => branchMap[id].loc.start.line);
}
