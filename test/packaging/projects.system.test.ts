import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { createProject, root } from './install.ts';
import type { Project } from './install.ts';

const factories = {
  '@portcullis/cors': 'cors',
  '@portcullis/trusted-host': 'trustedHost',
  '@portcullis/https-redirect': 'httpsRedirect',
  '@portcullis/gzip': 'gzip',
  '@portcullis/session': 'session',
} as const;

const body = `
const stack = [
  trustedHost({ allowedHosts: ['127.0.0.1'] }),
  httpsRedirect({ enabled: false }),
  cors({ allowOrigins: ['https://app.example'] }),
  gzip(),
  session({ secretKey: 'kR3v-8Qw1zLr0-example-of-a-long-secret-key-T7' }),
];
async function probe(app) {
  for (const middleware of stack) app.use(middleware);
  app.use((req, res) => res.end('served'));
  const server = http.createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const response = await fetch('http://127.0.0.1:' + server.address().port, { headers: { Origin: 'https://app.example' } });
  const line = [response.status, response.headers.get('access-control-allow-origin'), await response.text()].join(' ');
  server.closeAllConnections();
  server.close();
  return line;
}
async function main() {
  for (const app of [express5(), express4(), connect()]) console.log(await probe(app));
}
main();
`;

const commonjs = `const http = require('node:http');
const express5 = require('express'), express4 = require('express4'), connect = require('connect');
${Object.entries(factories)
  .map(([name, factory]) => `const { ${factory} } = require('${name}');`)
  .join('\n')}
${body}`;

const esModule = `import http from 'node:http';
import express5 from 'express';
import express4 from 'express4';
import connect from 'connect';
${Object.entries(factories)
  .map(([name, factory]) => `import { ${factory} } from '${name}';`)
  .join('\n')}
${body}`;

const typed = `import express from 'express';
import connect from 'connect';
import { createServer } from 'node:http';
${Object.entries(factories)
  .map(([name, factory]) => `import { ${factory} } from '${name}';`)
  .join('\n')}
import { sessionOf } from '@portcullis/session';
import npmCors, { type CorsOptions, type CorsOptionsDelegate } from '@portcullis/cors/compat';
import compression, { type CompressionOptions } from '@portcullis/gzip/compat';
const app = express();
const corsOptions: CorsOptions = { origin: ['https://a.example', /\\.b\\.example$/], credentials: true };
const byMethod: CorsOptionsDelegate = (req, done) => done(null, req.method === 'GET' ? corsOptions : { origin: false });
const compressionOptions: CompressionOptions = { threshold: 0, filter: (req, res) => compression.filter(req, res) };
app.use(npmCors(byMethod), npmCors(corsOptions), compression(compressionOptions));
app.use(trustedHost({ allowedHosts: ['a.example'] }), httpsRedirect(), cors({ allowOrigins: ['https://a.example'] }), gzip());
app.use(session({ secretKey: 'x' }));
app.get('/', (req, res) => {
  const visits: number | undefined = sessionOf<{ visits?: number }>(req).visits;
  res.json(visits);
});
const old = connect();
old.use(cors());
createServer((req, res) => trustedHost({ allowedHosts: ['a'] })(req, res, () => res.end()));
// @ts-expect-error: an unknown option is a compile error
cors({ allowOrigin: 'https://a.example' });
`;

const served = Array.from({ length: 3 }, () => '200 https://app.example served').join('\n');
let project: Project;

beforeAll(() => {
  project = createProject();
}, 120_000);
afterAll(() => project.remove());

describe('the packed tarballs in a project of their own', () => {
  test('run from CommonJS on Express 5, Express 4 and Connect', () => {
    project.write({ 'main.cjs': commonjs });
    expect(project.run('node', 'main.cjs').trim()).toBe(served);
  });

  test('run from an ES module', () => {
    project.write({ 'main.mjs': esModule });
    expect(project.run('node', 'main.mjs').trim()).toBe(served);
  });

  test('give the same functions to import and require', () => {
    const names = JSON.stringify(Object.entries(factories));
    project.write({
      'same.mjs': `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const [name, factory] of ${names}) {
  if ((await import(name))[factory] !== require(name)[factory]) console.log(name);
}`,
    });
    expect(project.run('node', 'same.mjs')).toBe('');
  });

  test('hold plain properties, which are called without a look-up', () => {
    const names = JSON.stringify([...Object.keys(factories), '@portcullis/core/http']);
    project.write({
      'plain.cjs': `for (const name of ${names}) {
  for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(require(name)))) if (get) console.log(name, key);
}`,
    });
    expect(project.run('node', 'plain.cjs')).toBe('');
  });

  test('run under Jest in CommonJS without any configuration', () => {
    project.write({
      'package.json': '{ "jest": { "testMatch": ["**/jest.spec.js"] } }',
      'jest.spec.js': `${Object.entries(factories)
        .map(
          ([name, factory]) =>
            `test('${name}', () => { expect(typeof require('${name}').${factory}).toBe('function'); });`,
        )
        .join('\n')}`,
    });
    expect(() => project.run('node', join(root, 'node_modules/jest/bin/jest.js'))).not.toThrow();
  });

  test.each([
    ['commonjs', 'node16', 'cts'],
    ['module', 'nodenext', 'mts'],
  ])(
    'type-check in a %s project with module %s, libraries included',
    (_kind, moduleKind, extension) => {
      project.write({
        [`types/main.${extension}`]: typed,
        'types/tsconfig.json': JSON.stringify({
          compilerOptions: {
            ...{
              target: 'es2022',
              module: moduleKind,
              strict: true,
              noEmit: true,
              types: ['node'],
            },
            ...{ exactOptionalPropertyTypes: true, esModuleInterop: true, skipLibCheck: false },
          },
          files: [`main.${extension}`],
        }),
      });
      let output = '';
      try {
        output = project.run('node', join(root, 'node_modules/typescript/bin/tsc'), '-p', 'types');
      } catch (error) {
        output = String((error as { stdout?: unknown }).stdout);
      }
      expect(output.split('\n').filter((line) => /portcullis|types\/main/.test(line))).toEqual([]);
    },
  );
});
