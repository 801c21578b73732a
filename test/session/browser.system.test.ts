import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestServer } from '@portcullis/testing';
import { session, sessionOf } from '@portcullis/session';
import type { SessionOptions } from '@portcullis/session';
import { describeWith, launchChromium } from '../programs.ts';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const secretKey = 'Zr8w0vK-3tQ6yHd1sXb5nPf9uJm2cLg7';

const application: TestMiddleware = async (req, res) => {
  const current = sessionOf<{ views: number; text: string }>(req);
  const [path = '', size = '0'] = (req.url ?? '').slice(1).split('/');
  if (path === 'visit') current.views = (current.views ?? 0) + 1;
  if (path === 'fill') current.text = 'x'.repeat(Number(size));
  if (path === 'login') await current.login('ann', { keep: true });
  if (path === 'logout') await current.logout();
  res.setHeader('Content-Type', 'text/html');
  const { views = 0, text = '' } = sessionOf<{ views: number; text: string }>(req);
  res.end(`<title>page</title>${String(views)} ${String(text.length)}`);
};

const serve = (options: Partial<SessionOptions> = {}, tls = false): Promise<TestServer> =>
  listen('http', session({ secretKey, ...options }), application, { tls });

describeWith('chromium', 'Chromium', (executablePath) => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium(executablePath);
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await context.close();
    await closeAll();
  });

  const open = async (): Promise<void> => {
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
  };
  const visit = async (url: string): Promise<string> => {
    await page.goto(url);
    return page.innerText('body');
  };
  const cookieNames = async (): Promise<string[]> =>
    (await context.cookies()).map(({ name }) => name).toSorted();

  test('keeps a session, and forgets it at logout', async () => {
    await open();
    const { url } = await serve();
    expect(await visit(`${url}/visit`)).toBe('1 0');
    expect(await visit(`${url}/visit`)).toBe('2 0');
    expect(await context.cookies()).toEqual([
      expect.objectContaining({
        name: 'session',
        httpOnly: true,
        sameSite: 'Lax',
        secure: false,
        path: '/',
      }),
    ]);
    expect(
      await page.evaluate(
        () => (globalThis as unknown as { document: { cookie: string } }).document.cookie,
      ),
    ).toBe('');
    expect(await visit(`${url}/login`)).toBe('2 0');
    expect(await visit(`${url}/logout`)).toBe('0 0');
    expect(await cookieNames()).toEqual([]);
  });

  test('carries a large session in several cookies, and drops those that are not needed any more', async () => {
    await open();
    const { url } = await serve();
    expect(await visit(`${url}/fill/9000`)).toBe('0 9000');
    expect(await cookieNames()).toEqual(['session.0', 'session.1', 'session.2']);
    expect(await visit(`${url}/visit`)).toBe('1 9000');
    expect(await visit(`${url}/fill/3500`)).toBe('1 3500');
    expect(await cookieNames()).toEqual(['session.0', 'session.1']);
    expect(await visit(`${url}/fill/10`)).toBe('1 10');
    expect(await cookieNames()).toEqual(['session']);
    await visit(`${url}/fill/9000`);
    await visit(`${url}/logout`);
    expect(await cookieNames()).toEqual([]);
  });

  test('accepts a cookie of exactly 4096 octets', async () => {
    await open();
    const { url } = await serve();
    for (let size = 2890; size < 2930; size += 3) {
      expect(await visit(`${url}/fill/${String(size)}`)).toBe(`0 ${String(size)}`);
      expect(await visit(`${url}/`)).toBe(`0 ${String(size)}`);
    }
  });

  test('accepts the __Host- cookie over https', async () => {
    await open();
    const { url } = await serve({ httpsOnly: true }, true);
    expect(await visit(`${url}/visit`)).toBe('1 0');
    expect(await visit(`${url}/visit`)).toBe('2 0');
    expect(await context.cookies()).toEqual([
      expect.objectContaining({ name: '__Host-session', secure: true }),
    ]);
  });

  test("marks the cookie Secure on https alone with httpsOnly 'auto'", async () => {
    await open();
    const { url } = await serve({}, true);
    await visit(`${url}/visit`);
    expect(await context.cookies()).toEqual([
      expect.objectContaining({ name: 'session', secure: true }),
    ]);
  });

  test.each([
    ['strict', [0, 0]],
    ['lax', [1, 0]],
    ['none', [1, 1]],
  ] as const)(
    "sends a sameSite '%s' cookie with another site's links and posts as it should",
    async (sameSite, [link, post]) => {
      await open();
      const httpsOnly = sameSite === 'none' ? true : ('auto' as const);
      const target = await serve({ sameSite, httpsOnly }, true);
      const own = target.url.replace('127.0.0.1', 'localhost');
      await visit(`${own}/visit`);
      const foreign = await listen('http', (req, res) => {
        res.setHeader('Content-Type', 'text/html');
        const form = `<form method="post" action="${own}/"><button>go</button></form>`;
        res.end(req.url === '/form' ? form : `<a href="${own}/">go</a>`);
      });
      // 127.0.0.1 and localhost are two sites.
      await page.goto(`${foreign.url}/link`);
      await page.click('a');
      expect(await page.innerText('body')).toBe(`${String(link)} 0`);
      await page.goto(`${foreign.url}/form`);
      await page.click('button');
      expect(await page.innerText('body')).toBe(`${String(post)} 0`);
    },
  );
});
