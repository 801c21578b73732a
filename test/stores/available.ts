import { describe } from '@jest/globals';

/** Runs tests that need a program. Without it they are skipped by name, except on CI, where that is a failure. */
export function describeWith(program: string, available: boolean, tests: () => void): void {
  if (available || process.env['CI'] !== undefined) describe(`with ${program}`, tests);
  else describe.skip(`skipped: ${program} is not installed`, tests);
}
