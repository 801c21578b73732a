import { describe, expect, test } from '@jest/globals';
import { parseForwarded } from '@portcullis/core/http';

type Element = Partial<NonNullable<ReturnType<typeof parseForwarded>>[number]>;

describe('parseForwarded() reads', () => {
  test.each<[string, Element[]]>([
    ['', []],
    [' ', []],
    [',', []],
    ['for="_gazonk"', [{}]],
    ['for=unknown', [{}]],
    ['for="unknown:4711"', [{}]],
    ['For="[2001:db8:cafe::17]:4711"', [{ for: '2001:db8:cafe::17' }]],
    [
      'for=192.0.2.60;proto=http;by=203.0.113.43',
      [{ for: '192.0.2.60', proto: 'http', by: '203.0.113.43' }],
    ],
    ['for=192.0.2.43, for=198.51.100.17', [{ for: '192.0.2.43' }, { for: '198.51.100.17' }]],
    ['for=192.0.2.43,for="[2001:db8::1]"', [{ for: '192.0.2.43' }, { for: '2001:db8::1' }]],
    ['for="192.0.2.43:47011"', [{ for: '192.0.2.43' }]],
    ['for="192.0.2.43:_port"', [{ for: '192.0.2.43' }]],
    ['for=_a;;proto=B', [{ proto: 'b' }]],
    [', for=_a ,, for=_b,', [{}, {}]],
    ['for="a\\"b"', [{ for: null }]],
    ['host="a,b;c"', [{ host: 'a,b;c' }]],
    ['host="\\e\\x.com"', [{ host: 'ex.com' }]],
    ['HOST=example.com;Proto=HTTPS', [{ host: 'example.com', proto: 'https' }]],
    ['secret=ruewiu', [{}]],
    ['for=_a\t;\tproto=http', [{ proto: 'http' }]],
    ['for="[::1"', [{ for: null }]],
    ['for="[zz]"', [{ for: null }]],
    ['for="256.1.1.1"', [{ for: null }]],
  ])('%s', (text, elements) => {
    expect(parseForwarded(text)).toEqual(
      elements.map((element) => ({
        for: undefined,
        by: undefined,
        host: undefined,
        proto: undefined,
        ...element,
      })),
    );
  });
});

describe('parseForwarded() refuses', () => {
  test.each([
    'for=',
    'for',
    'for=a for=b',
    'for="a',
    'for="a\\',
    'for=[::1]',
    'for=1.2.3.4:80',
    'for=a;for=b',
    'for=a;FOR=b',
    '=a',
    'for = a',
    'for= a',
    'for="a"b',
    'for="\u0001"',
    'for="\u0100"',
    'for=a=b',
    `for=${'a'.repeat(5000)}`,
  ])('%s', (text) => {
    expect(parseForwarded(text)).toBeUndefined();
  });

  test('in linear time', () => {
    const time = (text: string): number => {
      const start = performance.now();
      for (let i = 0; i < 50; i++) parseForwarded(text);
      return performance.now() - start;
    };
    const make = (n: number): string => `for="${'\\a'.repeat(n)}`;
    time(make(400));
    expect(time(make(2000))).toBeLessThan(Math.max(20 * time(make(200)), 50));
  });
});
