import { afterEach, describe, expect, test } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trustedHost, type TrustedHostOptions } from '@portcullis/trusted-host';
import { closeAll } from '@portcullis/testing';
import { serve } from './served.ts';

afterEach(closeAll);

/** Node's own request and response without a connection: a hundred thousand sockets would measure the kernel. */
function drive(options: TrustedHostOptions): (host: string) => void {
  // Writing the refusals would take nearly all of the time.
  const middleware = trustedHost({ onReject: () => {}, ...options });
  const socket = new Socket();
  const res = new ServerResponse(new IncomingMessage(socket));
  return (host) => {
    const req = new IncomingMessage(socket);
    req.httpVersionMajor = 1;
    req.method = 'GET';
    req.url = '/';
    req.rawHeaders = ['Host', host];
    middleware(req, res, () => {});
  };
}

setFlagsFromString('--expose-gc');
// The flag adds the function to contexts made after it.
const collectGarbage = runInNewContext('gc') as () => void;

function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('what is remembered', () => {
  test.each<[string, TrustedHostOptions]>([
    ['refused', { allowedHosts: ['example.com'] }],
    ['allowed by a wildcard', { allowedHosts: ['*'] }],
    ['allowed by a predicate', { allowedHosts: [() => true] }],
  ])('stays small over 100 000 different hosts that are %s', (_, options) => {
    const request = drive(options);
    const long = 'x'.repeat(60);
    const send = (from: number, to: number): void => {
      for (let n = from; n < to; n++) request(`h${n}.${long}.${long}.test`);
    };
    send(0, 2000);
    const before = heap();
    send(2000, 102_000);
    // 100 000 names of 135 characters alone would be 13 MB.
    expect(heap() - before).toBeLessThan(3e6);
  });

  test('a host is still served after 300 others', async () => {
    const server = await serve({ allowedHosts: '*' });
    const get = (host: string) => server.request('/', { headers: { Host: host } });
    await get('first.test');
    for (let n = 0; n < 300; n++) await get(`h${n}.test`);
    expect((await get('first.test')).text).toBe('first.test from host');
  });
});

describe('hostile names', () => {
  test('cost time in proportion to their length, not more', () => {
    const request = drive({ allowedHosts: ['example.com', '*.a.b.example.com', /x[0-9]+\.test/] });
    const timeOf = (make: (n: number) => string): number => {
      const names = Array.from({ length: 3000 }, (_, n) => make(n));
      const start = performance.now();
      names.forEach(request);
      return performance.now() - start;
    };
    const name = (labels: number) => (n: number) => `${'a.'.repeat(labels)}h${1000 + n}.test`;
    timeOf(name(5));
    timeOf(name(100));
    const short = Math.min(timeOf(name(10)), timeOf(name(10)), timeOf(name(10)));
    const long = Math.min(timeOf(name(100)), timeOf(name(100)), timeOf(name(100)));
    // Ten times as long.
    expect(long).toBeLessThan(short * 15);
  });
});
