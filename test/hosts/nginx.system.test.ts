import { afterEach, expect, jest, test } from '@jest/globals';
import { request as httpsRequest } from 'node:https';
import { absoluteUrl, clientAddress, getHost, requestScheme } from '@portcullis/core/http';
import { httpsRedirect, type HttpsRedirectOptions } from '@portcullis/https-redirect';
import {
  closeAll,
  listen,
  rawRequest,
  selfSignedCertificate,
  type HostName,
} from '@portcullis/testing';
import { trustedHost, type TrustedHostOptions } from '@portcullis/trusted-host';
import { describeWith } from '../programs.ts';
import { startNginx, type Nginx } from './nginx.ts';

const running: Nginx[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(running.splice(0).map((nginx) => nginx.stop()));
  await closeAll();
});

/** The way most tutorials configure it: the address is appended, the rest is overwritten. */
const overwriting = `
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;`;

/** A proxy that appends everything, so that what a client sent stays in front. */
const appending = `
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";
  proxy_set_header X-Forwarded-Host "$http_x_forwarded_host, $http_host";`;

interface Setup {
  readonly headers: string;
  readonly trusted?: Partial<TrustedHostOptions>;
  readonly redirect?: HttpsRedirectOptions;
  readonly host?: HostName;
  readonly settings?: Record<string, unknown>;
  readonly tls?: boolean;
}

/** nginx in front of a server with both middleware, which tells what it believes. */
async function start({ headers, trusted, redirect, host, settings, tls }: Setup): Promise<Nginx> {
  const stack = [
    trustedHost({ allowedHosts: ['example.com', '*.example.com'], ...trusted }),
    httpsRedirect({ insecure: 'redirect', exempt: ['/facts'], ...redirect }),
  ];
  const upstream = await listen(
    host ?? 'http',
    stack,
    (req, res) => {
      const facts = [
        getHost(req)?.hostname,
        requestScheme(req),
        clientAddress(req),
        absoluteUrl(req, '/reset'),
      ];
      res.end(facts.join(' '));
    },
    { settings },
  );
  const certificate = await selfSignedCertificate();
  const nginx = await startNginx(
    (port, folder) => `server {
      listen 127.0.0.1:${port}${tls === true ? ' ssl' : ''};
      ${tls === true ? `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;` : ''}
      location / {
        proxy_pass http://127.0.0.1:${upstream.port};
        proxy_http_version 1.1;
        proxy_set_header Host upstream.internal;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        ${headers}
      }
    }`,
    { 'cert.pem': String(certificate.cert), 'key.pem': String(certificate.key) },
  );
  running.push(nginx);
  return nginx;
}

async function ask(nginx: Nginx, lines: string[], path = '/facts'): Promise<string> {
  const head = [`GET ${path} HTTP/1.1`, 'Connection: close', ...lines, '', ''].join('\r\n');
  const answer = await rawRequest(nginx.port, head);
  const location = /^Location: (.*?)\r?$/im.exec(answer)?.[1];
  const [, body = ''] = answer.split('\r\n\r\n');
  const text = /chunked/i.test(answer) ? body.split('\r\n')[1] : body;
  return `${answer.slice(9, 12)} ${location ?? text}`;
}

function askTls(nginx: Nginx, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    httpsRequest(
      {
        host: '127.0.0.1',
        port: nginx.port,
        path: '/',
        headers,
        rejectUnauthorized: false,
        agent: false,
      },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)));
        res.on('end', () => resolve(`${res.statusCode} ${res.headers.location ?? text}`));
      },
    )
      .on('error', reject)
      .end();
  });
}

const trust = { trusted: { trustProxy: 'loopback' } } as const;
const refused = '400 Invalid host header';

describeWith('nginx', 'behind a real nginx', () => {
  test('the host, scheme and address of the client arrive', async () => {
    const nginx = await start({ headers: overwriting, ...trust });
    await expect(ask(nginx, ['Host: example.com'])).resolves.toBe(
      '200 example.com http 127.0.0.1 http://example.com/reset',
    );
  });

  test('without trustProxy the upstream name is what is checked', async () => {
    const nginx = await start({ headers: overwriting });
    await expect(ask(nginx, ['Host: example.com'])).resolves.toBe(refused);
  });

  test('a foreign host is refused through the proxy', async () => {
    const nginx = await start({ headers: overwriting, ...trust });
    await expect(ask(nginx, ['Host: evil.com'])).resolves.toBe(refused);
  });

  test('values spoofed by the client do not get past a proxy that overwrites', async () => {
    const nginx = await start({ headers: overwriting, ...trust });
    const spoofed = [
      'Host: example.com',
      'X-Forwarded-Host: evil.com',
      'X-Forwarded-Proto: https',
      'X-Forwarded-For: 6.6.6.6',
    ];
    await expect(ask(nginx, spoofed)).resolves.toMatch(/^200 example\.com http /);
    await expect(ask(nginx, spoofed, '/')).resolves.toBe('307 https://example.com/');
  });

  test('nor past one that appends: the last value counts, and every host is checked', async () => {
    const nginx = await start({ headers: appending, trusted: { trustProxy: 1 } });
    const proto = [
      'Host: example.com',
      'X-Forwarded-Host: a.example.com',
      'X-Forwarded-Proto: https',
    ];
    await expect(ask(nginx, proto)).resolves.toMatch(/^200 example\.com http /);
    await expect(ask(nginx, proto, '/')).resolves.toBe('307 https://example.com/');
    const host = ['Host: example.com', 'X-Forwarded-Host: evil.com'];
    await expect(ask(nginx, host)).resolves.toBe(refused);
  });

  test('an appended X-Forwarded-For is walked from the right', async () => {
    const one = await start({ headers: overwriting, trusted: { trustProxy: 1 } });
    const spoofed = ['Host: example.com', 'X-Forwarded-For: 6.6.6.6'];
    await expect(ask(one, spoofed)).resolves.toContain(' 127.0.0.1 ');
    // With two hops declared where there is one, the client is believed: that is what the number means.
    const two = await start({ headers: overwriting, trusted: { trustProxy: 2 } });
    await expect(ask(two, spoofed)).resolves.toContain(' 6.6.6.6 ');
  });

  test("Express's own trust proxy is enough", async () => {
    const nginx = await start({
      headers: overwriting,
      host: 'express5',
      settings: { 'trust proxy': 'loopback' },
    });
    await expect(ask(nginx, ['Host: example.com'])).resolves.toMatch(/^200 example\.com http /);
  });

  test('https ends at the proxy: no redirect when it is trusted, a warning when it is not', async () => {
    const trusting = await start({ headers: overwriting, tls: true, ...trust });
    await expect(askTls(trusting, { Host: 'example.com' })).resolves.toBe(
      '200 example.com https 127.0.0.1 https://example.com/reset',
    );
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const distrusting = await start({
      headers: overwriting,
      tls: true,
      trusted: { allowedHosts: ['upstream.internal'] },
    });
    await expect(askTls(distrusting, { Host: 'example.com' })).resolves.toBe(
      '307 https://upstream.internal/',
    );
    expect(emitWarning.mock.calls.map(([message]) => message)).toEqual([
      expect.stringContaining("trustProxy: '127.0.0.1'"),
    ]);
  });

  test('RFC 7239 from the proxy, X-Forwarded-* from the client ignored', async () => {
    const nginx = await start({
      headers: 'proxy_set_header Forwarded "for=$remote_addr;host=\\"$http_host\\";proto=$scheme";',
      trusted: { trustProxy: 'loopback', forwarded: 'forwarded' },
    });
    const lines = ['Host: example.com', 'X-Forwarded-Host: evil.com', 'X-Forwarded-Proto: https'];
    await expect(ask(nginx, lines)).resolves.toMatch(/^200 example\.com http 127\.0\.0\.1 /);
  });

  test('hostile heads that nginx lets pass are refused', async () => {
    const nginx = await start({ headers: overwriting, ...trust });
    for (const host of ['0x7f000001', '127.1', 'a_b.evil.com', 'example.com.evil.com']) {
      await expect(ask(nginx, [`Host: ${host}`])).resolves.toBe(refused);
    }
  });
});
