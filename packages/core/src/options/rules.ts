import type { FoundFault } from './finding.ts';
import { type Issue, type OptionIssue, toIssue } from './issue.ts';

/** One entry of a list option. */
export interface Placed<Entry> {
  readonly entry: Entry;
  /** Where it stands, for messages: `allowOrigins[1]`. */
  readonly path: string;
}

type EntryOf<List> = List extends readonly (infer Entry)[] ? Entry : never;

/** Collects what a cross-field rule has to say. */
export interface Report<Resolved extends object = object> {
  error(issue: Issue): void;
  warning(issue: Issue): void;
  /**
   * The entries of an option made with `o.list`, without those that cannot be used: one wrong entry then does not
   * silence what a rule has to say about the others.
   */
  entries<Name extends keyof Resolved & string>(
    name: Name,
  ): readonly Placed<EntryOf<Resolved[Name]>>[];
}

/**
 * Looks at several options at once. A rule that reads an option which cannot be used ends there:
 * what it would say is not known before that option is right.
 */
export type Rule<Resolved extends object> = (
  options: Readonly<Resolved>,
  // A rule that takes a bare `Report` says nothing about the options.
  report: Report<NoInfer<Resolved>>,
) => void;

/** What the rules look at. */
export interface Ruled<Resolved extends object> {
  readonly area: string;
  readonly rules: readonly Rule<Resolved>[];
  readonly strict: (keyof Resolved & string) | undefined;
  /** Every option as it was given. */
  readonly given: Readonly<Record<string, unknown>>;
  /** What became of it, also of those with a fault. */
  readonly values: object;
  readonly faults: readonly FoundFault[];
  /** Where the value of an option was written, when that is not the call. */
  readonly from: (name: string) => string | undefined;
}

export interface Verdict<Resolved extends object> {
  readonly options: Readonly<Resolved>;
  readonly errors: readonly OptionIssue[];
  readonly warnings: readonly OptionIssue[];
}

/** Runs the rules on the options that can be used. */
export function applyRules<Resolved extends object>(ruled: Ruled<Resolved>): Verdict<Resolved> {
  const { area, rules, strict, given, values, faults, from } = ruled;
  // Before the values with a fault are closed.
  const lists = new Map<string, unknown>(Object.entries(values));
  const wrong = faults.filter(({ stray, segments }) => !stray || segments.length > 1);
  const options = closeWrong<Resolved>(values, wrong);
  const errors: OptionIssue[] = [];
  const warnings: OptionIssue[] = [];
  const say = (issue: Issue, list: OptionIssue[]): void => {
    const name = issue.path.replace(/[.[].*$/s, '');
    list.push(toIssue(issue, { area, path: issue.path, source: from(name) }));
  };
  const isStrict = strict !== undefined && readable(() => options[strict]) === true;
  const report: Report<Resolved> = {
    error: (issue) => say(issue, errors),
    warning: (issue) => say(issue, isStrict ? errors : warnings),
    entries: (name) => {
      const pathOf = (index: number): string =>
        Array.isArray(given[name]) ? `${name}[${String(index)}]` : name;
      return usableEntries(lists.get(name), pathOf, placesOf(wrong, name));
    },
  };
  for (const rule of rules) readable(() => rule(options, report));
  return { options, errors, warnings };
}

/** Thrown by reading an option that cannot be used; only `readable` sees it. */
const UNUSABLE = Symbol('portcullis.unusable-option');

/** The checked options, frozen; reading one with a fault throws {@link UNUSABLE}. */
function closeWrong<Resolved extends object>(
  values: object,
  wrong: readonly FoundFault[],
): Readonly<Resolved> {
  for (const { segments } of wrong) {
    Object.defineProperty(values, String(segments[0]), {
      get() {
        throw UNUSABLE;
      },
    });
  }
  // The specs that ran are the very ones that `FieldsOf<Resolved>` demands.
  return Object.freeze(values) as Resolved;
}

/** Where in an option the faults are; the option as a whole is `undefined`. */
function placesOf(
  wrong: readonly FoundFault[],
  name: string,
): readonly (PropertyKey | undefined)[] {
  return wrong.filter(({ segments }) => segments[0] === name).map(({ segments }) => segments[1]);
}

function usableEntries<Entry>(
  list: unknown,
  pathOf: (index: number) => string,
  places: readonly (PropertyKey | undefined)[],
): readonly Placed<Entry>[] {
  if (places.includes(undefined)) throw UNUSABLE;
  return (list as readonly Entry[]).flatMap((entry, index) =>
    places.includes(index) ? [] : [{ entry, path: pathOf(index) }],
  );
}

/** The answer of `read`, or undefined when it came upon an option that cannot be used. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown === UNUSABLE) return undefined;
    throw thrown;
  }
}
