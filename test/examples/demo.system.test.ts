import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { freePorts } from '../programs.ts';

const folder = join(__dirname, '..', '..', 'examples', 'demo');
let port: number;
let http: string;
let https: string;
let page: string;
let server: ChildProcess;
let printed = '';

beforeAll(async () => {
  port = await freePorts([1, 2, 443]);
  http = `http://localhost:${port}`;
  https = `https://localhost:${port + 443}`;
  page = `http://localhost:${port + 2}`;
  server = spawn(process.execPath, ['server.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port) },
  });
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk) => reject(new Error(String(chunk))));
    server.stdout?.on('data', (chunk) => {
      printed += String(chunk);
      if (printed.includes('Ctrl+C')) resolve();
    });
  });
}, 20_000);

afterAll(() => {
  server.kill();
});

function curl(...args: string[]): string {
  return execFileSync('curl', ['-sik', '--max-time', '5', ...args], { encoding: 'utf8' });
}

describe('npm start', () => {
  test('prints lines that can be pasted', () => {
    const lines = printed.split('\n').filter((line) => line.startsWith('curl '));
    expect(lines).toHaveLength(7);
    for (const line of lines) {
      expect(execFileSync('bash', ['-c', `${line} -s --max-time 5`], { encoding: 'utf8' })).toMatch(
        /^HTTP/,
      );
    }
  });

  test('sends http to https through the port map', () => {
    expect(curl(`${http}/api/visits`)).toMatch(
      new RegExp(
        `^HTTP/1.1 307 [^]*\r\nLocation: https://localhost:${port + 443}/api/visits\r\n`,
        'i',
      ),
    );
  });

  test('keeps a session, with HSTS off', () => {
    const first = curl(`${https}/api/visits`);
    const cookie = /\r\nset-cookie: ([^;]+);[^\r]*Secure/i.exec(first)?.[1] ?? '';
    expect(first).toMatch(/\{"visits":1\}$/);
    expect(first).not.toMatch(/strict-transport-security/i);
    expect(curl('-H', `Cookie: ${cookie}`, `${https}/api/visits`)).toMatch(/\{"visits":2\}$/);
  });

  test('marks answers for the allowed origin only', () => {
    expect(curl('-H', `Origin: ${page}`, `${https}/`)).toMatch(
      new RegExp(`\r\naccess-control-allow-origin: ${page}\r\n`, 'i'),
    );
    expect(curl('-H', 'Origin: https://evil.example', `${https}/`)).not.toMatch(
      /\r\naccess-control-/i,
    );
  });

  test('refuses a foreign host', () => {
    expect(curl('-H', 'Host: evil.example', `${https}/`)).toMatch(
      /^HTTP\/1.1 400 [^]*Invalid host header$/,
    );
  });

  test('compresses what is large, with an exact length', () => {
    const head = execFileSync(
      'curl',
      ['-sk', '--compressed', '-D', '-', '-o', '/dev/null', `${https}/api/items`],
      { encoding: 'utf8' },
    );
    expect(head).toMatch(/\r\ncontent-encoding: \w+\r\n/i);
    expect(head).toMatch(/\r\ncontent-length: \d+\r\n/i);
  });

  test('keeps CORS headers on a 500', () => {
    expect(curl('-H', `Origin: ${page}`, `${https}/api/error`)).toMatch(
      /^HTTP\/1.1 500 [^]*access-control-allow-origin/i,
    );
  });

  test('serves the page and its API over plain http', () => {
    expect(curl(page)).toMatch(new RegExp(`http://localhost:${port + 1}`));
    expect(curl('-H', `Origin: ${page}`, `http://localhost:${port + 1}/api/items`)).toMatch(
      new RegExp(`^HTTP/1.1 200 [^]*access-control-allow-origin: ${page}\r\n`, 'i'),
    );
  });
});
