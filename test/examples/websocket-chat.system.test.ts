import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, launchChromium } from '../programs.ts';
import { cookiesOf, open } from '../upgrade/listen.ts';

const folder = join(__dirname, '..', '..', 'examples', 'websocket-chat');
let server: ChildProcess;
let printed = '';
let url = '';

beforeAll(async () => {
  server = spawn(process.execPath, ['server.mjs'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
  });
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk) => reject(new Error(String(chunk))));
    server.stdout?.on('data', (chunk) => {
      printed += String(chunk);
      if (printed.includes('Ctrl+C')) resolve();
    });
  });
  url = /http:\/\/localhost:\d+/.exec(printed)?.[0] ?? '';
}, 20_000);

afterAll(() => void server.kill('SIGKILL'));

async function enter(name: string, cookie = ''): Promise<string> {
  const answer = await fetch(`${url}/name`, {
    method: 'POST',
    body: new URLSearchParams({ name }),
    headers: { cookie },
    redirect: 'manual',
  });
  expect(answer.status).toBe(303);
  return cookiesOf({ 'set-cookie': answer.headers.getSetCookie() });
}

const chat = (): string => `${url.replace('http', 'ws')}/chat`;

describe('the chat', () => {
  test('prints lines that can be pasted, and they answer what they say', () => {
    const lines = printed.split('\n').filter((line) => line.startsWith('curl '));
    const cwd = mkdtempSync(join(tmpdir(), 'portcullis-chat-'));
    const statuses = lines.map((line) => {
      // A WebSocket stays open: curl ends it by its own time limit, with an exit status.
      const text = execFileSync('bash', ['-c', `${line} -s || true`], { encoding: 'utf8', cwd });
      return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
    });
    rmSync(cwd, { recursive: true });
    expect(statuses).toEqual(['400', '400', '403', '401', '303', '101']);
  }, 20_000);

  test('serves its page', async () => {
    expect(await (await fetch(url)).text()).toContain('<title>Portcullis chat</title>');
    expect(await (await fetch(`${url}/name`)).json()).toEqual({ name: null });
  });

  test('lets two people talk, and counts their visits over handshakes', async () => {
    const first = await open(chat(), { headers: { Cookie: await enter('ada') } });
    const second = await open(chat(), { headers: { Cookie: cookiesOf(first.headers) } });
    const bob = await open(chat(), { headers: { Cookie: await enter('bob') } });
    bob.client.send('hi all');
    const everyone = [first, second, bob];
    for (let wait = 0; wait < 100; wait += 1) {
      if (everyone.every(({ messages }) => messages.length === 2)) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(everyone.map(({ messages }) => messages)).toEqual([
      ['Hello ada, this is your visit number 1.', 'bob: hi all'],
      ['Hello ada, this is your visit number 2.', 'bob: hi all'],
      ['Hello bob, this is your visit number 1.', 'bob: hi all'],
    ]);
    for (const { client } of everyone) client.terminate();
  });

  test('is open to its own pages and a listed partner, to no other site', async () => {
    const cookie = await enter('eve');
    const statusFrom = async (origin: string): Promise<number> => {
      const { status, client } = await open(chat(), {
        headers: { Cookie: cookie, Origin: origin },
      });
      client.terminate();
      return status;
    };
    expect(await statusFrom(url)).toBe(101);
    expect(await statusFrom('https://partner.example')).toBe(101);
    expect(await statusFrom('https://evil.example')).toBe(403);
  });

  test('answers a handshake on another path as an ordinary request', async () => {
    expect((await open(`${url.replace('http', 'ws')}/other`)).status).toBe(404);
  });

  describeWith('chromium', 'in a browser', (executablePath) => {
    test('lets two words through', async () => {
      const browser = await launchChromium(executablePath);
      try {
        const page = await browser.newPage();
        page.setDefaultTimeout(5_000);
        await page.goto(url);
        await page.getByText('Tell us your name to enter.').waitFor();
        await page.getByLabel('Your name').fill('<b>ada</b>');
        await page.getByRole('button', { name: 'Enter' }).click();
        await page.getByText('Hello <b>ada</b>, this is your visit number 1.').waitFor();
        await page.getByLabel('Say').fill('hello, world');
        await page.getByRole('button', { name: 'Send' }).click();
        await page.getByText('<b>ada</b>: hello, world').waitFor();
      } finally {
        await browser.close();
      }
    }, 20_000);
  });

  test('closes on SIGTERM, and tells its clients', async () => {
    const { client } = await open(chat(), { headers: { Cookie: await enter('zoe') } });
    const closed = new Promise((resolve) => client.once('close', resolve));
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    expect([await closed, await ended]).toEqual([1001, 0]);
  });
});
