import { afterEach, describe, expect, test } from '@jest/globals';
import { compileTrust, sameOriginAs } from '@portcullis/core/http';
import { closeAll } from '@portcullis/testing';
import { fact } from './request-facts.ts';

afterEach(closeAll);

describe('sameOriginAs()', () => {
  const trust = compileTrust('loopback');
  test.each<[string, string[], boolean]>([
    ['http://a.test', ['Host: a.test'], true],
    ['http://a.test', ['Host: A.test:80'], true],
    ['http://a.test:3000', ['Host: a.test:3000'], true],
    ['http://[::1]:3000', ['Host: [0:0::1]:3000'], true],
    ['https://a.test', ['Host: a.test'], false],
    ['http://a.test', ['Host: a.test:3000'], false],
    ['http://a.test:3000', ['Host: a.test'], false],
    ['http://b.test', ['Host: a.test'], false],
    ['http://a.test/', ['Host: a.test'], false],
    ['http://', ['Host: a.test'], false],
    ['http://u@a.test', ['Host: a.test'], false],
    ['null', ['Host: a.test'], false],
    ['http://a.test', ['Host: a.test', 'Host: a.test'], false],
    ['https://a.test', ['Host: in', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: a.test'], true],
    ['https://a.test', ['Host: a.test:443', 'X-Forwarded-Proto: https'], true],
  ])('%s and %p: %s', async (origin, lines, expected) => {
    await expect(fact((req) => sameOriginAs(req, origin, { trust }), lines)).resolves.toBe(
      expected,
    );
  });
});
