import { describe } from '@jest/globals';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

// Debian puts servers outside of an ordinary user's PATH, and each major version of PostgreSQL into a folder of its own.
function folders(): readonly string[] {
  const postgres = '/usr/lib/postgresql';
  const versions = existsSync(postgres) ? readdirSync(postgres) : [];
  return [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    ...versions.map((version) => join(postgres, version, 'bin')),
  ];
}

/** The path of a program that the tests start by themselves, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  return folders()
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/**
 * A `describe` that needs a program: skipped with the reason in its name where that is missing, and an error in continuous
 * integration, which has them all.
 */
export function describeWith(program: string, title: string, body: (path: string) => void): void {
  const path = findProgram(program);
  if (path !== undefined) {
    describe(title, () => body(path));
    return;
  }
  if (process.env['CI'] !== undefined) throw new Error(`${program} is not installed`);
  describe.skip(`${title} (skipped: ${program} is not installed)`, () => body(program));
}

/** Debian's Chromium, without a window and without a word to anybody outside. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A loopback port for which `offsets` further on nobody listens either; below those that the system hands out by itself. */
export async function freePorts(offsets: readonly number[]): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all([0, ...offsets].map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
