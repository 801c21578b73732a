import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../programs.ts';

/** A server of our own, which keeps nothing on disk. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** As a crash: SIGKILL. */
  kill(): Promise<void>;
  /** On the same port, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Redis on a free port; `cluster` makes it a cluster of one that owns every slot. */
export async function startRedis(options: { cluster?: boolean } = {}): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-redis-'));
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const clusterArguments = options.cluster === true ? ['--cluster-enabled', 'yes'] : [];
    child = spawn(
      'redis-server',
      [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
        ...clusterArguments,
      ],
      { stdio: 'ignore' },
    );
    await accepting(port);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  await start();
  if (options.cluster === true) {
    await command(port, 'CLUSTER ADDSLOTSRANGE 0 16383');
    while (!(await command(port, 'CLUSTER INFO')).includes('cluster_state:ok')) await sleep(20);
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    restart: start,
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function accepting(port: number): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt += 1) {
    try {
      if ((await command(port, 'PING')).startsWith('+PONG')) return;
    } catch {
      // Not yet.
    }
    await sleep(20);
  }
  throw new Error(`redis-server did not start on port ${port}`);
}

/** One command without a client. */
export function command(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line}\r\n`));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
}
