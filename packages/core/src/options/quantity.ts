const DURATION = /^(\d+(?:\.\d+)?)\s?(ms|s|m|h|d|w)$/i;
const BYTES = /^(\d+(?:\.\d+)?)\s?(b|kb|mb|gb|kib|mib|gib)$/i;

// Thousandths, because `0.001 * 500` and friends do not give whole numbers in binary fractions.
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
  ['b', 1],
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
]);

/** Seconds of a text such as `'10m'`, `'14d'`, `'500ms'`; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const milliseconds = parseQuantity(text, DURATION, MILLISECONDS);
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

/** Bytes of a text such as `'1kb'` (1024), `'2mb'`; undefined when it is not one. */
export function parseBytes(text: string): number | undefined {
  const bytes = parseQuantity(text, BYTES, UNIT_BYTES);
  return bytes === undefined ? undefined : Math.floor(bytes);
}

function parseQuantity(
  text: string,
  grammar: RegExp,
  units: ReadonlyMap<string, number>,
): number | undefined {
  const match = grammar.exec(text.trim());
  if (match === null) return undefined;
  const unit = units.get(String(match[2]).toLowerCase());
  return unit === undefined ? undefined : Number(match[1]) * unit;
}
