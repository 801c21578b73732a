// What other implementations make of our bytes.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { gzip } from '@portcullis/gzip';
import type { GzipOptions } from '@portcullis/gzip';
import { closeAll, listen } from '@portcullis/testing';
import type { TestServer } from '@portcullis/testing';
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { describeWith } from '../programs.ts';

const run = promisify(execFile);
const hasZstd = 'zstdCompressSync' in zlib;

const text = Array.from({ length: 4000 }, (_, i) => `line ${i}, ${(i * 7919) % 1009}\n`).join('');

const options: readonly (readonly [string, GzipOptions])[] = [
  ['by default', {}],
  ['off the loop', { syncBudget: 0 }],
  ['with jitter', { breach: { jitter: 64, crossSite: false } }],
];

const servers = new Map<string, TestServer>();

beforeAll(async () => {
  for (const [name, given] of options) {
    const server = await listen('http', gzip(given), (req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      if (req.url === '/whole') {
        res.end(text);
        return;
      }
      res.flushHeaders();
      let at = 0;
      const timer = setInterval(() => {
        res.write(text.slice(at, at + 9000));
        at += 9000;
        if (at < text.length) return;
        clearInterval(timer);
        res.end();
      }, 2);
    });
    servers.set(name, server);
  }
});

afterAll(closeAll);

const cases = options.flatMap(([name]) =>
  ['/whole', '/pieces'].map((path) => [name, path] as const),
);

async function fetchCoded(name: string, path: string, coding: string): Promise<Buffer | undefined> {
  const response = await servers
    .get(name)
    ?.request(path, { headers: { 'Accept-Encoding': coding } });
  // Jitter leaves codings without a place for it unused.
  if (response?.headers['content-encoding'] === undefined && name === 'with jitter')
    return undefined;
  expect(response?.headers['content-encoding']).toBe(coding);
  return response?.body;
}

function decodeWith(program: string, args: readonly string[], input: Buffer): string {
  const { status, stdout, stderr } = spawnSync(program, args, { input, maxBuffer: 2 ** 24 });
  expect([status, stderr.toString()]).toEqual([0, '']);
  return stdout.toString();
}

describeWith('curl', 'curl --compressed', () => {
  test.each(cases)('%s, %s', async (name, path) => {
    const { stdout } = await run(
      'curl',
      ['--silent', '--show-error', '--fail', '--compressed', `${servers.get(name)?.url}${path}`],
      { maxBuffer: 2 ** 24 },
    );
    expect(stdout).toBe(text);
  });
});

describeWith('gzip', 'gzip', () => {
  test.each(cases)('%s, %s', async (name, path) => {
    const body = await fetchCoded(name, path, 'gzip');
    if (body === undefined) throw new Error('gzip has a place for jitter');
    expect(decodeWith('gzip', ['--test'], body)).toBe('');
    expect(decodeWith('gzip', ['--decompress', '--stdout'], body)).toBe(text);
  });
});

describeWith('brotli', 'brotli', () => {
  test.each(cases)('%s, %s', async (name, path) => {
    const body = await fetchCoded(name, path, 'br');
    if (body !== undefined)
      expect(decodeWith('brotli', ['--decompress', '--stdout'], body)).toBe(text);
  });
});

describeWith('zstd', hasZstd ? 'zstd' : 'zstd (skipped: this Node has none)', () => {
  (hasZstd ? test : test.skip).each(cases)('%s, %s', async (name, path) => {
    const body = await fetchCoded(name, path, 'zstd');
    if (body === undefined) throw new Error('zstd has a place for jitter');
    expect(decodeWith('zstd', ['--decompress', '--stdout', '--quiet'], body)).toBe(text);
  });
});
