import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, listen, rawRequest } from '@portcullis/testing';
import { onHead } from '@portcullis/core/response';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from './answers.ts';
import { collectWarnings } from './warnings.ts';

afterEach(closeAll);

const raw = (port: number, path = '/'): Promise<string> =>
  rawRequest(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);

describe.each(hostNames)('onHead on %s', (host) => {
  test('runs the hooks once, the last registered first', async () => {
    const order: string[] = [];
    const server = await listen(host, [
      (_req, res, next) => {
        onHead(res, () => void order.push('outer'));
        next();
      },
      (_req, res, next) => {
        onHead(res, () => void order.push('middle'));
        onHead(res, () => void order.push('inner'));
        next();
      },
    ]);
    await server.request('/');
    expect(order).toEqual(['inner', 'middle', 'outer']);
  });

  test('hands its data to the hook, so that one function serves every response', async () => {
    const mark = (res: ServerResponse, name: string): void => void res.setHeader('X-Mark', name);
    const server = await listen(host, (_req, res, next) => {
      onHead(res, mark, 'here');
      next();
    });
    expect((await server.request('/')).headers['x-mark']).toBe('here');
  });

  test('sets a header on every kind of answer', async () => {
    const server = await listen(
      host,
      (_req, res, next) => {
        onHead(res, () => void res.setHeader('X-Hook', 'yes'));
        next();
      },
      (req, res, next) => answers[decodeURIComponent(req.url ?? '').slice(1)]?.(req, res, next),
    );
    for (const answer of Object.keys(answers)) {
      const { headers } = await server.request(`/${encodeURIComponent(answer)}`);
      expect([answer, headers['x-hook']]).toEqual([answer, 'yes']);
    }
  });

  test('lets a hook change the status and what writeHead was given', async () => {
    let seen: unknown;
    const server = await listen(
      host,
      (_req, res, next) => {
        onHead(res, () => {
          seen = [res.statusCode, res.getHeader('X-Made'), res.headersSent];
          res.statusCode = 202;
          res.removeHeader('X-Made');
          res.appendHeader('X-Kept', 'also');
        });
        next();
      },
      (_req, res) => res.writeHead(201, { 'X-Made': 'yes', 'X-Kept': 'this' }).end(),
    );
    const response = await server.request('/');
    expect(seen).toEqual([201, 'yes', false]);
    expect(response.status).toBe(202);
    expect(response.headers['x-made']).toBeUndefined();
    expect(response.headers['x-kept']).toBe('this, also');
  });

  test('runs a hook that was registered by a hook', async () => {
    const server = await listen(host, (_req, res, next) => {
      onHead(res, () => {
        expect(onHead(res, () => void res.setHeader('X-Second', 'yes'))).toBe(true);
      });
      next();
    });
    expect((await server.request('/')).headers['x-second']).toBe('yes');
  });

  test('says that it is too late once the head is out', async () => {
    const late: unknown[] = [];
    const server = await listen(
      host,
      (_req, res, next) => {
        late.push(onHead(res, () => {}));
        next();
      },
      (_req, res) => {
        res.write('one');
        late.push(onHead(res, () => late.push('ran')));
        res.end();
      },
    );
    await server.request('/');
    expect(late).toEqual([true, false]);
  });

  test('says so on a response that was begun before it was ever seen', async () => {
    const late: unknown[] = [];
    const server = await listen(host, [], (_req, res) => {
      res.write('one');
      late.push(onHead(res, () => late.push('ran')));
      res.end();
    });
    await server.request('/');
    expect(late).toEqual([false]);
  });

  test('takes a status message, which http2 has no place for, without a warning', async () => {
    const warnings = collectWarnings();
    const server = await listen(
      host,
      (_req, res, next) => {
        onHead(res, () => {});
        next();
      },
      (_req, res) => res.writeHead(201, 'Fine', { 'X-Made': 'yes' }).end(),
    );
    const { status, headers } = await server.request('/');
    expect([status, headers['x-made']]).toEqual([201, 'yes']);
    expect(warnings()).toEqual([]);
  });

  test('throws as Node does at a second writeHead', async () => {
    const codes: unknown[] = [];
    const server = await listen(
      host,
      (_req, res, next) => {
        onHead(res, () => {});
        next();
      },
      (_req, res) => {
        res.writeHead(200);
        try {
          res.writeHead(500, { 'X-Late': 'yes' });
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
        res.end();
      },
    );
    await server.request('/');
    expect(codes).toEqual([host === 'http2' ? 'ERR_HTTP2_HEADERS_SENT' : 'ERR_HTTP_HEADERS_SENT']);
  });

  test('reports a hook that throws, runs the others, and sends the response', async () => {
    const warnings = collectWarnings();
    const server = await listen(
      host,
      (_req, res, next) => {
        onHead(res, () => void res.setHeader('X-Outer', 'yes'));
        onHead(res, () => {
          throw new Error('no luck');
        });
        onHead(res, () => void res.setHeader('X-Inner', 'yes'));
        next();
      },
      async (_req, res) => {
        await sleep(1);
        setTimeout(() => res.end('sent'), 1);
      },
    );
    const response = await server.request('/');
    expect(response.text).toBe('sent');
    expect(response.headers).toMatchObject({ 'x-inner': 'yes', 'x-outer': 'yes' });
    expect(warnings()).toEqual([
      [
        'ERR_PORTCULLIS_RESPONSE_HOOK',
        'A head hook threw; the response goes on without it: Error: no luck',
      ],
    ]);
  });
});

describe('writeHead under a head hook', () => {
  const forms: readonly [string, (res: ServerResponse) => unknown][] = [
    ['an object', (res) => res.writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'X-N': 5 })],
    [
      'a flat list',
      (res) => res.writeHead(201, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-N', '5']),
    ],
    [
      'a list of pairs',
      (res) =>
        res.writeHead(201, [
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['X-N', '5'],
        ] as never),
    ],
    [
      'a message and an object',
      (res) => res.writeHead(201, 'Fine', { 'Set-Cookie': ['a=1', 'b=2'], 'X-N': '5' }),
    ],
    [
      'a message and a list',
      (res) => res.writeHead(201, 'Fine', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-N', '5']),
    ],
  ];

  test.each(forms)(
    'keeps everything of %s, also beside a header set before',
    async (name, write) => {
      const server = await listen(
        'http',
        (_req, res, next) => {
          onHead(res, () => {});
          next();
        },
        (_req, res) => {
          res.setHeader('X-Before', 'yes');
          res.setHeader('X-N', 'old');
          write(res);
          res.end('ok');
        },
      );
      const text = await raw(server.port);
      expect(text).toMatch(
        name.includes('message') ? /^HTTP\/1.1 201 Fine\r\n/ : /^HTTP\/1.1 201 Created\r\n/,
      );
      expect(text.match(/^(Set-Cookie|X-.*): .*$/gm)).toEqual(
        expect.arrayContaining(['Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-N: 5', 'X-Before: yes']),
      );
      expect(text.match(/x-n/gi)).toHaveLength(1);
    },
  );

  test('keeps the case of the names', async () => {
    const server = await listen(
      'http',
      (_req, res, next) => {
        onHead(res, () => {});
        next();
      },
      (_req, res) => res.writeHead(200, { 'x-LOUD-quiet': 'yes' }).end(),
    );
    expect(await raw(server.port)).toContain('x-LOUD-quiet: yes\r\n');
  });

  test('keeps a statusMessage that was assigned', async () => {
    const server = await listen(
      'http',
      (_req, res, next) => {
        onHead(res, () => {});
        next();
      },
      (_req, res) => {
        res.statusMessage = 'Assigned';
        res.end();
      },
    );
    expect(await raw(server.port)).toMatch(/^HTTP\/1.1 200 Assigned\r\n/);
  });

  const refused: readonly [string, string, (res: ServerResponse) => unknown][] = [
    ['a status of words', 'ERR_HTTP_INVALID_STATUS_CODE', (res) => res.writeHead('abc' as never)],
    ['a status of 99', 'ERR_HTTP_INVALID_STATUS_CODE', (res) => res.writeHead(99)],
    ['a status of 1000', 'ERR_HTTP_INVALID_STATUS_CODE', (res) => res.writeHead(1000)],
    ['a message with a line break', 'ERR_INVALID_CHAR', (res) => res.writeHead(200, 'a\r\nb')],
    [
      'a list with a name too many',
      'ERR_INVALID_ARG_VALUE',
      (res) => res.writeHead(200, ['X-One']),
    ],
    [
      'a value that is undefined',
      'ERR_HTTP_INVALID_HEADER_VALUE',
      (res) => res.writeHead(200, { 'X-One': undefined }),
    ],
    [
      'a name with a space',
      'ERR_INVALID_HTTP_TOKEN',
      (res) => res.writeHead(200, { 'X One': '1' }),
    ],
  ];

  test.each(refused)(
    'refuses %s with %s, and the response can still be answered',
    async (_name, code, write) => {
      const server = await listen(
        'http',
        (_req, res, next) => {
          onHead(res, () => void res.setHeader('X-Hook', 'yes'));
          next();
        },
        (_req, res) => {
          try {
            write(res);
          } catch (error) {
            res.statusCode = 500;
            res.end((error as { code: string }).code);
          }
        },
      );
      const response = await server.request('/');
      expect([response.status, response.text]).toEqual([500, code]);
      expect(response.headers['x-hook']).toBe('yes');
    },
  );

  test('runs the hooks again for the error page when Node refuses the head', async () => {
    const server = await listen(
      'http',
      (_req, res, next) => {
        onHead(res, () => void res.setHeader('X-Hook', 'yes'));
        next();
      },
      (_req, res) => {
        try {
          res.statusMessage = 'a\r\nb';
          res.end();
        } catch {
          res.statusMessage = '';
          res.removeHeader('X-Hook');
          res.statusCode = 500;
          res.end('broken');
        }
      },
    );
    const response = await server.request('/');
    expect([response.status, response.text]).toEqual([500, 'broken']);
    expect(response.headers['x-hook']).toBe('yes');
  });

  test('skips an empty name, as Node does', async () => {
    const server = await listen(
      'http',
      (_req, res, next) => {
        onHead(res, () => {});
        next();
      },
      (req, res) =>
        res
          .writeHead(200, req.url === '/list' ? ['', 'x', 'X-A', '1'] : { '': 'x', 'X-A': '1' })
          .end(),
    );
    expect((await server.request('/list')).headers['x-a']).toBe('1');
    expect((await server.request('/object')).headers['x-a']).toBe('1');
  });
});

test('a socket library that hands over {} for a response is no reason to crash', () => {
  expect(onHead({} as ServerResponse, () => {})).toBe(false);
});

test('a value thrown by a hook that cannot be shown is reported all the same', async () => {
  const warnings = collectWarnings();
  const server = await listen('http', (_req, res, next) => {
    onHead(res, () => {
      throw {
        toString: () => {
          throw new Error('not even that');
        },
      };
    });
    onHead(res, () => {
      throw 'words';
    });
    next();
  });
  expect((await server.request('/')).text).toBe('hello');
  expect(warnings().map(([, message]) => String(message).split(': ')[1])).toEqual([
    'words',
    'a value that cannot be shown',
  ]);
});
