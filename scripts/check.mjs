// Everything that must hold before a change lands, cheapest first. `--after-tests` leaves out the unit run that CI has just made.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packages.mjs';

const afterTests = process.argv.includes('--after-tests');
const results = join(root, 'coverage', 'results');
if (!afterTests) rmSync(join(root, 'coverage'), { recursive: true, force: true });
mkdirSync(results, { recursive: true });

const failed = [];
let steps = 0;
step('format', 'npm', ['run', '--silent', 'format:check']);
step('lockfile', 'node', ['scripts/check-lockfile.mjs']);
step('types', 'npm', ['run', '--silent', 'typecheck']);
step('facade', 'node', ['scripts/build-facade.mjs']);
step('lint and boundaries', 'npm', ['run', '--silent', 'lint']);
step('README code', 'node', ['scripts/check-readme.mjs']);
if (!afterTests) step('unit tests', 'npm', ['test', '--', ...jestArguments('unit')]);
step('system tests', 'npx', [
  'jest',
  '--config',
  'jest.system.config.ts',
  '-w',
  '2',
  ...jestArguments('system'),
]);
for (const version of [22, 24]) {
  step(`unit tests on Node ${version}`, 'npx', [
    ...['--yes', '-p', `node@${version}`, '--', 'node', 'node_modules/jest/bin/jest.js'],
    ...jestArguments(`node${version}`),
  ]);
}
step('coverage', 'node', ['scripts/coverage.mjs', ...(lacksPrograms() ? ['--report-only'] : [])]);
step('packages', 'node', ['scripts/check-package.mjs']);

const counted = ['unit', 'system', 'node22', 'node24'].map(counts);
const passed = sum(counted.map((run) => run.passed)) + (steps - failed.length);
const failures = sum(counted.map((run) => run.failed)) + failed.length;
if (failed.length > 0) console.log(`\nfailed steps: ${failed.join(', ')}`);
console.log(`\n${passed} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;

function step(name, command, args) {
  steps += 1;
  console.log(`\n== ${name}`);
  const start = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(
    `== ${name}: ${status === 0 ? 'ok' : 'FAILED'} after ${((performance.now() - start) / 1000).toFixed(0)} s`,
  );
  if (status !== 0) failed.push(name);
}

function jestArguments(run) {
  return [
    '--coverage',
    ...['--coverageDirectory', join('coverage', run), '--coverageReporters', 'json'],
    ...['--json', '--outputFile', join('coverage', 'results', `${run}.json`), '--silent'],
  ];
}

function read(run) {
  const file = join(results, `${run}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Whether system tests were skipped for want of a program, so that what they cover is missing. */
function lacksPrograms() {
  const tests = (read('system')?.testResults ?? []).flatMap((file) => file.assertionResults);
  return tests.some(
    ({ status, fullName }) => status === 'pending' && fullName.includes('is not installed'),
  );
}

function counts(run) {
  const result = read(run);
  return { passed: result?.numPassedTests ?? 0, failed: result?.numFailedTests ?? 0 };
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
