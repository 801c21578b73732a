// npm run bench -- [area] [--only "part of a title"] [--gate]
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, gate: { type: 'boolean' } },
});
const folder = fileURLToPath(new URL('./cases/', import.meta.url));
const files = readdirSync(folder).filter(
  (name) => name.endsWith('.mjs') && name.startsWith(positionals[0] ?? ''),
);
if (files.length === 0) {
  console.error(`No case file in bench/cases starts with "${positionals[0]}".`);
  process.exit(1);
}

console.log(
  `Node ${process.version}, ${cpus().length} cores (${cpus()[0].model}); ${peerVersions()}`,
);
let missed = false;
for (const name of files) {
  const args = [
    '--expose-gc',
    fileURLToPath(new URL('./run-case.mjs', import.meta.url)),
    `${folder}${name}`,
  ];
  if (values.only !== undefined) args.push(values.only);
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status === 3) missed = true;
  else if (status !== 0) process.exit(status ?? 1);
}
process.exit(missed && values.gate ? 1 : 0);

function peerVersions() {
  const { dependencies } = JSON.parse(
    readFileSync(new URL('./package.json', import.meta.url), 'utf8'),
  );
  return Object.keys(dependencies)
    .map((name) => `${name} ${installedVersion(name)}`)
    .join(', ');
}

function installedVersion(name) {
  for (const base of ['./node_modules/', '../node_modules/']) {
    const file = new URL(`${base}${name}/package.json`, import.meta.url);
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).version;
  }
  return 'not installed';
}
