import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { write } from './load.ts';

const run = promisify(execFile);

/**
 * Loads configurations in a Node process of its own, because Jest turns `import()` into
 * `require()`: what each explains, or the message of its error.
 */
async function explain(specs: readonly string[], env: object = {}): Promise<readonly string[]> {
  const script = `
    const { loadConfig } = require('@portcullis/core/config');
    const explain = (spec) => loadConfig(spec).then((config) => config.explain(), (error) => error.message);
    Promise.all(process.argv.slice(1).map(explain)).then((all) => console.log(JSON.stringify(all)));`;
  const { stdout } = await run(
    process.execPath,
    ['--conditions=@portcullis/source', '--require=esbuild-register', '-e', script, '--', ...specs],
    { cwd: resolve(__dirname, '../..'), env: { PATH: process.env['PATH'], ...env } },
  );
  return JSON.parse(stdout) as string[];
}

describe('loadConfig in Node itself', () => {
  test('loads ECMAScript modules, top-level await included, and says what is wrong with others', async () => {
    const file = write(
      'app.mjs',
      `const maxAge = await Promise.resolve(5);
       export class Development { CORS_MAX_AGE = maxAge }
       export default { base: {}, production: { cors: { maxAge: 6 } } };`,
    );
    const other = write('other.mjs', 'export class A {}');
    const broken = write('broken.mjs', 'export default {');
    const specs = [`${file}#Development`, file, `${other}#B`, other, broken, './nowhere.mjs'];
    const answers = await explain(specs, { GZIP_ETAG: 'drop' });
    const etag = "gzip.etag = 'drop' (from the environment variable GZIP_ETAG)";
    expect(answers).toEqual([
      `cors.maxAge = 5 (from ${file}#Development)\n${etag}`,
      `cors.maxAge = 6 (from ${file} [production])\n${etag}`,
      expect.stringContaining(`✖ ${other}: has no export "B"; it exports #A`),
      expect.stringContaining('has no default export; it exports #A'),
      expect.stringContaining('broken.mjs: cannot be loaded: Unexpected end of input'),
      expect.stringContaining('✖ ./nowhere.mjs: cannot be read (ENOENT)'),
    ]);
  });
});
