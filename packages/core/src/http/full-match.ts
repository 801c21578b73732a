/**
 * Compiles a RegExp into a test of the whole text.
 *
 * The flags `g` and `y` are dropped because they carry state from one request to the next, and `m` because it
 * lets `^` and `$` match at a line break. The original is copied: changing it later changes nothing.
 */
export function compileFullMatch(expression: RegExp): (text: string) => boolean {
  const flags = expression.flags.replace(/[gymd]/g, '');
  // The group is essential: without it `a|b` would anchor only its ends.
  const anchored = new RegExp(`^(?:${expression.source})$`, flags);
  return (text) => anchored.test(text);
}
