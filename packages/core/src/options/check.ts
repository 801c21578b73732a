import type { FoundFault } from './finding.ts';
import { describeGot } from './got.ts';
import { type Fault, formatPath, type OptionIssue, toIssue } from './issue.ts';
import { isOptionsObject } from './plain.ts';
import { type Names, readOptions } from './read.ts';
import { applyRules, type Rule } from './rules.ts';
import { sourceOf } from './source.ts';
import { type Fields, Spec } from './spec.ts';

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
  const { rules, strict } = checks;
  const { options, errors, warnings } = applyRules({
    area,
    rules,
    strict,
    given: values,
    ...checked,
    from,
  });
  problems.push(...errors.map((issue) => ({ issue, segments: [issue.path] })));
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
