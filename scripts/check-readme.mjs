// Compiles every ts, js and mjs fence of the READMEs and guides against the built packages.
// A fence that must not run alone starts with a comment line `// excerpt`: it is compiled inside an async function with
// `app`, `req`, `res` and `next` declared.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { publishedPackages, root } from './packages.mjs';

const folder = join(root, 'test', '.readme');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const origins = new Map();
for (const file of documents()) extract(file);
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      lib: ['es2023', 'dom'],
      module: 'nodenext',
      moduleResolution: 'nodenext',
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      esModuleInterop: true,
      skipLibCheck: true,
      noImplicitAny: false,
    },
    include: ['*'],
  }),
);
let output = '';
try {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
    encoding: 'utf8',
  });
} catch (error) {
  output = error.stdout;
}
const failures = output
  .split('\n')
  .filter((line) => /^\S.*\(\d+,\d+\): error/.test(line))
  .map(toDocumentLine);
for (const failure of failures) console.error(failure);
rmSync(folder, { recursive: true, force: true });
console.log(`readme: ${origins.size} code blocks, ${failures.length} errors`);
process.exitCode = failures.length === 0 && output === '' ? 0 : 1;

function documents() {
  const guides = readdirSync(join(root, 'docs'), { recursive: true }).filter((name) =>
    name.endsWith('.md'),
  );
  return [
    join(root, 'README.md'),
    ...publishedPackages().map((entry) => join(entry.folder, 'README.md')),
    ...guides.map((name) => join(root, 'docs', name)),
  ].filter((file) => existsSync(file));
}

function extract(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  for (let index = 0; index < lines.length; index++) {
    const language = /^```(ts|js|mjs|cjs)\b/.exec(lines[index])?.[1];
    if (language === undefined) continue;
    const start = index + 1;
    while (index + 1 < lines.length && !lines[index + 1].startsWith('```')) index++;
    write(file, start, language, lines.slice(start, index + 1));
  }
}

function write(file, start, language, code) {
  const extension = { ts: 'mts', js: 'mjs', mjs: 'mjs', cjs: 'cjs' }[language];
  const name = `block${origins.size}.${language === 'js' && /\brequire\(/.test(code.join('\n')) ? 'cjs' : extension}`;
  const excerpt = code[0] === '// excerpt';
  const before = excerpt
    ? `export {}; declare const app: import('express').Express, req: import('express').Request, res: import('express').Response, next: () => void; void (async () => {`
    : '';
  const typed = excerpt ? name.replace(/\.(mjs|cjs)$/, '.mts') : name;
  origins.set(typed, { file, start });
  writeFileSync(
    join(folder, typed),
    [before + (excerpt ? '' : code[0]), ...code.slice(1), excerpt ? '});' : ''].join('\n'),
  );
}

function toDocumentLine(line) {
  const [, name, number, rest] = /([^/\\(]+)\((\d+),\d+\): (.*)$/.exec(line);
  const origin = origins.get(name);
  return origin ? `${relative(root, origin.file)}:${origin.start + Number(number)}: ${rest}` : line;
}
