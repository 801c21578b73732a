import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { cors } from '@portcullis/cors';
import { session, sessionOf } from '@portcullis/session';
import { trustedHost } from '@portcullis/trusted-host';
import type { UpgradeMiddleware } from '@portcullis/upgrade';
import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { describeWith, launchChromium } from '../programs.ts';
import { closeServers, listenChat, listenOn } from './listen.ts';

interface Attempt {
  readonly opened: boolean;
  /** Close code; 1006 for a handshake that failed. */
  readonly code: number | undefined;
  readonly message: string | undefined;
}

/** Opens a WebSocket in the page, sends `hello`, and tells what happened. */
function openInPage(page: Page, url: string): Promise<Attempt> {
  return page.evaluate(
    (address) =>
      new Promise<Attempt>((resolve) => {
        const socket = new WebSocket(address);
        socket.onopen = () => socket.send('hello');
        socket.onmessage = (event) => {
          resolve({ opened: true, code: undefined, message: String(event.data) });
          socket.close();
        };
        socket.onclose = (event) =>
          resolve({ opened: false, code: event.code, message: undefined });
      }),
    url,
  );
}

const opened: Attempt = { opened: true, code: undefined, message: 'hello' };
const failed: Attempt = { opened: false, code: 1006, message: undefined };

describeWith('chromium', 'Chromium', (executablePath) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(executablePath);
  });
  afterEach(closeServers);
  afterAll(() => browser.close());

  async function pageOn(url: string): Promise<Page> {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(url.replace(/^ws/, 'http'));
    return page;
  }

  test('opens a WebSocket, plain and over TLS', async () => {
    for (const tls of [false, true]) {
      const { url } = await listenChat((_req, _res, next) => void setTimeout(() => next(), 20), {
        tls,
      });
      expect(await openInPage(await pageOn(url), url)).toEqual(opened);
    }
  });

  test('stores the cookies of a 101, both of them, and sends them with the next handshake', async () => {
    const seen: (string | undefined)[] = [];
    const { url } = await listenChat((req, res, next) => {
      seen.push(req.headers.cookie);
      res.setHeader('Set-Cookie', ['a=1', 'b=2; HttpOnly']);
      next();
    });
    const page = await pageOn(url);
    await openInPage(page, url);
    await openInPage(page, url);
    expect(seen).toEqual([undefined, 'a=1; b=2']);
    expect(await page.evaluate('document.cookie')).toBe('a=1');
  });

  test('keeps a session over handshakes', async () => {
    const visits: number[] = [];
    const { url } = await listenChat([
      session({ secretKey: 'q7-Rk2vX9mLw4-example-of-a-long-secret-key-Zt8p' }),
      (req, _res, next) => {
        const data = sessionOf<{ visits?: number }>(req);
        visits.push((data.visits = (data.visits ?? 0) + 1));
        next();
      },
    ]);
    const page = await pageOn(url);
    await openInPage(page, url);
    await openInPage(page, url);
    expect(visits).toEqual([1, 2]);
  });

  test('fails a handshake that the stack refuses, redirects or cannot answer', async () => {
    const answers: Record<string, UpgradeMiddleware> = {
      '/refused': (_req, res) => res.writeHead(403).end('no'),
      '/redirected': (_req, res) => res.writeHead(307, { Location: '/' }).end(),
      '/broken': () => {
        throw new Error('broken');
      },
    };
    const { url } = await listenChat((req, res, next) =>
      (answers[String(req.url)] ?? (() => next()))(req, res, next),
    );
    const page = await pageOn(url);
    for (const path of Object.keys(answers)) {
      expect([path, await openInPage(page, url + path)]).toEqual([path, failed]);
    }
    expect(await openInPage(page, url)).toEqual(opened);
  });

  test('is refused from a page of another origin by cors, and by another host by trusted-host', async () => {
    const stack = [
      trustedHost({ allowedHosts: ['127.0.0.1'] }),
      cors({ allowOrigins: ['https://app.example'] }),
    ];
    const { url, port } = await listenChat(stack);
    const foreign = createServer((_req, res) => res.end('foreign page'));
    const foreignPage = await pageOn(`http://127.0.0.1:${String(await listenOn(foreign))}`);
    expect(await openInPage(foreignPage, url)).toEqual(failed);
    expect(await openInPage(await pageOn(url), url)).toEqual(opened);
    const rebound = `ws://localhost:${String(port)}`;
    expect(await openInPage(await pageOn(rebound), rebound)).toEqual(failed);
  });

  test('early hints of the stack do not disturb the handshake', async () => {
    const { url } = await listenChat((_req, res, next) => {
      res.writeEarlyHints({ link: '</a.css>; rel=preload' });
      next();
    });
    expect(await openInPage(await pageOn(url), url)).toEqual(opened);
  });

  test('a 103 before the 101 would fail it: the reason why they are not sent', async () => {
    const { url } = await listenChat((req, _res, next) => {
      req.socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n');
      next();
    });
    expect(await openInPage(await pageOn(url), url)).toEqual(failed);
  });
});
