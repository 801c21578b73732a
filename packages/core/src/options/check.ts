import type { FoundFault } from './finding.ts';
import { describeGot } from './got.ts';
import { type Fault, formatPath, type Issue, type OptionIssue, toIssue } from './issue.ts';
import { isOptionsObject } from './plain.ts';
import { type Names, readOptions } from './read.ts';
import { sourceOf } from './source.ts';
import { type Checked, type Fields, Spec } from './spec.ts';

/** Collects what a cross-field rule has to say. */
export interface Report {
  error(issue: Issue): void;
  warning(issue: Issue): void;
}

/**
 * Looks at several options at once. A rule that reads an option which cannot be used ends there:
 * what it would say is not known before that option is right.
 */
export type Rule<Resolved extends object> = (options: Readonly<Resolved>, report: Report) => void;

/** Frozen options, and what is allowed but worth a warning. */
export interface ResolvedOptions<Resolved extends object> {
  readonly options: Readonly<Resolved>;
  readonly warnings: readonly OptionIssue[];
}

/** What one check needs to know; made once per definition. */
export interface Checks<Resolved extends object> {
  readonly area: string;
  readonly fields: Fields;
  readonly names: Names;
  readonly rules: readonly Rule<Resolved>[];
  readonly strict: (keyof Resolved & string) | undefined;
}

export interface Problem {
  readonly issue: OptionIssue;
  readonly segments: readonly PropertyKey[];
}

export type Outcome<Resolved extends object> =
  | { readonly problems: readonly Problem[]; readonly resolved?: undefined }
  | { readonly problems?: undefined; readonly resolved: ResolvedOptions<Resolved> };

/** Checks an options object whole: its shape, every option, then the rules between them. */
export function checkOptions<Resolved extends object>(
  checks: Checks<Resolved>,
  input: unknown,
  source?: string,
): Outcome<Resolved> {
  const { area, fields, names } = checks;
  if (input !== undefined && !isOptionsObject(input)) {
    const place = { area, path: '', source };
    return { problems: [{ issue: toIssue(notOptions(input), place), segments: [] }] };
  }
  const { values, written } = readOptions(input ?? {}, names);
  const from = (name: string): string | undefined => sourceOf(input, name) ?? source;
  const checked = Spec.checkAll(fields, values);
  const problems = straysFirst(checked.faults).map(({ fault, segments, stray }) => {
    const asWritten = segments.map((segment, at) =>
      at > 0 || stray ? segment : (written.get(String(segment)) ?? segment),
    );
    const place = { area, path: formatPath(asWritten), source: from(String(asWritten[0])) };
    return { issue: toIssue(fault, place), segments: asWritten };
  });
  const options = usable<Resolved>(checked);
  const warnings: OptionIssue[] = [];
  for (const { issue, fatal } of runRules(checks, options, from)) {
    if (fatal) problems.push({ issue, segments: [issue.path] });
    else warnings.push(issue);
  }
  if (problems.length > 0) return { problems };
  return { resolved: Object.freeze({ options, warnings: Object.freeze(warnings) }) };
}

/** Text is hidden, because what is passed in place of the options is often the secret. */
function notOptions(input: unknown): Fault {
  return { expected: 'an object of options', got: describeGot(input, typeof input === 'string') };
}

/** A misspelt name explains the missing option that follows, so it comes first. */
function straysFirst(faults: readonly FoundFault[]): readonly FoundFault[] {
  return [...faults.filter(({ stray }) => stray), ...faults.filter(({ stray }) => !stray)];
}

/** Thrown by reading an option that cannot be used; only `runRules` sees it. */
const UNUSABLE = Symbol('portcullis.unusable-option');

/** The checked options; reading one with a fault throws {@link UNUSABLE}. */
function usable<Resolved extends object>({ values, faults }: Checked): Readonly<Resolved> {
  for (const { stray, segments } of faults) {
    if (stray && segments.length === 1) continue;
    Object.defineProperty(values, String(segments[0]), {
      get() {
        throw UNUSABLE;
      },
    });
  }
  // The specs that ran are the very ones that `FieldsOf<Resolved>` demands.
  return Object.freeze(values) as Resolved;
}

interface Said {
  readonly issue: OptionIssue;
  readonly fatal: boolean;
}

function runRules<Resolved extends object>(
  { area, rules, strict }: Checks<Resolved>,
  options: Readonly<Resolved>,
  from: (name: string) => string | undefined,
): readonly Said[] {
  const said: Said[] = [];
  const isStrict = strict !== undefined && readable(() => options[strict]) === true;
  const say = (issue: Issue, fatal: boolean): void => {
    const place = { area, path: issue.path, source: from(issue.path) };
    said.push({ issue: toIssue(issue, place), fatal });
  };
  const report: Report = {
    error: (issue) => say(issue, true),
    warning: (issue) => say(issue, isStrict),
  };
  for (const rule of rules) readable(() => rule(options, report));
  return said;
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
