// What users get: packs every package and looks at the tarball, not at the workspace.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeEntries, publishedPackages, root } from './packages.mjs';

// Unpacked JavaScript in bytes; a package that outgrows its budget is a decision, not an accident.
const budgets = { '@portcullis/core': 280_000, '@portcullis/session': 260_000 };
const defaultBudget = 110_000;

const problems = [];
const folder = mkdtempSync(join(tmpdir(), 'portcullis-pack-'));
try {
  for (const entry of publishedPackages()) await check(entry);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'packages: clean' : `packages: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function check({ folder: source, manifest }) {
  const tarball = pack(source);
  tool(manifest, 'publint', ['run', tarball, '--strict']);
  tool(manifest, 'attw', [
    tarball,
    '--profile',
    'node16',
    '--no-emoji',
    ...callableRules(source, manifest),
  ]);
  for (const [subpath, target] of codeEntries(manifest))
    await checkDoors(source, manifest, subpath, target);
  checkTypes(source, manifest);
  checkSize(source, manifest);
  for (const name of ['README.md', 'LICENSE']) {
    if (!existsSync(join(source, name))) problems.push(`${manifest.name}: ${name} is missing`);
  }
}

function pack(source) {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: source,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  return join(folder, filename);
}

function tool(manifest, name, args) {
  try {
    execFileSync(join(root, 'node_modules/.bin', name), args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    problems.push(`${manifest.name}: ${name}\n${error.stdout}${error.stderr}`);
  }
}

// `export =` is the point of a callable subpath: `require()` gives the function, as the incumbent does.
function callableRules(source, manifest) {
  const callable = codeEntries(manifest).some(([, target]) =>
    readFileSync(join(source, target.replace(/\.js$/, '.d.ts')), 'utf8').includes('export ='),
  );
  return callable ? ['--ignore-rules', 'cjs-only-exports-default'] : [];
}

async function checkDoors(source, manifest, subpath, target) {
  const required = createRequire(import.meta.url)(join(source, target));
  const imported = await import(pathToFileURL(join(source, target.replace(/\.js$/, '.mjs'))).href);
  for (const name of Object.keys(required)) {
    if (name !== 'default' && imported[name] !== required[name]) {
      problems.push(`${manifest.name} ${subpath}: import and require disagree on "${name}"`);
    }
  }
  if (typeof required === 'function' && imported.default !== required) {
    problems.push(`${manifest.name} ${subpath}: the default import is not what require gives`);
  }
}

// A dependency's type in ours would make its major version ours.
function checkTypes(source, manifest) {
  for (const name of readdirSync(join(source, 'dist'), { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const text = readFileSync(join(source, 'dist', name), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:from|import\()\s*["']([^"'.][^"']*)["']/g)) {
      if (!specifier.startsWith('node:') && !specifier.startsWith('@portcullis/')) {
        problems.push(`${manifest.name}: dist/${String(name)} shows the types of "${specifier}"`);
      }
    }
  }
}

function checkSize(source, manifest) {
  let bytes = 0;
  for (const name of readdirSync(join(source, 'dist'), { recursive: true })) {
    if (/\.m?js$/.test(name)) bytes += statSync(join(source, 'dist', name)).size;
  }
  const budget = budgets[manifest.name] ?? defaultBudget;
  console.log(`${manifest.name}: ${bytes} bytes of JavaScript (budget ${budget})`);
  if (bytes > budget)
    problems.push(`${manifest.name}: ${bytes} bytes of JavaScript, over the budget of ${budget}`);
}
