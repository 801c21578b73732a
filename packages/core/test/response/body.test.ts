import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen } from '@portcullis/testing';
import type { TestMiddleware } from '@portcullis/testing';
import { editHead, holdHead, onHead, transformBody } from '@portcullis/core/response';
import type { BodyOutput, BodySink, DecideBody } from '@portcullis/core/response';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { passingSink } from './answers.ts';

afterEach(closeAll);

const transform =
  (decide: DecideBody): TestMiddleware =>
  (_req, res, next) => {
    transformBody(res, decide);
    next();
  };

const gate: TestMiddleware = (_req, res, next) => {
  holdHead(res, () => sleep(5), next);
  next();
};

/** Upper-cases in a sink, with the callbacks handed on. */
const shout = (out: BodyOutput): BodySink => ({
  ...passingSink(out),
  write: (chunk, callback) => out.write(Buffer.from(String(chunk).toUpperCase()), callback),
  end: (chunk, callback) => out.end(chunk && Buffer.from(String(chunk).toUpperCase()), callback),
});

describe.each(hostNames)('transformBody on %s', (host) => {
  const begins: readonly [string, object, (res: ServerResponse) => unknown][] = [
    ['end', { cause: 'end', whole: true, length: 6, text: 'grüß' }, (res) => res.end('grüß')],
    [
      'end with an encoding',
      { cause: 'end', whole: true, length: 5, text: 'hello' },
      (res) => res.end('aGVsbG8=', 'base64'),
    ],
    [
      'end with bytes',
      { cause: 'end', whole: true, length: 2, text: 'hi' },
      (res) => res.end(new Uint8Array([104, 105])),
    ],
    ['an empty end', { cause: 'end', whole: true, length: 0, text: undefined }, (res) => res.end()],
    [
      'write',
      { cause: 'write', whole: false, length: 3, text: 'one' },
      (res) => res.write('one') && res.end(),
    ],
    [
      'flushHeaders',
      { cause: 'flushHeaders', whole: false, length: 0, text: undefined },
      (res) => {
        res.flushHeaders();
        res.end('one');
      },
    ],
    [
      'writeHead',
      { cause: 'writeHead', whole: false, length: 0, text: undefined },
      (res) => res.writeHead(200).end('one'),
    ],
  ];

  test.each(begins)('decides at %s, with what is known then', async (_name, expected, begin) => {
    const seen: object[] = [];
    const server = await listen(
      host,
      transform(({ cause, whole, length, chunk }) => {
        seen.push({ cause, whole, length, text: chunk?.toString() });
        return undefined;
      }),
      (_req, res) => begin(res),
    );
    await server.request('/');
    expect(seen).toEqual([expected]);
  });

  const held: readonly [string, object, (res: ServerResponse) => unknown][] = [
    [
      'write and end',
      { cause: 'write', whole: true, text: 'one two' },
      (res) => res.write('one ') && res.end('two'),
    ],
    [
      'writeHead and end',
      { cause: 'writeHead', whole: true, text: 'one two' },
      (res) => res.writeHead(200).end('one two'),
    ],
    [
      'writes that go on',
      { cause: 'write', whole: false, text: 'one two ' },
      async (res) => {
        res.write('one ');
        res.write('two ');
        await sleep(20);
        res.end('three');
      },
    ],
    [
      'flushHeaders, then writes',
      { cause: 'flushHeaders', whole: false, text: 'one ' },
      async (res) => {
        res.flushHeaders();
        res.write('one ');
        await sleep(20);
        res.end('two');
      },
    ],
    [
      'writeHead, then nothing for a while',
      { cause: 'writeHead', whole: false, text: undefined },
      async (res) => {
        res.writeHead(200);
        await sleep(20);
        res.end('one');
      },
    ],
  ];

  test.each(held)(
    'knows everything that was written while a gate was at work: %s',
    async (_name, expected, answer) => {
      const seen: object[] = [];
      const server = await listen(
        host,
        [
          transform(({ cause, whole, chunk }, out) => {
            seen.push({ cause, whole, text: chunk?.toString() });
            return shout(out);
          }),
          gate,
        ],
        (_req, res) => answer(res),
      );
      const { text } = await server.request('/');
      expect(seen).toEqual([expected]);
      expect(text).toMatch(/^ONE/);
      expect(text).toBe(text.toUpperCase());
    },
  );

  test('sends bytes instead of a whole body, with headers to match', async () => {
    const server = await listen(
      host,
      [
        (_req, res, next) => {
          transformBody(res, ({ chunk }) => {
            const bytes = Buffer.from(String(chunk).toUpperCase() + '!');
            res.setHeader('Content-Length', bytes.length);
            res.setHeader('X-Was', String(res.getHeader('Content-Type')));
            return bytes;
          });
          next();
        },
      ],
      (_req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        res.setHeader('Content-Length', 5);
        res.end('hello');
      },
    );
    const { text, headers } = await server.request('/');
    expect(text).toBe('HELLO!');
    expect(headers).toMatchObject({ 'content-length': '6', 'x-was': 'text/plain' });
  });

  test('calls every callback once and in order, when many calls became one', async () => {
    const called: string[] = [];
    const server = await listen(
      host,
      [transform((_body, out) => shout(out)), gate],
      (_req, res) => {
        res.write('a', () => void called.push('one'));
        res.write('b', () => void called.push('two'));
        res.end('c', () => void called.push('end'));
      },
    );
    expect((await server.request('/')).text).toBe('ABC');
    await sleep(5);
    expect(called).toEqual(['one', 'two', 'end']);
  });

  test('hands its data to the decision', async () => {
    const seen: unknown[] = [];
    const server = await listen(host, (_req, res, next) => {
      transformBody(
        res,
        (_body, _out, data: { name: string }) => {
          seen.push(data.name);
          return undefined;
        },
        { name: 'gzip' },
      );
      next();
    });
    await server.request('/');
    expect(seen).toEqual(['gzip']);
  });

  test('decides after gates and head hooks', async () => {
    const order: string[] = [];
    const server = await listen(host, (_req, res, next) => {
      transformBody(res, () => {
        order.push('decide');
        return undefined;
      });
      onHead(res, () => void order.push('hook'));
      holdHead(res, () => void order.push('gate'), next);
      next();
    });
    await server.request('/');
    expect(order).toEqual(['gate', 'hook', 'decide']);
  });

  test('asks the inner transformation first, and the outer one about what it sends', async () => {
    const seen: unknown[] = [];
    const layer = (name: string): TestMiddleware =>
      transform(({ cause, whole, chunk }) => {
        seen.push([name, cause, whole, String(chunk)]);
        return Buffer.from(`${name}(${String(chunk)})`);
      });
    const server = await listen(host, [layer('outer'), layer('inner')], (_req, res) =>
      res.end('body'),
    );
    expect((await server.request('/')).text).toBe('outer(inner(body))');
    expect(seen).toEqual([
      ['inner', 'end', true, 'body'],
      ['outer', 'end', true, 'inner(body)'],
    ]);
  });

  test('asks the outer transformation alone when the inner one declines', async () => {
    const server = await listen(
      host,
      [transform((_body, out) => shout(out)), transform(() => undefined)],
      (_req, res) => res.end('body'),
    );
    expect((await server.request('/')).text).toBe('BODY');
  });

  test('lets an outer sink take the stream of an inner one', async () => {
    const server = await listen(
      host,
      [transform((_body, out) => shout(out)), transform((_body, out) => passingSink(out))],
      async (_req, res) => {
        res.write('one ');
        await sleep(2);
        res.flushHeaders();
        res.end('two');
      },
    );
    expect((await server.request('/')).text).toBe('ONE TWO');
  });

  test('holds the head until the sink lets it go, and lets the sink change it then', async () => {
    const seen: unknown[] = [];
    const server = await listen(
      host,
      (_req, res, next) => {
        transformBody(res, (_body, out) => ({
          ...passingSink(out),
          end: (chunk, callback) => {
            setTimeout(() => {
              seen.push(out.headSent);
              out.sendHead((head) => {
                head.statusCode = 202;
                head.setHeader('Content-Length', 10);
                head.removeHeader('X-Made');
              });
              seen.push(out.headSent);
              out.sendHead(() => seen.push('edited twice'));
              out.end(Buffer.from(`${String(chunk)}, late`), callback);
            }, 3);
          },
        }));
        next();
      },
      (_req, res) => {
        res.writeHead(201, { 'X-Made': 'yes' });
        res.end('body');
        seen.push(
          res.headersSent,
          res.writableEnded,
          editHead(res, () => {}),
        );
      },
    );
    const { status, text, headers } = await server.request('/');
    expect([status, text]).toEqual([202, 'body, late']);
    expect(headers['x-made']).toBeUndefined();
    expect(seen).toEqual([true, true, true, false, true]);
  });

  test('puts the head on the wire by the end of the tick when the sink has no bytes yet', async () => {
    const order: string[] = [];
    const server = await listen(
      host,
      [
        transform((_body, out) => passingSink(out)),
        transform((_body, out) => ({
          ...passingSink(out),
          write: () => {
            out.sendHead();
            return true;
          },
          end: (_chunk, callback) => {
            setTimeout(() => {
              order.push('body');
              out.end(Buffer.from('late'), callback);
            }, 30);
          },
        })),
      ],
      (_req, res) => {
        res.write('early');
        res.end();
      },
    );
    const response = await fetchHead(server.url, host, () => order.push('head'));
    expect(response).toBe('late');
    expect(order).toEqual(['head', 'body']);
  });

  test('tells of trailers, whose Trailer header or addTrailers came before the body', async () => {
    const seen: unknown[] = [];
    const server = await listen(
      host,
      transform((body) => {
        seen.push(body.trailers);
        return undefined;
      }),
      (req, res) => {
        if (req.url === '/header') res.setHeader('Trailer', 'X-Sum');
        if (req.url === '/added') res.addTrailers({ 'X-Sum': '1' });
        res.end('body');
      },
    );
    for (const path of ['/none', '/header', '/added']) await server.request(path);
    expect(seen).toEqual([false, true, true]);
  });

  test('says that it is too late once the answer has begun', async () => {
    const late: unknown[] = [];
    const server = await listen(
      host,
      transform((_body, out) => passingSink(out)),
      async (_req, res) => {
        res.write('one');
        late.push(transformBody(res, () => undefined));
        await sleep(2);
        late.push(transformBody(res, () => undefined));
        res.end();
      },
    );
    await server.request('/');
    expect(late).toEqual([false, false]);
  });
});

test('lets the handler see what Node throws at the head of replaced bytes', async () => {
  const server = await listen(
    'http',
    transform(({ whole }) => (whole ? Buffer.from('bytes') : undefined)),
    (_req, res) => {
      res.statusMessage = 'a\r\nb';
      expect(() => res.end('hello')).toThrow('statusMessage');
      res.statusMessage = '';
      res.statusCode = 500;
      res.end('error page');
    },
  );
  const response = await server.request('/');
  expect([response.status, response.text]).toEqual([500, 'error page']);
});

/** Requests with the callback called at the head; resolves with the body. */
async function fetchHead(url: string, host: string, onHeadSeen: () => void): Promise<string> {
  if (host !== 'http2') {
    const response = await fetch(url);
    onHeadSeen();
    return response.text();
  }
  const { connect } = await import('node:http2');
  const session = connect(url);
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/' });
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', onHeadSeen);
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('error', reject);
    stream.on('end', () => {
      session.close();
      resolve(text);
    });
  });
}
