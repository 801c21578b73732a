import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { gzip } from '@portcullis/gzip';
import type { GzipOptions } from '@portcullis/gzip';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { describeWith, launchChromium } from '../programs.ts';
import type { Browser } from 'playwright-core';
import zlib from 'node:zlib';

const text = 'what the page asked for, over and over again. '.repeat(300);
const codings = ['gzip', 'br', 'deflate', 'zstd'] as const;
// Chromium offers brotli and zstd over TLS only, and on the loopback address.
const usable = codings.filter((coding) => coding !== 'zstd' || 'zstdCompressSync' in zlib);

const application: TestMiddleware = (req, res) => {
  if (req.url === '/') {
    res.setHeader('Content-Type', 'text/html');
    res.end(`<!doctype html><title>page</title><pre>${text}</pre>`);
  } else if (req.url === '/events') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    let id = 0;
    const timer = setInterval(() => {
      res.write(`data: event ${id}\n\n`);
      id += 1;
    }, 20);
    res.on('close', () => clearInterval(timer));
  } else {
    res.setHeader('Content-Type', 'text/plain');
    res.setHeader('ETag', '"strong"');
    if (req.headers['if-none-match']?.includes('"strong"')) res.writeHead(304).end();
    else res.end(text);
  }
};

describeWith('chromium', 'Chromium', (executablePath) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(executablePath);
  });
  afterEach(closeAll);
  afterAll(() => browser.close());

  async function open(options: GzipOptions): Promise<{
    readonly coding: string | undefined;
    readonly fetchText: () => Promise<string>;
    readonly firstEvents: () => Promise<string[]>;
    readonly shown: string;
  }> {
    const server = await listen('http', gzip(options), application, { tls: true });
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const response = await page.goto(server.url);
    return {
      coding: response?.headers()['content-encoding'],
      shown: (await page.textContent('pre')) ?? '',
      fetchText: () => page.evaluate(async () => (await fetch('/text')).text()),
      firstEvents: () =>
        page.evaluate(
          () =>
            new Promise<string[]>((resolve) => {
              const seen: string[] = [];
              const source = new EventSource('/events');
              source.onmessage = ({ data }) => {
                seen.push(String(data));
                if (seen.length < 3) return;
                source.close();
                resolve(seen);
              };
            }),
        ),
    };
  }

  test.each(usable)('shows a page and reads a fetch with %s', async (coding) => {
    const page = await open({ encodings: [coding] });
    expect(page.coding).toBe(coding);
    expect(page.shown).toBe(text);
    // The second time it revalidates with the weakened tag.
    expect(await page.fetchText()).toBe(text);
    expect(await page.fetchText()).toBe(text);
  });

  test.each(usable)('receives events one by one with %s', async (coding) => {
    const page = await open({ encodings: [coding] });
    expect(await page.firstEvents()).toEqual(['event 0', 'event 1', 'event 2']);
  });

  test.each(usable.filter((coding) => coding === 'gzip' || coding === 'zstd'))(
    'decodes %s of varying length',
    async (coding) => {
      const page = await open({ encodings: [coding], breach: true });
      expect(page.coding).toBe(coding);
      expect(page.shown).toBe(text);
      expect(await page.fetchText()).toBe(text);
      expect(await page.firstEvents()).toEqual(['event 0', 'event 1', 'event 2']);
    },
  );
});
