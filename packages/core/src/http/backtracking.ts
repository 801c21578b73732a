/** The part of an expression that can take time out of proportion to the text, or `undefined`. */
export function findBacktracking(expression: RegExp): string | undefined {
  return /\((?:[^()\\]|\\.)*[*+](?:[^()\\]|\\.)*\)[*+]/.exec(expression.source)?.[0];
}
