import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Encoding } from '../src/encoding.ts';
import { createNegotiation, parseAcceptEncoding } from '../src/negotiation.ts';

const all: readonly Encoding[] = ['zstd', 'br', 'gzip', 'deflate'];

function codings(header: string, encodings = all): readonly string[] {
  return parseAcceptEncoding(header, encodings).codings;
}

describe('parseAcceptEncoding', () => {
  test.each([
    ['one coding', 'gzip', ['gzip']],
    ['none named', '', []],
    ['refused by q=0', 'gzip;q=0', []],
    ['the smallest q above 0', 'gzip;q=0.001', ['gzip']],
    ['a higher q wins over our order', 'gzip;q=0.5, deflate', ['deflate', 'gzip']],
    ['a higher q wins over the client order', 'gzip, br;q=0.8', ['gzip', 'br']],
    ['ties follow our order', 'deflate, gzip, br, zstd', ['zstd', 'br', 'gzip', 'deflate']],
    ['equal q values are ties', 'deflate;q=0.5, br;q=0.5', ['br', 'deflate']],
    ['a wildcard offers everything', '*', ['zstd', 'br', 'gzip', 'deflate']],
    ['a named coding is exempt from the wildcard', '*, gzip;q=0', ['zstd', 'br', 'deflate']],
    ['the wildcard has a q too', 'gzip, *;q=0.1', ['gzip', 'zstd', 'br', 'deflate']],
    ['the plain form is liked better', 'gzip;q=0.5, identity;q=1', []],
    ['the plain form is liked as much', 'gzip, identity', ['gzip']],
    ['only what is ahead of the plain form', 'br, identity;q=0.5, gzip;q=0.2', ['br']],
    ['the plain form is refused', 'identity;q=0, gzip', ['gzip']],
    ['all but the plain form is refused', '*;q=0, identity', []],
    ['upper and mixed case', 'GZIP, Br', ['br', 'gzip']],
    ['odd white space', ' gzip\t ;  q=0.5 ,\tbr ;q=0.7', ['br', 'gzip']],
    ['the old name x-gzip', 'x-gzip', ['gzip']],
    ['x-gzip with a q of its own', 'X-GZIP;q=0, br', ['br']],
    ['x-gzip beside gzip', 'gzip;q=0.5, x-gzip;q=0.9', ['gzip']],
    ['a name that only contains gzip', 'not-gzip, gzipx, xgzip, x-gzipx, gx-gzip', []],
    ['a parameter before q', 'gzip;foo=bar;q=0.3, br;q=0.2', ['gzip', 'br']],
    ['an upper-case Q', 'gzip;Q=0, br', ['br']],
    ['empty members', 'gzip,,zstd,', ['zstd', 'gzip']],
    ['the same member twice', 'gzip, gzip', ['gzip']],
    ['codings that nobody has', 'sdch, compress, bzip2', []],
    ['a comma in a quoted parameter', 'gzip;a="x,br"', ['gzip']],
  ])('%s: %s', (_, header, expected) => {
    expect(codings(header)).toEqual(expected);
  });

  test.each([
    ['*;q=0', true],
    ['identity;q=0', true],
    ['identity;q=0, br', true],
    ['*;q=0, br', true],
    ['*;q=0, identity', false],
    ['gzip;q=0', false],
    ['', false],
  ])('says whether the plain form is refused: %s', (header, forbidden) => {
    expect(parseAcceptEncoding(header, all).identityForbidden).toBe(forbidden);
  });

  test('leaves out codings that the server does not offer', () => {
    expect(codings('gzip, br, zstd', ['deflate', 'gzip'])).toEqual(['gzip']);
    expect(codings('*;q=0, br', ['gzip'])).toEqual([]);
  });

  test('gives up on more than 32 members', () => {
    const members = Array.from({ length: 32 }, () => 'gzip');
    expect(codings(members.join(','))).toEqual(['gzip']);
    expect(codings([...members, 'gzip'].join(','))).toEqual([]);
  });

  test('never throws and never invents a coding', () => {
    const member = fc.oneof(
      fc.constantFrom(...all, 'identity', '*', 'x-gzip', 'q', ';', ',', '=', '"', '__proto__'),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(
        fc.array(member, { maxLength: 40 }),
        fc.constantFrom(',', ';q=', ''),
        (parts, by) => {
          for (const coding of codings(parts.join(by))) expect(all).toContain(coding);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('createNegotiation', () => {
  test('parses a value once', () => {
    let parsed = 0;
    const negotiate = createNegotiation(all, ({ codings: found }) => {
      parsed += 1;
      return { found };
    });
    const before = parsed;
    const first = negotiate('gzip, br');
    expect(negotiate('gzip, br')).toBe(first);
    expect(parsed - before).toBe(1);
  });

  test('keeps a common value through ten thousand invented ones, without growing', () => {
    const live = new Set<WeakRef<object>>();
    const negotiate = createNegotiation(all, (negotiated) => {
      live.add(new WeakRef(negotiated));
      return negotiated;
    });
    for (let i = 0; i < 10_000; i++) {
      negotiate(`gzip;q=0.${i}`);
      expect(negotiate('gzip').codings).toEqual(['gzip']);
    }
    // The common value is parsed again each time 256 others pushed it out, and no more often.
    expect(live.size).toBeLessThan(10_000 + 10_000 / 200);
    expect(negotiate('gzip;q=0.1')).not.toBe(negotiate('gzip;q=0.2'));
  });

  test('answers a missing, empty or oversized value with the plain form, unparsed', () => {
    let concluded = 0;
    const negotiate = createNegotiation(all, (negotiated) => {
      concluded += 1;
      return negotiated;
    });
    for (const header of [undefined, '', `gzip,${' '.repeat(1020)}`, 'gzip,'.repeat(3000)]) {
      expect(negotiate(header)).toEqual({ codings: [], identityForbidden: false });
    }
    expect(concluded).toBe(1);
    expect(negotiate(`gzip${' '.repeat(1020)}`).codings).toEqual(['gzip']);
  });
});
