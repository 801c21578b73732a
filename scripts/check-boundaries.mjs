// Imports flow one way: node: <- core <- middleware packages. Inside core: http <- options <- response <- middleware <- config.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { publishedPackages, root } from './packages.mjs';

const coreLayers = ['http', 'options', 'response', 'middleware', 'config'];
const ownersOfEverything = /^(utils?|helpers?|common|misc|shared)(\.ts)?$/;
const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|(?:^|[^.\w])(?:require|import)\(\s*'([^']+)'\s*\)|(?:^|\n)\s*import\s*'([^']+)'/g;

const problems = [];
for (const { folder, manifest } of publishedPackages()) {
  const source = join(folder, 'src');
  if (!existsSync(source)) continue;
  for (const file of sourceFiles(source)) checkFile(file, source, manifest);
}
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? 'boundaries: every import flows the right way'
    : `boundaries: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkFile(file, source, manifest) {
  const shown = relative(root, file);
  const text = readFileSync(file, 'utf8');
  for (const part of relative(source, file).split(sep)) {
    if (ownersOfEverything.test(part))
      problems.push(`${shown}: "${part}" says nothing; name it with the protocol's word`);
  }
  if (/[^\x00-\x7F]/.test(text.replace(/[✖→…–’“”×≤≥µ]/g, ''))) {
    problems.push(`${shown}: a character outside ASCII may be a look-alike; write it as an escape`);
  }
  for (const match of text.matchAll(importPattern)) {
    const specifier = match[1] ?? match[2] ?? match[3];
    const problem = importProblem({ specifier, file, source, manifest });
    if (problem !== undefined) problems.push(`${shown}: ${problem}`);
  }
}

function importProblem({ specifier, file, source, manifest }) {
  if (specifier.startsWith('node:')) return undefined;
  if (specifier.startsWith('.')) return relativeProblem(specifier, file, source, manifest);
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const allowed = { ...manifest.dependencies, ...manifest.peerDependencies };
  if (!(name in allowed)) return `imports "${specifier}", which package.json does not list`;
  return undefined;
}

function relativeProblem(specifier, file, source, manifest) {
  const target = join(dirname(file), specifier);
  if (!specifier.endsWith('.ts')) return `imports "${specifier}" without .ts`;
  if (!target.startsWith(source + sep)) return `imports "${specifier}" from outside its own src`;
  if (manifest.name !== '@portcullis/core') return undefined;
  const from = coreLayers.indexOf(relative(source, file).split(sep)[0]);
  const to = coreLayers.indexOf(relative(source, target).split(sep)[0]);
  return from >= 0 && to > from
    ? `${coreLayers[from]} imports from ${coreLayers[to]}, to its right`
    : undefined;
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (ownersOfEverything.test(entry.name))
        problems.push(`${relative(root, path)}: a folder without an owner`);
      yield* sourceFiles(path);
    } else if (entry.name.endsWith('.ts')) yield path;
  }
}
