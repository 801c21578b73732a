import { afterEach, describe, expect, test } from '@jest/globals';
import { appendVary } from '@portcullis/core/http';
import { closeAll, hostNames, listen } from '@portcullis/testing';

afterEach(closeAll);

async function varyAfter(set: string | string[] | undefined, fields: string[]): Promise<unknown> {
  const server = await listen('http', [], (_req, res) => {
    if (set !== undefined) res.setHeader('Vary', set);
    for (const field of fields) appendVary(res, field);
    res.end();
  });
  return (await server.request('/')).headers['vary'];
}

describe('appendVary()', () => {
  test.each<[string | string[] | undefined, string[], string]>([
    [undefined, ['Origin'], 'Origin'],
    ['Origin', ['Origin'], 'Origin'],
    ['origin', ['Origin'], 'origin'],
    ['Accept-Encoding', ['Origin'], 'Accept-Encoding, Origin'],
    [['Accept', 'Accept-Encoding'], ['Origin'], 'Accept, Accept-Encoding, Origin'],
    ['*', ['Origin'], '*'],
    ['Origin', ['*'], '*'],
    [undefined, ['Origin', 'Accept', 'Origin'], 'Origin, Accept'],
  ])('%p and %p give %s', async (set, fields, expected) => {
    await expect(varyAfter(set, fields)).resolves.toBe(expected);
  });

  test('refuses what is no header name', async () => {
    const server = await listen('http', [], (_req, res) => {
      res.setHeader('Vary', 'Accept');
      appendVary(res, 'a b');
    });
    expect((await server.request('/')).text).toBe('field argument contains an invalid header name');
  });

  test.each(hostNames)('%s', async (host) => {
    const server = await listen(host, [], (_req, res) => {
      appendVary(res, 'Origin');
      appendVary(res, 'Accept');
      res.end();
    });
    expect((await server.request('/')).headers['vary']).toBe('Origin, Accept');
  });
});
