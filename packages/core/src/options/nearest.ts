/** The candidate a person most likely meant, or undefined when none is near. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(text);
  let best: string | undefined;
  // A third of the letters wrong is still a typing error; more is another word.
  let bestDistance = Math.floor(wanted.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, fold(candidate), bestDistance + 1);
    const isNearer =
      distance < bestDistance ||
      (distance === bestDistance && best !== undefined && isLiker(text, candidate, best));
    if (isNearer) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Of two spellings of a word, the one in the manner of the text: `ALLOWED_HOSTS`, `allowedHosts`. */
function isLiker(text: string, candidate: string, best: string): boolean {
  const limit = text.length + 1;
  return editDistance(text, candidate, limit) < editDistance(text, best, limit);
}

/** `allow_origins`, `ALLOW-ORIGINS` and `allowOrigins` are one word written three ways. */
function fold(text: string): string {
  return text.replace(/[-_\s]/g, '').toLowerCase();
}

/**
 * Edits (insert, delete, replace, swap of neighbours) between two words; anything from `limit` on
 * is returned as `limit`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) row.push(cell({ a, b, i, j, row, last, beforeLast }));
    if (Math.min(...row) >= limit) return limit;
    beforeLast = last;
    last = row;
  }
  return Math.min(limit, ...last.slice(-1));
}

interface Cell {
  a: string;
  b: string;
  i: number;
  j: number;
  row: number[];
  last: number[];
  beforeLast: number[];
}

function cell({ a, b, i, j, row, last, beforeLast }: Cell): number {
  const same = a[i - 1] === b[j - 1];
  const best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
  const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
  return swapped ? Math.min(best, at(beforeLast, j - 2) + 1) : best;
}

function at(row: readonly number[], index: number): number {
  /* istanbul ignore next -- the indexes above are always inside the row */
  return row[index] ?? Infinity;
}
