import { describe, expect, test } from '@jest/globals';
import { difference } from '../src/data/difference.ts';
import { findUnserialisable } from '../src/data/json-values.ts';

const circle: Record<string, unknown> = {};
circle['self'] = { deep: circle };

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

describe('findUnserialisable', () => {
  test.each([
    [
      'a bigint in a list',
      { cart: [{ price: 1 }, { price: 2n }] },
      'session.cart[1].price',
      'a bigint',
    ],
    ['a function', { onDone: () => 1 }, 'session.onDone', 'a function'],
    ['a symbol', { mark: Symbol('x') }, 'session.mark', 'a symbol'],
    ['NaN', { n: Number.NaN }, 'session.n', 'NaN'],
    ['Infinity', { n: -Infinity }, 'session.n', '-Infinity'],
    ['a Date', { at: new Date(0) }, 'session.at', 'a Date'],
    ['a Map', { m: new Map() }, 'session.m', 'a Map'],
    ['a Set', { m: new Set() }, 'session.m', 'a Set'],
    ['a RegExp', { m: /x/ }, 'session.m', 'a RegExp'],
    ['an Error', { m: new Error('x') }, 'session.m', 'an Error'],
    ['a Promise', { m: Promise.resolve() }, 'session.m', 'a Promise'],
    ['a Buffer', { m: Buffer.from('x') }, 'session.m', 'binary data'],
    ['an ArrayBuffer', { m: new ArrayBuffer(1) }, 'session.m', 'an ArrayBuffer'],
    ['a cycle', circle, 'session.self.deep', 'a reference to an object that contains it'],
    ['a key that is no identifier', { 'a b': { '0': 1n } }, 'session["a b"]["0"]', 'a bigint'],
    [
      '200 levels',
      { a: nested(200) },
      `session${'.a'.repeat(200)}`,
      'nested deeper than 200 levels',
    ],
  ])('names %s by its path', (_, data, path, what) => {
    expect(findUnserialisable(data)).toMatchObject({ path, what });
  });

  test.each([
    ['plain data', { a: [1, 'x', true, null, { b: {} }], u: undefined }],
    [
      'an object without a prototype',
      { a: Object.assign(Object.create(null), { b: 1 }) as object },
    ],
    ['an object that says what it becomes', { url: new URL('https://example.com/') }],
    [
      'an instance of a class',
      {
        a: new (class Cart {
          items = [1];
        })(),
      },
    ],
    ['the same object twice, not in a circle', ((one) => ({ a: one, b: [one, one] }))({ x: 1 })],
  ])('lets %s pass', (_, data) => {
    expect(findUnserialisable(data)).toBeUndefined();
  });
});

describe('difference', () => {
  test('gives the changed and the removed keys, at the top level', () => {
    const patch = difference('{"a":1,"b":{"c":1},"d":4}', '{"b":{"c":2},"d":4,"e":[5]}');
    expect([...patch.set]).toEqual([
      ['b', '{"c":2}'],
      ['e', '[5]'],
    ]);
    expect(patch.removed).toEqual(['a']);
  });

  test('gives everything for what was not stored before', () => {
    expect([...difference(undefined, '{"a":1}').set]).toEqual([['a', '1']]);
  });
});
