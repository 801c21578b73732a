import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAll, hostNames, rawRequest } from '@portcullis/testing';
import { absoluteUrl, getHost, loopbackHosts, trustedHost } from '@portcullis/trusted-host';
import { listen } from '@portcullis/testing';
import { collect } from './collect.ts';
import { headerOf, send, serve } from './served.ts';

afterEach(closeAll);

const invalid = '400 Invalid host header';

describe('trustedHost({ allowedHosts })', () => {
  test.each<[string, string]>([
    ['example.com', '200 example.com from host'],
    ['EXAMPLE.Com', '200 example.com from host'],
    ['example.com:3000', '200 example.com from host'],
    ['example.com.', '200 example.com from host'],
    ['a.example.com', '200 a.example.com from host'],
    ['a.b.example.com', '200 a.b.example.com from host'],
    ['a_b.example.com', '200 a_b.example.com from host'],
    ['xn--bcher-kva.example.com', '200 xn--bcher-kva.example.com from host'],
    ['evil.com', invalid],
    ['evilexample.com', invalid],
    ['example.com.evil.com', invalid],
    ['sub-example.com', invalid],
    ['[::1]', invalid],
    ['127.0.0.1', invalid],
  ])('answers Host: %s with %s', async (host, expected) => {
    const server = await serve({ allowedHosts: ['example.com', '*.example.com'] });
    await expect(send(server, [`Host: ${host}`])).resolves.toBe(expected);
  });

  test.each<[string, boolean]>([
    ['127.0.0.1', true],
    ['127.0.0.1:80', true],
    ['127.0.0.1.', true],
    ['[2001:db8::1]:3000', true],
    ['[2001:DB8:0::1]:3000', true],
    ['[2001:db8::1]:3001', false],
    ['[::ffff:127.0.0.1]', false],
    ['10.200.3.4', true],
    ['11.0.0.1', false],
    ['[fd12::1]', true],
    ['localhost:8000', true],
    ['localhost:8001', false],
    ['localhost', false],
  ])('addresses, networks and ports: %s %s', async (host, allowed) => {
    const server = await serve({
      allowedHosts: [
        '127.0.0.1',
        '::1',
        '[2001:DB8::1]:3000',
        '10.0.0.0/8',
        'fd00::/8',
        'localhost:8000',
      ],
    });
    const answer = await send(server, [`Host: ${host}`]);
    expect(answer.startsWith(allowed ? '200' : '400')).toBe(true);
  });

  test.each<[string, boolean]>([
    ['t12.re.test', true],
    ['T12.RE.test:81', true],
    ['xt12.re.test', false],
    ['t12.re.test.evil.com', false],
    ['t12xre.test', false],
  ])(
    'a RegExp with the g flag matches the whole name, every time: %s %s',
    async (host, allowed) => {
      const server = await serve({ allowedHosts: [/t[0-9]+\.RE\.test/g] });
      for (let turn = 0; turn < 3; turn++) {
        const answer = await send(server, [`Host: ${host}`]);
        expect(answer.startsWith(allowed ? '200' : '400')).toBe(true);
      }
    },
  );

  test("'*' lets any host in that is one", async () => {
    const server = await serve({ allowedHosts: '*' });
    await expect(send(server, ['Host: any.test'])).resolves.toBe('200 any.test from host');
    await expect(send(server, ['Host: a b'])).resolves.toBe(invalid);
    await expect(send(server, ['Host: 0x7f000001'])).resolves.toBe(invalid);
  });

  test('one text holds several hosts', async () => {
    const server = await serve({ allowedHosts: 'a.test, b.test;c.test d.test' });
    for (const name of ['a', 'b', 'c', 'd']) {
      await expect(send(server, [`Host: ${name}.test`])).resolves.toMatch(/^200/);
    }
  });

  test('a lone RegExp needs no list', async () => {
    const server = await serve({ allowedHosts: /A\.test/i });
    await expect(send(server, ['Host: a.test'])).resolves.toMatch(/^200/);
  });

  test('loopbackHosts are the names of this machine', async () => {
    const server = await serve({ allowedHosts: [...loopbackHosts, 'app.test'] });
    for (const host of [
      'localhost:3000',
      'app.localhost',
      '127.0.0.1:3000',
      '[::1]:3000',
      'app.test',
    ]) {
      await expect(send(server, [`Host: ${host}`])).resolves.toMatch(/^200/);
    }
    await expect(send(server, ['Host: evil.test:3000'])).resolves.toBe(invalid);
  });
});

describe.each(hostNames)('on %s', (host) => {
  test('lets a listed host through and tells the application', async () => {
    const server = await serve({ allowedHosts: ['example.com'] }, host);
    const source = host === 'http2' ? 'authority' : 'host';
    for (let turn = 0; turn < 2; turn++) {
      const answer = await server.request('/', { headers: { Host: 'Example.com:81' } });
      expect([answer.status, answer.text]).toEqual([200, `example.com from ${source}`]);
    }
  });

  test('answers an unlisted one with 400 in plain text', async () => {
    const server = await serve({ allowedHosts: ['example.com'] }, host);
    const answer = await server.request('/', {
      method: 'POST',
      body: 'x',
      headers: { Host: 'evil.com' },
    });
    expect([answer.status, answer.text]).toEqual([400, 'Invalid host header']);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '19',
    });
  });

  test('answers a redirect to www', async () => {
    const server = await serve({ allowedHosts: ['www.example.com'] }, host);
    const answer = await server.request('/a?b=c', { headers: { Host: 'example.com' } });
    expect([answer.status, answer.headers['location']]).toEqual([
      307,
      'http://www.example.com/a?b=c',
    ]);
  });

  test('works the same over TLS', async () => {
    const server = await listen(
      host,
      trustedHost({ allowedHosts: ['www.example.com'] }),
      (req, res) => res.end(getHost(req)?.hostname),
      { tls: true },
    );
    const headers = { Host: 'www.example.com' };
    expect((await server.request('/', { headers })).text).toBe('www.example.com');
    const apex = await server.request('/', { headers: { Host: 'example.com' } });
    expect(apex.headers['location']).toBe('https://www.example.com/');
    expect((await server.request('/', { headers: { Host: 'evil.com' } })).status).toBe(400);
  });
});

describe('what the application is told', () => {
  test('absoluteUrl(req, path) is on the checked host', async () => {
    const server = await listen(
      'express5',
      trustedHost({ allowedHosts: '*.example.com' }),
      (req, res) => {
        res.end(absoluteUrl(req, '/reset?token=1', { scheme: 'https', port: null }));
      },
    );
    const answer = await server.request('/', { headers: { Host: 'a.example.com:9919' } });
    expect(answer.text).toBe('https://a.example.com/reset?token=1');
  });
});

describe('status, exempt, allowMissing', () => {
  test('status 421 is for a well-formed host; a malformed one stays 400', async () => {
    const server = await serve({ allowedHosts: ['a.test'], status: 421 });
    await expect(send(server, ['Host: b.test'])).resolves.toBe('421 Invalid host header');
    await expect(send(server, ['Host: b..test'])).resolves.toBe(invalid);
  });

  test('exempt paths skip the list, not the grammar, and have no checked host', async () => {
    const server = await serve({ allowedHosts: ['a.test'], exempt: ['/health'] });
    const health = 'GET /health/live HTTP/1.1';
    await expect(send(server, ['Host: 10.0.0.7'], health)).resolves.toBe('200 none');
    await expect(send(server, ['Host: a.test'], health)).resolves.toBe('200 a.test from host');
    await expect(send(server, ['Host: 10.0.0.07'], health)).resolves.toBe(invalid);
    await expect(send(server, ['Host: b.test'], 'GET /healthy HTTP/1.1')).resolves.toBe(invalid);
    await expect(send(server, ['Host: b.test?/health'])).resolves.toBe(invalid);
    await expect(send(server, ['Host: b.test'], 'GET /x?/health HTTP/1.1')).resolves.toBe(invalid);
    await expect(send(server, ['Host: b.test'], 'GET http://a.test/health HTTP/1.1')).resolves.toBe(
      invalid,
    );
  });

  test('exempt may be a function of the request', async () => {
    const server = await serve({
      allowedHosts: ['a.test'],
      exempt: (req) => req.headers['user-agent'] === 'probe',
    });
    await expect(send(server, ['Host: b.test', 'User-Agent: probe'])).resolves.toBe('200 none');
    await expect(send(server, ['Host: b.test'])).resolves.toBe(invalid);
  });

  test('exempt that throws is 503, and the server lives', async () => {
    const server = await serve({
      allowedHosts: ['a.test'],
      exempt: () => {
        throw new Error('boom');
      },
    });
    const failed = '503 A predicate of allowedHosts, or exempt, failed; see the cause.';
    await expect(send(server, ['Host: b.test'])).resolves.toBe(failed);
    await expect(send(server, ['Host: a.test'])).resolves.toMatch(/^200/);
  });

  test('allowMissing lets HTTP/1.0 without Host pass, and an empty Host', async () => {
    const strict = await serve({ allowedHosts: ['a.test'] });
    await expect(send(strict, [], 'GET / HTTP/1.0')).resolves.toBe(invalid);
    await expect(send(strict, ['Host:'])).resolves.toBe(invalid);
    const tolerant = await serve({ allowedHosts: ['a.test'], allowMissing: true });
    await expect(send(tolerant, [], 'GET / HTTP/1.0')).resolves.toBe('200 none');
    await expect(send(tolerant, ['Host:'])).resolves.toBe('200 none');
    await expect(send(tolerant, [], 'GET http://evil.test/ HTTP/1.0')).resolves.toBe(invalid);
    await expect(send(tolerant, ['Host:'], 'GET http://a.test/ HTTP/1.1')).resolves.toBe(invalid);
    await expect(send(tolerant, ['Host:'], 'OPTIONS * HTTP/1.1')).resolves.toBe('200 none');
    await expect(send(tolerant, ['Host: b.test'])).resolves.toBe(invalid);
  });

  test('allowMissing does not open a way round the list for forwarded hosts', async () => {
    const server = await serve({ allowedHosts: ['a.test'], allowMissing: true, trustProxy: 1 });
    const send10 = (value: string) =>
      send(server, [`X-Forwarded-Host: ${value}`], 'GET / HTTP/1.0');
    await expect(send10('evil.test')).resolves.toBe(invalid);
    await expect(send10('a.test')).resolves.toBe('200 a.test from x-forwarded-host');
  });
});

describe('the redirect to www', () => {
  const options = { allowedHosts: ['www.example.com', 'www.port.test:8080', '*.wild.test'] };
  test.each<[string, string, string | undefined]>([
    ['EXAMPLE.COM', 'GET /a?b=c HTTP/1.1', 'http://www.example.com/a?b=c'],
    ['example.com:3000', 'GET / HTTP/1.1', 'http://www.example.com:3000/'],
    ['example.com', 'POST /a HTTP/1.1', 'http://www.example.com/a'],
    ['example.com', 'GET http://example.com/a HTTP/1.1', 'http://www.example.com/a'],
    ['example.com', 'OPTIONS * HTTP/1.1', 'http://www.example.com/'],
    ['example.com', 'GET //evil.com/x HTTP/1.1', 'http://www.example.com//evil.com/x'],
    ['example.com', 'GET /\\evil.com HTTP/1.1', 'http://www.example.com/%5Cevil.com'],
    ['port.test:8080', 'GET / HTTP/1.1', 'http://www.port.test:8080/'],
    ['port.test', 'GET / HTTP/1.1', undefined],
    ['wild.test', 'GET / HTTP/1.1', undefined],
    ['a.example.com', 'GET / HTTP/1.1', undefined],
    ['example.com:80@evil.com', 'GET / HTTP/1.1', undefined],
    ['10.0.0.1', 'GET / HTTP/1.1', undefined],
  ])('%s, %s: %s', async (host, start, location) => {
    const server = await serve(options);
    const head = `${start}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    const answer = await rawRequest(server.port, head);
    expect(answer.slice(9, 12)).toBe(location === undefined ? '400' : '307');
    expect(headerOf(answer, 'Location')).toBe(location);
  });

  test('can be switched off', async () => {
    const server = await serve({ ...options, wwwRedirect: false });
    await expect(send(server, ['Host: example.com'])).resolves.toBe(invalid);
  });

  test('follows a trusted proxy and says in Vary what it depended on', async () => {
    const server = await serve({ ...options, trustProxy: 'loopback' });
    const answer = await server.request('/', {
      headers: {
        Host: 'internal',
        'X-Forwarded-Host': 'example.com',
        'X-Forwarded-Proto': 'https',
      },
    });
    expect(answer.headers['location']).toBe('https://www.example.com/');
    expect(answer.headers['vary']).toBe('X-Forwarded-Proto, X-Forwarded-Host');
  });
});

describe('onReject', () => {
  test('is given the reason and an entry to paste, and answers instead', async () => {
    const server = await serve({
      allowedHosts: ['a.test'],
      status: 403,
      onReject: (_req, res, _next, rejection) => {
        res.statusCode = rejection.status;
        res.end(JSON.stringify(rejection));
      },
    });
    const unlisted = '{"reason":"not-allowed","status":403,"entry":"b.test"}';
    await expect(send(server, ['Host: B.test:81'])).resolves.toBe(`403 ${unlisted}`);
    const malformed = '{"reason":"bad-name","status":400}';
    await expect(send(server, ['Host: b..test'])).resolves.toBe(`400 ${malformed}`);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
    [
      'calls next(error)',
      (_req: unknown, _res: unknown, next: (error: unknown) => void) => next(new Error('boom')),
    ],
  ])('that %s is an error of the stack, not the end of the process', async (_, onReject) => {
    const server = await serve({ allowedHosts: ['a.test'], onReject });
    await expect(send(server, ['Host: b.test'])).resolves.toBe('500 boom');
    await expect(send(server, ['Host: a.test'])).resolves.toMatch(/^200/);
  });
});

describe('the channel portcullis:trusted-host:rejected', () => {
  test('tells the reason and the entry, and nothing that the client wrote', async () => {
    const server = await serve({ allowedHosts: ['a.test'] });
    const messages = await collect('portcullis:trusted-host:rejected', async () => {
      await send(server, ['Host: B.test.:8080']);
      await send(server, ['Host: [FD00::1]:1']);
      await send(server, ['Host: "evil\\n".test']);
      await send(server, ['Host: a.test', 'Host: a.test']);
      await send(server, ['Host: a.test']);
    });
    expect(messages).toEqual([
      { reason: 'not-allowed', status: 400, entry: 'b.test' },
      { reason: 'not-allowed', status: 400, entry: '[fd00::1]' },
      { reason: 'bad-name', status: 400, entry: undefined },
      { reason: 'duplicate', status: 400, entry: undefined },
    ]);
  });

  test('the entry, pasted into allowedHosts, allows the host', async () => {
    for (const host of ['B.test.:8080', '[FD00:0::1]:1', '10.0.0.1']) {
      const closed = await serve({ allowedHosts: ['a.test'] });
      const [message] = await collect('portcullis:trusted-host:rejected', () =>
        send(closed, [`Host: ${host}`]),
      );
      const { entry } = message as { entry: string };
      const open = await serve({ allowedHosts: [entry] });
      await expect(send(open, [`Host: ${host}`])).resolves.toMatch(/^200/);
    }
  });
});
