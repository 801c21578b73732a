import { afterEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from '@portcullis/testing';
import connectApp from 'connect';
import express5 from 'express';
import type { ErrorRequestHandler } from 'express';
import express4 from 'express4';
import { closeServers, echo, listenChat, open } from './listen.ts';

afterEach(closeServers);

const failing: ErrorRequestHandler = (error: Error, _req, res, _next) => {
  res.status(418).send(`handled: ${error.message}`);
};

describe.each([
  ['Express 5', express5],
  ['Express 4', express4 as unknown as typeof express5],
])('a whole %s app as the stack', (_name, express) => {
  function createApp(): ReturnType<typeof express> {
    const app = express();
    app.set('env', 'test');
    app.set('trust proxy', 1);
    app.use((_req, res, next) => {
      res.cookie('a', '1');
      res.cookie('b', '2');
      next();
    });
    app.get('/redirect', (_req, res) => res.redirect('/login'));
    app.get('/json', (_req, res) => void res.status(409).json({ taken: true }));
    app.get('/file', (_req, res) => res.sendFile(__filename));
    app.get('/throws', () => {
      throw new Error('secret');
    });
    app.get('/handled', (_req, _res, next) => next(new Error('tea')));
    app.get('/getters', (req, res, next) => {
      res.set('X-Seen', [req.protocol, req.hostname, req.ip, String(req.secure)].join(' '));
      next();
    });
    const api = express.Router();
    api.use('/private', (_req, res) => res.sendStatus(401));
    app.use('/api', api);
    app.use('/handled', failing);
    return app;
  }

  test('lets a path through that it does not answer, cookies and all', async () => {
    const app = createApp();
    const { url } = await listenChat(app, { app });
    const { status, headers, client } = await open(`${url}/chat`);
    expect(status).toBe(101);
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; Path=/']);
    expect(await echo(client, 'hello')).toBe('hello');
  });

  test('its getters read the proxy headers by its own trust proxy', async () => {
    const { url } = await listenChat(createApp());
    const { headers } = await open(`${url}/getters`, {
      headers: {
        'X-Forwarded-For': '203.0.113.9',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'app.example',
      },
    });
    expect(headers['x-seen']).toBe('https app.example 203.0.113.9 true');
  });

  test.each([
    ['/redirect', 302, '/login'],
    ['/json', 409, '{"taken":true}'],
    ['/file', 200, 'a whole %s app'],
    ['/api/private', 401, 'Unauthorized'],
    ['/handled', 418, 'handled: tea'],
  ])('its answer at %s arrives', async (path, status, text) => {
    const { url } = await listenChat(createApp());
    const answer = await open(url + path);
    expect(answer.status).toBe(status);
    expect(`${String(answer.headers.location)} ${answer.body}`).toContain(text);
  });

  test('an error that it does not handle is a plain 500, told to onError', async () => {
    const { url, errors } = await listenChat(createApp());
    const { status, body } = await open(`${url}/throws`);
    expect([status, body]).toEqual([500, 'Internal Server Error']);
    expect(errors.map(String)).toEqual(['Error: secret']);
  });

  test('takes h2c requests as ordinary ones', async () => {
    const app = createApp();
    const { port } = await listenChat(app, { app });
    const answer = await rawRequest(
      port,
      'GET /json HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 409 [^]*\{"taken":true\}$/);
  });
});

describe('a whole Connect app as the stack', () => {
  test('lets through, answers and fails', async () => {
    const app = connectApp();
    app.use('/no', (_req, res) => {
      res.statusCode = 403;
      res.end('no');
    });
    app.use('/throws', () => {
      throw Object.assign(new Error('too many'), { status: 429, expose: true });
    });
    app.use((_req, res, next) => {
      res.setHeader('X-Connect', '1');
      next();
    });
    const { url } = await listenChat(app);
    expect((await open(`${url}/chat`)).headers['x-connect']).toBe('1');
    expect((await open(`${url}/no`)).status).toBe(403);
    expect((await open(`${url}/throws`)).body).toBe('too many');
  });

  test('may stand among functions and other apps', async () => {
    const first = express5();
    first.use((_req, res, next) => {
      res.vary('Origin');
      next();
    });
    const second = connectApp();
    second.use((_req, res, next) => {
      res.appendHeader('Vary', 'Cookie');
      next();
    });
    const { url } = await listenChat([
      first,
      (
        _req: unknown,
        res: { appendHeader(name: string, value: string): unknown },
        next: () => void,
      ) => {
        res.appendHeader('Vary', 'Accept');
        next();
      },
      [second],
    ]);
    expect((await open(url)).headers.vary).toBe('Origin, Accept, Cookie');
  });
});
