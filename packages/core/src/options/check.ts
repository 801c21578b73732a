import { describeGot } from './got.ts';
import { type Fault, formatPath, type Issue, type OptionIssue, toIssue } from './issue.ts';
import { type Names, readOptions } from './read.ts';
import { sourceOf } from './source.ts';
import type { FoundFault } from './finding.ts';
import { type Fields, Spec } from './spec.ts';

/** Collects what a cross-field rule has to say. */
export interface Report {
  error(issue: Issue): void;
  warning(issue: Issue): void;
}

/** Looks at several options at once; runs only when each of them alone is right. */
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
  if (!checked.ok) {
    const problems = straysFirst(checked.faults).map(({ fault, segments, stray }) => {
      const [name = '', ...inner] = segments;
      const asWritten = stray ? segments : [written.get(String(name)) ?? name, ...inner];
      const place = { area, path: formatPath(asWritten), source: from(String(asWritten[0])) };
      return { issue: toIssue(fault, place), segments: asWritten };
    });
    return { problems };
  }
  // Spec.checkAll ran the very specs that `FieldsOf<Resolved>` demands.
  return runRules(checks, checked.value as Resolved, from);
}

/** Whether a value can be options: an object that is no list, Map, Date, RegExp and so on. */
export function isOptionsObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function notOptions(input: unknown): Fault {
  return { expected: 'an object of options', got: describeGot(input) };
}

/** A misspelt name explains the missing option that follows, so it comes first. */
function straysFirst(faults: readonly FoundFault[]): readonly FoundFault[] {
  return [...faults.filter(({ stray }) => stray), ...faults.filter(({ stray }) => !stray)];
}

function runRules<Resolved extends object>(
  { area, rules, strict }: Checks<Resolved>,
  options: Resolved,
  from: (name: string) => string | undefined,
): Outcome<Resolved> {
  const problems: Problem[] = [];
  const warnings: OptionIssue[] = [];
  const complete = (issue: Issue): OptionIssue =>
    toIssue(issue, { area, path: issue.path, source: from(issue.path) });
  const error = (issue: Issue): void => {
    problems.push({ issue: complete(issue), segments: [issue.path] });
  };
  const isStrict = strict !== undefined && options[strict] === true;
  const warning = isStrict ? error : (issue: Issue): void => void warnings.push(complete(issue));
  for (const rule of rules) rule(options, { error, warning });
  if (problems.length > 0) return { problems };
  return { resolved: Object.freeze({ options, warnings: Object.freeze(warnings) }) };
}
