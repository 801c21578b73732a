import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { closeAll, listen } from '@portcullis/testing';
import type { TestServer } from '@portcullis/testing';
import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import compression = require('../src/compat.ts');
import { answer, ask, plainText, sample } from './serve.ts';

afterEach(closeAll);

const body = sample(3000);

function serve(options?: compression.CompressionOptions, text = body): Promise<TestServer> {
  return listen('http', compression(options), answer(text));
}

describe("with the options of npm's compression", () => {
  test('threshold is 1024 unless given', async () => {
    expect((await ask(await serve({}, sample(1023)))).headers['content-encoding']).toBeUndefined();
    expect((await ask(await serve({}, sample(1024)))).headers['content-encoding']).toBe('gzip');
    const server = await serve({ threshold: '2kb' }, sample(2047));
    expect((await ask(server)).headers['content-encoding']).toBeUndefined();
  });

  test('threshold 0 is everything, also what grows, but for nothing at all', async () => {
    for (const text of ['x', sample(100_000)]) {
      const response = await ask(await serve({ threshold: 0 }, text));
      expect(response.headers['content-encoding']).toBe('gzip');
      expect(plainText(response)).toBe(text);
    }
    expect((await ask(await serve({ threshold: 0 }, ''))).headers['content-encoding']).toBe(
      undefined,
    );
    const grown = randomBytes(60).toString('latin1');
    const stays = await ask(await serve({ threshold: 1 }, grown));
    expect(stays.headers['content-encoding']).toBeUndefined();
  });

  test.each([
    [undefined, 6],
    [-1, 6],
    [0, 1],
    [9, 9],
  ])('level %s is level %i of gzip', async (level, expected) => {
    const response = await ask(await serve({ level }, sample(30_000)));
    expect(response.body.length).toBe(zlib.gzipSync(sample(30_000), { level: expected }).length);
  });

  test.each([
    [undefined, 4],
    [{}, 4],
    [{ params: {} }, 4],
    [{ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 9 } }, 9],
  ])('brotli %j is quality %i', async (brotli, quality) => {
    const response = await ask(await serve({ brotli }), { accept: 'gzip, br' });
    const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: quality };
    expect(response.headers['content-encoding']).toBe('br');
    expect(response.body.length).toBe(zlib.brotliCompressSync(body, { params }).length);
  });

  test('enforceEncoding serves clients that say nothing', async () => {
    const server = await serve({ enforceEncoding: 'gzip' });
    const silent = await ask(server, { accept: '' });
    expect(silent.headers['content-encoding']).toBe('gzip');
    expect(plainText(silent)).toBe(body);
    const empty = await server.request('/', { headers: { 'Accept-Encoding': '' } });
    expect(empty.headers['content-encoding']).toBe('gzip');
    expect((await ask(server, { accept: 'identity' })).headers['content-encoding']).toBeUndefined();
    expect((await ask(await serve(), { accept: '' })).headers['content-encoding']).toBeUndefined();
  });

  test('enforceEncoding with an unknown coding is identity, and warned of', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const server = await serve({ enforceEncoding: '*' as 'br' });
    expect(emitWarning.mock.calls).toEqual([
      [
        expect.stringMatching(/enforceEncoding: "\*" is no coding, .*write one of gzip/),
        { type: 'PortcullisWarning', code: 'ERR_PORTCULLIS_GZIP_UNKNOWN_ENCODING' },
      ],
    ]);
    emitWarning.mockRestore();
    expect((await ask(server, { accept: '' })).headers['content-encoding']).toBeUndefined();
    expect((await ask(server)).headers['content-encoding']).toBe('gzip');
  });

  test('null is no options', async () => {
    const server = await listen('http', compression(null), answer(body));
    expect((await ask(server)).headers['content-encoding']).toBe('gzip');
  });

  test('a request in place of options is refused with the right call', () => {
    expect(() => Reflect.apply(compression, undefined, [{ headers: {} }, {}, () => {}])).toThrow(
      /compression\(\)/,
    );
  });

  test('filter decides, and compression.filter is there to fall back on', async () => {
    const server = await listen(
      'http',
      compression({
        filter: (req, res) => !req.headers['x-plain'] && compression.filter(req, res),
      }),
      answer(body),
    );
    expect((await ask(server)).headers['content-encoding']).toBe('gzip');
    expect(
      (await ask(server, { headers: { 'X-Plain': '1' } })).headers['content-encoding'],
    ).toBeUndefined();
    const untyped = await listen('http', compression({ filter: compression.filter }), (_req, res) =>
      res.end(body),
    );
    expect((await ask(untyped)).headers['content-encoding']).toBeUndefined();
  });

  test('zlib options without effect are taken', () => {
    expect(() =>
      compression({
        memLevel: 8,
        windowBits: 15,
        chunkSize: 1024,
        strategy: 0,
        flush: 2,
        finishFlush: 4,
      }),
    ).not.toThrow();
  });

  test.each([
    [{ treshold: 1 }, 'treshold: is not an option'],
    [{ level: 10 }, 'level: expected an integer from -1 to 9'],
    [{ brotli: 4 }, 'brotli: expected an object such as'],
    [{ brotli: { params: 4 } }, 'brotli: expected an object such as'],
    [{ brotli: null }, 'brotli: expected an object such as'],
    [
      { brotli: { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 12 } } },
      'brotli: expected an object',
    ],
    [
      { brotli: { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 'x' } } },
      'brotli: expected an object',
    ],
    [{ enforceEncoding: 7 }, 'enforceEncoding: expected'],
  ])('%j is refused', (options, message) => {
    expect(() => compression(options as compression.CompressionOptions)).toThrow(message);
  });
});
