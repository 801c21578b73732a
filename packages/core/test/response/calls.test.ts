import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { HostName } from '@portcullis/testing';
import type { ServerResponse } from 'node:http';
import { transformBody } from '@portcullis/core/response';
import { passingSink, seams } from './answers.ts';

afterEach(closeAll);

// What a handler sees of its own calls, recorded with the seam and without it: callbacks, their order and errors.

type Record = (what: string) => (error?: Error | null) => void;
type Calls = (res: ServerResponse, record: Record) => unknown;

const sequences: Readonly<{ [name: string]: Calls }> = {
  'end(callback)': (res, record) => res.end(record('end')),
  'end(chunk, callback)': (res, record) => res.end('hello', record('end')),
  'end(chunk, encoding, callback)': (res, record) => res.end('aGk=', 'base64', record('end')),
  'end(null, callback)': (res, record) => res.end(null, record('end')),
  'end(undefined, undefined, callback)': (res, record) =>
    res.end(undefined, undefined as never, record('end')),
  'write(chunk, callback)': (res, record) => {
    res.write('a', record('write'));
    res.end();
  },
  'write(chunk, encoding, callback)': (res, record) => {
    res.write('YQ==', 'base64', record('write'));
    res.end();
  },
  'many callbacks': (res, record) => {
    res.write('a', record('one'));
    res.write('b', record('two'));
    res.write('c');
    res.write('d', record('three'));
    res.end('e', record('end'));
  },
  'writeHead, and a callback': (res, record) => res.writeHead(200).end('a', record('end')),
  'a second end': (res, record) => {
    res.end('a', record('end'));
    res.end();
  },
};

async function play(host: HostName, seam: string, calls: Calls): Promise<unknown> {
  const log: string[] = [];
  let close = (): void => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const server = await listen(
    host,
    (_req, res, next) => {
      seams[seam]?.(res, next);
      next();
    },
    async (_req, res) => {
      for (const event of ['finish', 'close', 'error'] as const) {
        res.on(event, () => void log.push(event));
      }
      res.on('close', () => setImmediate(close));
      await calls(res, (what) => (error) => {
        log.push(`${what} called back${error ? ` with ${(error as { code?: string }).code}` : ''}`);
      });
    },
  );
  const { body } = await server.request('/');
  await closed;
  return { body: body.toString('latin1'), log };
}

describe.each(hostNames)('%s', (host) => {
  test.each(Object.keys(sequences))('%s calls back as it does without the seam', async (name) => {
    const calls = sequences[name] ?? (() => {});
    const plain = await play(host, 'none', calls);
    const others = await Promise.all(
      Object.keys(seams).map(async (seam) => [seam, await play(host, seam, calls)]),
    );
    expect(Object.fromEntries(others)).toEqual(
      Object.fromEntries(Object.keys(seams).map((seam) => [seam, plain])),
    );
  });
});

describe('after end', () => {
  // Held, an answer finishes later, so only the order of the events may differ.
  const sorted = (played: unknown): unknown => {
    const { body, log } = played as { body: string; log: string[] };
    return { body, log: log.toSorted() };
  };

  const afterwards: readonly [string, Calls][] = [
    ['write', (res, record) => res.write('late', record('late'))],
    ['end with a chunk', (res, record) => res.end('late', record('late'))],
    ['end with a chunk and no callback', (res) => res.end('late')],
  ];

  test.each(afterwards)('%s is the error it is without the seam', async (_name, late) => {
    const calls: Calls = (res, record) => {
      res.end('in time', record('end'));
      late(res, record);
    };
    const plain = await play('http', 'none', calls);
    for (const seam of Object.keys(seams)) {
      expect([seam, sorted(await play('http', seam, calls))]).toEqual([seam, sorted(plain)]);
    }
    expect(plain).toMatchObject({ log: expect.arrayContaining(['error']) });
  });

  test.each(hostNames)('a second end on %s has its callback called once', async (host) => {
    for (const seam of Object.keys(seams)) {
      const played = await play(host, seam, (res, record) => {
        res.end('a', record('end'));
        res.end(record('second'));
      });
      const { log } = played as { log: string[] };
      const calledBack = log.filter((entry) => entry.includes('called back')).toSorted();
      expect([seam, calledBack]).toEqual([
        seam,
        [
          'end called back',
          expect.stringMatching(/^second called back( with ERR_STREAM_ALREADY_FINISHED)?$/),
        ],
      ]);
    }
  });

  test("a write is Node's error also while a sink still works at the end", async () => {
    const called: unknown[] = [];
    const server = await listen(
      'http',
      (_req, res, next) => {
        transformBody(res, (_body, out) => ({
          ...passingSink(out),
          end: (chunk, callback) => void setTimeout(() => out.end(chunk, callback), 5),
        }));
        next();
      },
      (_req, res) => {
        res.on('error', (error) => void called.push((error as { code?: string }).code));
        res.end('in time');
        called.push(res.write('late'), res.end() === res);
      },
    );
    expect((await server.request('/')).text).toBe('in time');
    expect(called).toEqual([false, true, 'ERR_STREAM_WRITE_AFTER_END']);
  });

  test('a late write is no error any more when the response is destroyed', async () => {
    const called: unknown[] = [];
    const server = await listen(
      'http',
      (_req, res, next) => {
        seams['a gate that takes 10 ms']?.(res, next);
        next();
      },
      (_req, res) => {
        res.on('error', () => void called.push('error'));
        res.end('in time');
        res.write('late', (error) => void called.push((error as { code?: string }).code));
        res.destroy();
      },
    );
    await expect(server.request('/')).rejects.toThrow();
    expect(called).toEqual(['ERR_STREAM_WRITE_AFTER_END']);
  });

  test('a write on http2 breaks the stream off, as it does without the seam', async () => {
    for (const seam of ['none', 'a gate that takes 10 ms', 'a gate that has nothing to do']) {
      const called: unknown[] = [];
      const server = await listen(
        'http2',
        (_req, res, next) => {
          seams[seam]?.(res, next);
          next();
        },
        (_req, res) => {
          res.end('in time');
          called.push(
            res.write('late', (error) => void called.push((error as { code?: string }).code)),
          );
          res.end('late', () => void called.push('end'));
          res.end();
          res.write('later still');
        },
      );
      await expect(server.request('/')).rejects.toThrow(/NGHTTP2/);
      expect([seam, called]).toEqual([seam, [false, 'ERR_STREAM_WRITE_AFTER_END', 'end']]);
    }
  });
});
