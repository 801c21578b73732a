// The first unit that fits counts: `ms` stands before `s`. Thousandths, because `0.001 * 500` and friends do not give whole numbers in binary fractions.
const MILLISECONDS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

// `1kb` is 1024 bytes, as in `bytes`, nginx and every size option of the neighbours.
const UNIT_BYTES = new Map([
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
  ['b', 1],
]);

/** Seconds of a text such as `'10m'`, `'14d'`, `'500ms'`; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const milliseconds = parseQuantity(text, MILLISECONDS);
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

/** Bytes of a text such as `'1kb'` (1024), `'2mb'`; undefined when it is not one. */
export function parseBytes(text: string): number | undefined {
  const bytes = parseQuantity(text, UNIT_BYTES);
  return bytes === undefined ? undefined : Math.floor(bytes);
}

function parseQuantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const folded = text.trim().toLowerCase();
  const found = [...units].find(([unit]) => folded.endsWith(unit));
  if (found === undefined) return undefined;
  const [unit, size] = found;
  const amount = folded.slice(0, -unit.length);
  return /^\d+(?:\.\d+)?\s?$/.test(amount) ? Number(amount) * size : undefined;
}
