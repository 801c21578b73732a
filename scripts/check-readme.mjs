// Compiles every ts, js, mjs and cjs fence of the READMEs and guides against the built packages: ts as a strict project would,
// the others as an editor checks plain JavaScript. A fence that starts with the line `// excerpt` stands inside an application:
// it is compiled as the body of an async function with `app`, `req`, `res` and `next` declared.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { publishedPackages, root } from './packages.mjs';

const folder = join(root, 'test', '.readme');
const origins = new Map();
rmSync(folder, { recursive: true, force: true });
for (const kind of ['strict', 'loose']) prepare(kind);
for (const file of documents()) extract(file);
const failures = ['strict', 'loose'].flatMap(compile);
rmSync(folder, { recursive: true, force: true });
for (const failure of failures) console.error(failure);
console.log(`readme: ${origins.size} code blocks, ${failures.length} errors`);
process.exitCode = failures.length === 0 ? 0 : 1;

function prepare(kind) {
  mkdirSync(join(folder, kind), { recursive: true });
  const compilerOptions = {
    ...{
      target: 'es2022',
      lib: ['es2023', 'dom'],
      module: 'nodenext',
      moduleResolution: 'nodenext',
      types: ['node'],
    },
    ...{
      noEmit: true,
      allowJs: true,
      checkJs: true,
      esModuleInterop: true,
      skipLibCheck: true,
      noImplicitAny: kind === 'strict',
      strict: true,
    },
  };
  writeFileSync(
    join(folder, kind, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*'] }),
  );
}

function compile(kind) {
  try {
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(folder, kind)],
      { encoding: 'utf8' },
    );
    return [];
  } catch (error) {
    return error.stdout
      .split('\n')
      .filter((line) => / error TS/.test(line))
      .map(toDocumentLine);
  }
}

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
  const common = language === 'cjs' || (language === 'js' && /\brequire\(/.test(code.join('\n')));
  const excerpt = code[0] === '// excerpt';
  const extension = language === 'ts' || excerpt ? 'mts' : common ? 'cjs' : 'mjs';
  const name = `block${origins.size}.${extension}`;
  origins.set(name, { file, start });
  const text = excerpt ? inApplication(code) : code;
  // In plain JavaScript nobody proves that a variable of the environment is set.
  const trusting = text.map((line) => line.replace(/\bprocess\.env\.\w+/g, 'String($&)'));
  if (language === 'ts') writeFileSync(join(folder, 'strict', name), text.join('\n'));
  else writeFileSync(join(folder, 'loose', name), trusting.join('\n'));
}

// Imports stay where they are, as lines of the module; the rest becomes the body of a function. No line moves, so that errors name lines of the document.
function inApplication(code) {
  const first = code.findIndex(
    (line, index) =>
      index > 0 && line.trim() !== '' && !/^(import\b|} from\b|\s+\w+,?$)/.test(line),
  );
  const before = `export {}; declare const app: import('express').Express, req: import('express').Request, res: import('express').Response, next: () => void;`;
  const lines = [before, ...code.slice(1)];
  lines[first] = `void (async () => { ${lines[first]}`;
  lines.push('});');
  return lines;
}

function toDocumentLine(line) {
  const [, path, number, rest] = /^(.*?)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
  const origin = origins.get(basename(path ?? ''));
  return origin ? `${relative(root, origin.file)}:${origin.start + Number(number)}: ${rest}` : line;
}
