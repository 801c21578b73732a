import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

// What `npm install express-session@npm:@portcullis/express-session` leaves behind, made of packed tarballs.
describe('installed under the name express-session', () => {
  const root = join(__dirname, '../..');
  const app = mkdtempSync(join(tmpdir(), 'portcullis-alias-'));
  const modules = join(app, 'node_modules');

  beforeAll(() => {
    for (const [folder, name] of [
      ['core', '@portcullis/core'],
      ['session', '@portcullis/session'],
      ['express-session', 'express-session'],
    ] as const) {
      install(folder, name);
    }
    for (const name of ['valibot', 'vary', 'cookie-signature']) {
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    }
    // Copied, because a link would lead to the express-session beside it.
    cpSync(packageFolder('connect-redis'), join(modules, 'connect-redis'), { recursive: true });
  });
  afterAll(() => rmSync(app, { recursive: true, force: true }));

  function install(folder: string, name: string): void {
    const target = join(modules, name);
    mkdirSync(target, { recursive: true });
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', app], {
        cwd: join(root, 'packages', folder),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ filename: string }];
    execFileSync('tar', ['-xzf', join(app, packed.filename), '--strip-components=1', '-C', target]);
  }

  const packageFolder = (name: string): string => dirname(dirname(require.resolve(name)));

  const runScript = (name: string, script: string): string => {
    writeFileSync(join(app, name), script);
    return execFileSync(process.execPath, [join(app, name)], { encoding: 'utf8', cwd: app }).trim();
  };

  test('satisfies the peer ranges of connect-redis and connect-mongo', () => {
    const { version } = JSON.parse(
      readFileSync(join(modules, 'express-session/package.json'), 'utf8'),
    ) as { version: string };
    const { peerDependencies } = JSON.parse(
      readFileSync(join(modules, 'connect-redis/package.json'), 'utf8'),
    ) as { peerDependencies: Record<string, string> };
    const { satisfies } = require('semver') as {
      satisfies(version: string, range: string): boolean;
    };
    expect(satisfies(version, String(peerDependencies['express-session']))).toBe(true);
    // That of connect-mongo 5 and 6.
    expect(satisfies(version, '^1.17.1')).toBe(true);
  });

  test('is callable, with its constructors, through require and import', () => {
    const shape =
      '[typeof session, typeof Store, typeof Cookie, typeof Session, typeof MemoryStore].join()';
    const expected = 'function,function,function,function,function';
    expect(
      runScript(
        'a.cjs',
        `const session = require('express-session'); const { Store, Cookie, Session, MemoryStore } = session; console.log(${shape})`,
      ),
    ).toBe(expected);
    expect(
      runScript(
        'b.mjs',
        `import session, { Store, Cookie, Session, MemoryStore } from 'express-session'; console.log(${shape})`,
      ),
    ).toBe(expected);
  });

  test('has the four files of the original that applications load by their path', () => {
    const files = [
      ['cookie', 'Cookie'],
      ['memory', 'MemoryStore'],
      ['session', 'Session'],
      ['store', 'Store'],
    ] as const;
    const same = ([file, name]: readonly [string, string], suffix: string): string =>
      `require('express-session/session/${file}${suffix}') === session.${name}`;
    expect(
      runScript(
        'e.cjs',
        `const session = require('express-session');
        console.log([${files.flatMap((file) => [same(file, ''), same(file, '.js')]).join()}].every(Boolean))`,
      ),
    ).toBe('true');
    expect(
      runScript(
        'f.mjs',
        `import Store from 'express-session/session/store.js'; import session from 'express-session';
        console.log(Store === session.Store)`,
      ),
    ).toBe('true');
  });

  test('is the base of the store of connect-redis, however both are loaded', () => {
    const check = 'console.log(new RedisStore({ client: {} }) instanceof Store)';
    expect(
      runScript(
        'c.cjs',
        `const { RedisStore } = require('connect-redis'); const { Store } = require('express-session'); ${check}`,
      ),
    ).toBe('true');
    expect(
      runScript(
        'd.mjs',
        `import { RedisStore } from 'connect-redis'; import { Store } from 'express-session'; ${check}`,
      ),
    ).toBe('true');
  });
});
