/** What a cookie of another library held: its data, or the id under which its store keeps them. */
export type Migrated = { readonly data: Record<string, unknown> } | { readonly id: string };

/** Reads sessions of another library for a while, so that changing over logs nobody out. It never writes that format. */
export interface MigrationCodec {
  readonly name: string;
  /** The cookies it reads, and removes once the session has a cookie of ours. */
  readonly cookieNames: readonly string[];
  readonly path: string;
  readonly domain: string | undefined;
  /** Seconds since 1970; from then on its cookies are ignored. */
  readonly until: number;
  /** What is weak about its keys, if anything: accepted here, warned of once. */
  readonly weakness: string | undefined;
  /** `values` gives all cookies of a name. A cookie that cannot be used is `undefined`, never an error. */
  read(values: (name: string) => readonly string[], now: number): Migrated | undefined;
}

export function isCodec(value: unknown): value is MigrationCodec {
  return (
    typeof value === 'object' &&
    value !== null &&
    'read' in value &&
    typeof value.read === 'function' &&
    'cookieNames' in value &&
    Array.isArray(value.cookieNames) &&
    'until' in value &&
    typeof value.until === 'number'
  );
}
