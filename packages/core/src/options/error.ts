import type { OptionIssue } from './issue.ts';

/** Thrown by a factory for all the options that it cannot use, together. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code = 'ERR_PORTCULLIS_OPTIONS';
  /** The package whose factory was called: `@portcullis/cors`. */
  readonly package: string;
  readonly issues: readonly OptionIssue[];

  constructor(packageName: string, issues: readonly OptionIssue[]) {
    super(formatIssues(packageName, issues));
    this.package = packageName;
    this.issues = Object.freeze([...issues]);
  }
}

function formatIssues(packageName: string, issues: readonly OptionIssue[]): string {
  const count = issues.length === 1 ? '1 option' : `${String(issues.length)} options`;
  const lines = [`${packageName}: ${count} cannot be used`];
  for (const { message, hint } of issues) {
    lines.push(`  ✖ ${message}`);
    if (hint !== undefined) lines.push(`      → ${hint}`);
  }
  return lines.join('\n');
}
