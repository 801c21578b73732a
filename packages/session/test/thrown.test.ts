import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

// In a process of its own, because what is tested ends one.
const program = `
import { createServer, get } from 'node:http';
import { memoryStore, session } from '../../src/index.ts';

const inner = memoryStore({ singleProcess: true });
const slow = Object.fromEntries(
  ['get', 'create', 'update', 'touch', 'destroy', 'rename', 'listByUser', 'destroyByUser'].map((name) => [
    name,
    async (...given) => inner[name](...given),
  ]),
);
const middleware = session({ secretKey: 'Zr8w0vK-3tQ6yHd1sXb5nPf9uJm2cLg7', store: slow });
const server = createServer((req, res) => {
  middleware(req, res, () => {
    if (req.url === '/throws') throw new Error('of the application');
    req.session.user = 'ann';
    res.end();
  });
});
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.once(event, (error) => {
    console.log(event, error.message);
    process.exit();
  });
}
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const host = '127.0.0.1';
  get({ host, port }, (answer) => {
    const cookie = answer.headers['set-cookie'][0].split(';')[0];
    get({ host, port, path: '/throws', headers: { cookie } }).on('error', () => undefined);
  });
});
`;

test('what a handler throws after a store was read is an uncaught exception, as without us', () => {
  const folder = mkdtempSync(join(__dirname, 'process-'));
  try {
    writeFileSync(join(folder, 'main.ts'), program);
    const output = execFileSync(
      process.execPath,
      ['-r', 'esbuild-register', '--conditions=@portcullis/source', join(folder, 'main.ts')],
      { encoding: 'utf8' },
    );
    expect(output.trim()).toBe('uncaughtException of the application');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
