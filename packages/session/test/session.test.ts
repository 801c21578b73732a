import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { TestResponse } from '@portcullis/testing';
import { memoryStore, session, sessionOf } from '../src/index.ts';
import { cookieHeader, secretKey } from './cookie-jar.ts';

afterEach(closeAll);

const views = sessionOf<{ views: number }>;

describe.each(hostNames)('a session on %s', (host) => {
  const start = (options = {}): ReturnType<typeof listen> =>
    listen(host, session({ secretKey, ...options }), (req, res) => {
      if (req.url === '/untouched') return res.end('x');
      const current = views(req);
      if (req.url === '/end') return void current.destroy().then(() => res.end('ended'));
      if (req.url === '/visit') current.views = (current.views ?? 0) + 1;
      res.setHeader('Content-Type', 'application/json');
      return res.end(JSON.stringify(current));
    });

  const visit = async (
    server: Awaited<ReturnType<typeof start>>,
    path: string,
    came?: TestResponse,
  ): Promise<TestResponse> =>
    server.request(path, { headers: came === undefined ? {} : { cookie: cookieHeader(came) } });

  test('lasts from request to request, in one cookie', async () => {
    const server = await start();
    const first = await visit(server, '/visit');
    expect(first.text).toBe('{"views":1}');
    expect(first.setCookie).toEqual([
      expect.stringMatching(/^session=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=1209600$/),
    ]);
    const second = await visit(server, '/visit', first);
    expect(second.text).toBe('{"views":2}');
    expect((await visit(server, '/', second)).text).toBe('{"views":2}');
  });

  test('sets no cookie when it is only read, and says that it was', async () => {
    const server = await start();
    const fresh = await visit(server, '/');
    expect(fresh.text).toBe('{}');
    expect(fresh.setCookie).toEqual([]);
    expect(fresh.headers['vary']).toBe('Cookie');
    expect(fresh.headers['cache-control']).toBeUndefined();
    const again = await visit(server, '/', await visit(server, '/visit'));
    expect(again.setCookie).toEqual([]);
  });

  test('leaves no trace on a response that did not look at it', async () => {
    const server = await start();
    const response = await visit(server, '/untouched', await visit(server, '/visit'));
    expect(response.setCookie).toEqual([]);
    expect(response.headers['vary']).toBeUndefined();
  });

  test('ends with destroy(), which removes the cookie', async () => {
    const server = await start();
    const ended = await visit(server, '/end', await visit(server, '/visit'));
    expect(ended.setCookie).toEqual([
      'session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    ]);
  });

  test('is empty for a cookie that somebody changed', async () => {
    const server = await start();
    const cookie = cookieHeader(await visit(server, '/visit')).replace(/.$/, (c) =>
      c === 'A' ? 'B' : 'A',
    );
    const response = await server.request('/', { headers: { cookie } });
    expect(response.status).toBe(200);
    expect(response.text).toBe('{}');
  });

  test('keeps shared caches from storing its cookie', async () => {
    const server = await start();
    const { headers } = await visit(server, '/visit');
    expect(headers['cache-control']).toBe('private, no-cache="Set-Cookie"');
  });

  test('works the same in this process, with only an id in the cookie', async () => {
    const server = await start({ store: memoryStore({ singleProcess: true }) });
    const first = await visit(server, '/visit');
    expect((await visit(server, '/visit', first)).text).toBe('{"views":2}');
    const ended = await visit(server, '/end', first);
    expect(ended.setCookie).toHaveLength(1);
    expect((await visit(server, '/', first)).text).toBe('{}');
  });
});
