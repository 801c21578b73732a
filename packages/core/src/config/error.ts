/** One problem of a configuration. Never holds the value of a secret. */
export interface ConfigIssue {
  /** `CONFIG_UNKNOWN_KEY`; every code is explained in docs/errors.md. */
  readonly code: string;
  /** Where it is: `./app.json`, `.env:3`, `the environment variable CORS_MAX_AGE`. */
  readonly source: string;
  /** The key as it was written, when the problem has one. */
  readonly key?: string | undefined;
  readonly reason: string;
  readonly hint?: string | undefined;
}

/** Thrown by `loadConfig` for everything that is wrong with a configuration, together. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_PORTCULLIS_CONFIG';
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super(formatIssues(issues), options);
    this.issues = Object.freeze([...issues]);
  }
}

/** What a thrown value says. Not by `instanceof`: errors of other realms come by here. */
export function reasonOf(thrown: unknown): string {
  const isError = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  return String(isError ? thrown.message : thrown);
}

function formatIssues(issues: readonly ConfigIssue[]): string {
  const count = issues.length === 1 ? '1 problem' : `${String(issues.length)} problems`;
  const lines = [`The configuration cannot be used: ${count}`];
  for (const { source, key, reason, hint } of issues) {
    // "the environment variable X: X …" would say the name twice.
    const named = key === undefined || source.endsWith(` ${key}`) ? '' : `${key} `;
    lines.push(`  ✖ ${source}: ${named}${reason}`);
    if (hint !== undefined) lines.push(`      → ${hint}`);
  }
  return lines.join('\n');
}
