import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

interface Count {
  readonly handshakes: number;
  readonly outcomes: Record<string, number>;
  readonly uncaught: number;
  readonly rejections: number;
  readonly sockets: number;
  readonly activeSockets: number;
}

/** The server and its clients have a process of their own: what would end it, ends only that one. */
function run(handshakes: number): Promise<Count> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        '-C',
        '@portcullis/source',
        '-r',
        'esbuild-register',
        join(__dirname, 'resets-process.ts'),
        String(handshakes),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.on('exit', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Count);
      else reject(new Error(`the process ended with ${String(code)}: ${output}`));
    });
  });
}

test('10 000 handshakes that reset at random moments leave nothing behind', async () => {
  const count = await run(10_000);
  // A few reset before their request was read.
  expect(count.handshakes).toBeGreaterThan(9_000);
  expect(count).toMatchObject({
    uncaught: 0,
    rejections: 0,
    sockets: 0,
    activeSockets: 0,
  });
  // Every way to end was taken, or the test proves little.
  for (const outcome of ['accepted', 'refused', 'failed', 'gone', 'timeout', 'other']) {
    expect([outcome, (count.outcomes[outcome] ?? 0) > 0]).toEqual([outcome, true]);
  }
}, 120_000);
