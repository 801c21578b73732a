// `npm ci` fails on a lockfile that misses an optional native binary, and a lockfile must name no host.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packages.mjs';

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const problems = [];
for (const [path, entry] of Object.entries(packages)) {
  if (/^https?:/.test(entry.resolved ?? '')) problems.push(`${path} names a registry host`);
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!isLocked(path, name))
      problems.push(`${path} wants the optional ${name}, which is not in the lockfile`);
  }
}
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? 'lockfile: complete, without hosts'
    : `lockfile: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

function isLocked(path, name) {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`]) return true;
    if (!base.includes('/node_modules/')) return packages[`node_modules/${name}`] !== undefined;
  }
}
