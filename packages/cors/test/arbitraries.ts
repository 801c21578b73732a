import fc from 'fast-check';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-_'.split('');

export const anyLabel: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(...letters),
  minLength: 1,
  maxLength: 8,
});

/** A name whose last label is a word, so that it is no address. */
export const anyName: fc.Arbitrary<string> = fc
  .tuple(fc.array(anyLabel, { maxLength: 4 }), fc.constantFrom('com', 'org', 'example', 'local'))
  .map(([labels, last]) => [...labels, last].join('.'));

export const anyScheme: fc.Arbitrary<string> = fc.constantFrom('http', 'https', 'app', 'a+b.c-d');

export const anyPort: fc.Arbitrary<string> = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 1, max: 65_535 }).map((port) => `:${String(port)}`),
);

/** What Node makes of the bytes of a header: latin-1. */
export const anyText: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Texts near the grammar: mostly right, sometimes with one character too many. */
export const anyOrigin: fc.Arbitrary<string> = fc
  .tuple(
    anyScheme,
    fc.oneof(
      anyName,
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
    ),
    anyPort,
    fc.option(
      fc.tuple(
        fc.nat(60),
        fc.constantFrom('.', '/', '@', '#', '?', ' ', 'A', '%', '\\', ',', ':', '*', '\n'),
      ),
      { freq: 3 },
    ),
  )
  .map(([scheme, host, port, noise]) => {
    const text = `${scheme}://${host}${port}`;
    if (noise === null) return text;
    const at = Math.min(noise[0], text.length);
    return text.slice(0, at) + noise[1] + text.slice(at);
  });
