import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { cors } from '@portcullis/cors';
import type { CorsMiddleware, CorsOptions } from '@portcullis/cors';
import { closeAll, listen } from '@portcullis/testing';
import type { TestMiddleware, TestServer } from '@portcullis/testing';
import { upgrade } from '@portcullis/upgrade';
import { describeWith, launchChromium } from '../programs.ts';
import type { Browser, Page } from 'playwright-core';
import { WebSocketServer } from 'ws';

const html: TestMiddleware = (_req, res) => {
  res.setHeader('Content-Type', 'text/html');
  res.end('<!doctype html><title>page</title>');
};

interface Seen {
  readonly method: string;
  readonly cookie: string | undefined;
  readonly site: string | undefined;
}

interface Api extends TestServer {
  /** The requests that reached the application behind cors. */
  readonly reached: Seen[];
  /** The preflights, whoever answered them. */
  readonly preflights: string[];
}

interface FetchInit {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly credentials?: 'include' | 'omit';
  readonly mode?: 'no-cors';
}

type Fetched =
  | {
      readonly ok: true;
      readonly status: number;
      readonly text: string;
      readonly total: string | null;
    }
  | { readonly ok: false };

describeWith('chromium', 'Chromium', (executablePath) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium(executablePath);
  });
  afterEach(closeAll);
  afterAll(() => browser.close());

  /** A page on a port of its own, and what its console complains about. */
  async function openPage(
    host = '127.0.0.1',
  ): Promise<{ page: Page; origin: string; complaints: string[] }> {
    const server = await listen('express5', html);
    const origin = `http://${host}:${String(server.port)}`;
    const page = await (await browser.newContext()).newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('CORS policy')) complaints.push(message.text());
    });
    await page.goto(origin);
    return { page, origin, complaints };
  }

  async function listenApi(middleware: CorsMiddleware): Promise<Api> {
    const reached: Seen[] = [];
    const preflights: string[] = [];
    const watch: TestMiddleware = (req, _res, next) => {
      if (req.method === 'OPTIONS') preflights.push(String(req.url));
      next();
    };
    const application: TestMiddleware = (req, res) => {
      const { method = '', headers } = req;
      reached.push({
        method,
        cookie: headers.cookie,
        site: headers['sec-fetch-site'] as string | undefined,
      });
      res.setHeader('X-Total', '42');
      if (req.url === '/login') res.setHeader('Set-Cookie', 'user=ann; Path=/');
      if (req.url === '/broken') throw new Error('broken');
      res.end('data');
    };
    const server = await listen('express5', [watch, middleware], application);
    return Object.assign(server, { reached, preflights });
  }

  const api = (options: CorsOptions): Promise<Api> => listenApi(cors(options));

  function fetchIn(page: Page, url: string, init: FetchInit = {}): Promise<Fetched> {
    return page.evaluate(
      async ([address, options]) => {
        try {
          const response = await fetch(address, options);
          const total = response.headers.get('X-Total');
          return { ok: true as const, status: response.status, text: await response.text(), total };
        } catch {
          return { ok: false as const };
        }
      },
      [url, init] as const,
    );
  }

  test('a page of an allowed origin reads the response', async () => {
    const { page, origin } = await openPage();
    const { url } = await api({ allowOrigins: [origin] });
    expect(await fetchIn(page, url)).toEqual({ ok: true, status: 200, text: 'data', total: null });
  });

  test('a page of another origin does not, though the request was served, and the console says what explain() said', async () => {
    const { page, origin, complaints } = await openPage();
    const middleware = cors({ allowOrigins: ['https://app.example'] });
    const { url, reached } = await listenApi(middleware);
    expect(await fetchIn(page, `${url}/x`)).toEqual({ ok: false });
    expect(reached).toHaveLength(1);
    expect(complaints).toEqual([middleware.explain({ origin, url: `${url}/x` }).console]);
  });

  test('patterns match real ports and hosts', async () => {
    const { page, origin } = await openPage('localhost');
    const { url } = await api({ allowOrigins: ['http://localhost:*'] });
    expect(origin).toMatch(/^http:\/\/localhost:\d+$/);
    expect(await fetchIn(page, url)).toMatchObject({ ok: true });
    const foreign = await openPage();
    expect(await fetchIn(foreign.page, url)).toEqual({ ok: false });
  });

  test('a request with a method and headers of its own passes its preflight', async () => {
    const { page, origin } = await openPage();
    const { url, reached, preflights } = await api({
      allowOrigins: [origin],
      allowMethods: ['PUT', 'PATCH'],
      allowHeaders: ['X-Token', 'Authorization'],
    });
    const init = {
      method: 'PUT',
      headers: { 'X-Token': '1', Authorization: 'Bearer x', 'Content-Type': 'application/json' },
      body: '{}',
    };
    expect(await fetchIn(page, url, init)).toMatchObject({ ok: true, status: 200 });
    expect(await fetchIn(page, url, { method: 'PATCH' })).toMatchObject({ ok: true });
    expect(reached.map(({ method }) => method)).toEqual(['PUT', 'PATCH']);
    // The first answer named every method, so the browser did not have to ask again.
    expect(preflights).toHaveLength(1);
  });

  test('"*" for headers covers Authorization, with and without credentials', async () => {
    const { page, origin } = await openPage();
    for (const allowCredentials of [false, true]) {
      const { url } = await api({ allowOrigins: [origin], allowHeaders: '*', allowCredentials });
      const headers = { Authorization: 'Bearer x', 'X-Anything': '1' };
      const credentials = allowCredentials ? 'include' : 'omit';
      expect(await fetchIn(page, url, { headers, credentials })).toMatchObject({ ok: true });
    }
  });

  test.each<[string, FetchInit, boolean]>([
    ['a method', { method: 'DELETE' }, false],
    ['a method, under debug', { method: 'DELETE' }, true],
    ['a header', { headers: { 'X-Other': '1' } }, false],
    ['a header, under debug', { headers: { 'X-Other': '1', 'X-Token': '1' } }, true],
  ])(
    'a preflight refused for %s stops the request, and the console says what explain() said',
    async (_name, init, debug) => {
      const { page, origin, complaints } = await openPage();
      const middleware = cors({
        allowOrigins: [origin],
        allowMethods: ['GET', 'PUT'],
        allowHeaders: ['X-Token'],
        debug,
      });
      const { url, reached } = await listenApi(middleware);
      expect(await fetchIn(page, url, init)).toEqual({ ok: false });
      expect(reached).toEqual([]);
      const headers = Object.keys(init.headers ?? {});
      const explained = middleware.explain({
        origin,
        method: init.method,
        headers,
        url: `${url}/`,
      });
      expect(complaints).toEqual([explained.console]);
    },
  );

  test('a preflight of another origin stops the request, under debug too', async () => {
    const { page, origin, complaints } = await openPage();
    const middleware = cors({
      allowOrigins: ['https://app.example'],
      allowMethods: '*',
      debug: true,
    });
    const { url, reached } = await listenApi(middleware);
    expect(await fetchIn(page, url, { method: 'PUT' })).toEqual({ ok: false });
    expect(reached).toEqual([]);
    expect(complaints).toEqual([
      middleware.explain({ origin, method: 'PUT', url: `${url}/` }).console,
    ]);
  });

  test('cookies travel only with allowCredentials', async () => {
    const { page, origin } = await openPage();
    const open = await api({ allowOrigins: [origin], allowCredentials: true });
    await fetchIn(page, `${open.url}/login`, { credentials: 'include' });
    expect(await fetchIn(page, open.url, { credentials: 'include' })).toMatchObject({ ok: true });
    expect(open.reached[1]).toMatchObject({ cookie: 'user=ann' });
    const closed = await api({ allowOrigins: [origin] });
    expect(await fetchIn(page, closed.url, { credentials: 'include' })).toEqual({ ok: false });
    expect(await fetchIn(page, closed.url)).toMatchObject({ ok: true });
  });

  test('"*" with credentials works, because the origin is named', async () => {
    const { page } = await openPage();
    const { url } = await api({
      allowOrigins: '*',
      allowMethods: '*',
      allowCredentials: true,
      dangerouslyAllowAnyOriginWithCredentials: true,
    });
    expect(await fetchIn(page, url, { method: 'PUT', credentials: 'include' })).toMatchObject({
      ok: true,
    });
  });

  test('a header is readable when it is exposed', async () => {
    const { page, origin } = await openPage();
    const { url } = await api({ allowOrigins: [origin], exposeHeaders: ['X-Total'] });
    expect(await fetchIn(page, url)).toMatchObject({ ok: true, total: '42' });
  });

  test('an error of the server reads as an error of the server', async () => {
    const { page, origin } = await openPage();
    const { url } = await api({ allowOrigins: [origin] });
    expect(await fetchIn(page, `${url}/broken`)).toMatchObject({ ok: true, status: 500 });
  });

  test.each([
    [600, 1],
    [0, 2],
  ])('with maxAge %d, two requests make %d preflights', async (maxAge, count) => {
    const { page, origin } = await openPage();
    const { url, preflights } = await api({
      allowOrigins: [origin],
      allowMethods: ['PUT'],
      maxAge,
    });
    await fetchIn(page, url, { method: 'PUT' });
    await fetchIn(page, url, { method: 'PUT' });
    expect(preflights).toHaveLength(count);
  });

  test.each([
    [false, 'blocked'],
    [true, 'data'],
  ])(
    'a sandboxed frame, whose origin is null, with dangerouslyAllowNullOrigin: %s',
    async (flag, expected) => {
      const { page } = await openPage();
      const { url } = await api({
        allowOrigins: ['https://app.example'],
        dangerouslyAllowNullOrigin: flag,
      });
      // As text: the types of a page's globals are not loaded here.
      const answer = await page.evaluate(`new Promise((resolve) => {
        addEventListener('message', (event) => resolve(event.data), { once: true });
        const frame = document.createElement('iframe');
        frame.setAttribute('sandbox', 'allow-scripts');
        frame.srcdoc = "<script>fetch('${url}').then((r) => r.text())" +
          ".then((t) => parent.postMessage(t, '*'), () => parent.postMessage('blocked', '*'))</script>";
        document.body.append(frame);
      })`);
      expect(answer).toBe(expected);
    },
  );

  test('enforce stops the form of another site, which CORS alone lets run', async () => {
    const results: [enforce: boolean, reached: number][] = [];
    for (const enforce of [false, true]) {
      const { page } = await openPage('localhost');
      const { url, reached } = await api({ allowOrigins: ['https://app.example'], enforce });
      await fetchIn(page, url, { method: 'POST', mode: 'no-cors', body: 'amount=1' });
      results.push([enforce, reached.length]);
    }
    expect(results).toEqual([
      [false, 1],
      [true, 0],
    ]);
  });

  test('a WebSocket opens from an allowed page and is refused to another', async () => {
    const { page, origin } = await openPage();
    const answers: string[] = [];
    for (const allowed of [origin, 'https://app.example']) {
      const server = await listen('express5', html);
      const sockets = new WebSocketServer({ noServer: true });
      server.server.on('upgrade', upgrade(sockets, [cors({ allowOrigins: [allowed] })]));
      const address = `ws://127.0.0.1:${String(server.port)}`;
      answers.push(
        await page.evaluate(
          (target) =>
            new Promise<string>((resolve) => {
              const socket = new WebSocket(target);
              socket.onopen = () => {
                resolve('open');
                socket.close();
              };
              socket.onerror = () => resolve('refused');
            }),
          address,
        ),
      );
    }
    expect(answers).toEqual(['open', 'refused']);
  });
});
