import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram, freePort } from '../programs.ts';

export interface Nginx {
  /** Listens here with plain http, or TLS where the configuration says so. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts an nginx of its own, with its own folder and one server block; nothing of the system's is touched. */
export async function startNginx(
  server: (port: number, folder: string) => string,
  files: Readonly<Record<string, string>> = {},
): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-nginx-'));
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await writeFile(join(folder, 'nginx.conf'), configuration(server(port, folder), folder));
  const child = spawn(
    findProgram('nginx') ?? 'nginx',
    ['-p', folder, '-c', 'nginx.conf', '-e', join(folder, 'error.log')],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  await untilListening(port, child);
  return {
    port,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(server: string, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  return `daemon off; master_process off; pid ${folder}/nginx.pid; worker_processes 1;
events { worker_connections 64; }
http { access_log off; ${temporary}
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
${server} }
`;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (connected) return;
    await delay(50);
  }
  throw new Error('nginx does not listen');
}
