import { afterAll } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const root = join(__dirname, '..', '..');

export interface Project {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): void;
  run(...command: readonly [string, ...string[]]): string;
  remove(): void;
}

let tarballs: Map<string, string> | undefined;

afterAll(() => {
  for (const tarball of tarballs?.values() ?? [])
    rmSync(dirname(tarball), { recursive: true, force: true });
});

/** Packs every published package once, as `npm publish` would. */
export function packAll(): Map<string, string> {
  tarballs ??= pack();
  return tarballs;
}

function pack(): Map<string, string> {
  const target = mkdtempSync(join(tmpdir(), 'portcullis-tarballs-'));
  const packed = new Map<string, string>();
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      private?: boolean;
    };
    if (manifest.private === true) continue;
    const output = execFileSync('npm', ['pack', '--json', '--pack-destination', target], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ filename }] = JSON.parse(output) as [{ filename: string }];
    packed.set(manifest.name, join(target, filename));
  }
  return packed;
}

/**
 * A project outside the workspace with the packed tarballs in its `node_modules`; everything else is linked from the workspace, so
 * that no registry is asked. `aliases` maps a folder name to the package that fills it, as `npm:` aliases do.
 */
export function createProject(aliases: Readonly<Record<string, string>> = {}): Project {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-project-'));
  const modules = join(folder, 'node_modules');
  const own: [string, string][] = [...packAll()];
  for (const [alias, name] of Object.entries(aliases)) own.push([alias, packAll().get(name) ?? '']);
  for (const [name, tarball] of own) extract(tarball, join(modules, name));
  linkWorkspace(modules, new Set(own.map(([name]) => name)));
  return {
    folder,
    write: (files) => {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
    },
    run: (command, ...args) =>
      execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function extract(tarball: string, target: string): void {
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
}

function linkWorkspace(modules: string, taken: ReadonlySet<string>): void {
  const source = join(root, 'node_modules');
  for (const name of readdirSync(source)) {
    if (name.startsWith('.') || name === '@portcullis' || name === 'portcullis') continue;
    if (!name.startsWith('@')) link(name);
    else for (const inner of readdirSync(join(source, name))) link(join(name, inner));
  }

  function link(name: string): void {
    if (taken.has(name)) return;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(source, name), join(modules, name));
  }
}
