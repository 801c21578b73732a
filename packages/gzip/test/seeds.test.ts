// One test per sentence of the requirements about GZipMiddleware.
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll } from '@portcullis/testing';
import zlib from 'node:zlib';
import { answer, ask, plainText, sample, serve } from './serve.ts';

afterEach(closeAll);

describe('"Handles GZip responses for any request that includes \\"gzip\\" in the Accept-Encoding header."', () => {
  test.each(['gzip', 'deflate, gzip', 'gzip;q=0.5'])('Accept-Encoding: %s', async (accept) => {
    const server = await serve({ encodings: ['gzip'] }, answer(sample(2000)));
    const response = await ask(server, { accept });
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(zlib.gunzipSync(response.body).toString()).toBe(sample(2000));
  });

  test('and for no other', async () => {
    const server = await serve({ encodings: ['gzip'] }, answer(sample(2000)));
    for (const accept of ['', 'br', 'identity']) {
      const response = await ask(server, { accept });
      expect(response.headers['content-encoding']).toBeUndefined();
      expect(response.text).toBe(sample(2000));
    }
  });
});

describe('"The middleware will handle both standard and streaming responses."', () => {
  test('standard', async () => {
    const server = await serve({}, answer(sample(2000)));
    const response = await ask(server);
    expect(response.headers['content-length']).toBe(String(response.body.length));
    expect(plainText(response)).toBe(sample(2000));
  });

  test('streaming', async () => {
    const server = await serve({}, (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      let pieces = 0;
      const timer = setInterval(() => {
        res.write(sample(2000));
        if (++pieces < 3) return;
        clearInterval(timer);
        res.end('the end');
      }, 5);
    });
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(response.headers['content-length']).toBeUndefined();
    expect(plainText(response)).toBe(`${sample(2000).repeat(3)}the end`);
  });
});

describe('"minimum_size - Do not GZip responses that are smaller than this minimum size in bytes. Defaults to 500."', () => {
  test.each([
    [{}, 499, undefined],
    [{}, 500, 'gzip'],
    [{ minimumSize: 1000 }, 999, undefined],
    [{ minimumSize: 1000 }, 1000, 'gzip'],
  ])('with %j, %i bytes', async (options, bytes, coding) => {
    const server = await serve(options, answer(sample(bytes)));
    const response = await ask(server);
    expect(response.headers['content-encoding']).toBe(coding);
    expect(plainText(response)).toBe(sample(bytes));
  });
});

test('"won\'t GZip responses that already have a Content-Encoding set, to prevent them from being encoded twice"', async () => {
  const once = zlib.gzipSync(sample(2000), { level: 0 });
  const server = await serve({}, answer(once, { 'Content-Encoding': 'gzip' }));
  const response = await ask(server);
  expect(response.headers['content-encoding']).toBe('gzip');
  expect(response.body.equals(once)).toBe(true);
});

test('"compresslevel: int = 9" of the subclass is compressLevel', async () => {
  const body = sample(8000);
  const server = await serve({ compressLevel: 9 }, answer(body));
  const response = await ask(server);
  expect(response.body.length).toBe(zlib.gzipSync(body, { level: 9 }).length);
});
