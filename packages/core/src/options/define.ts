import type { StandardResult, StandardSchema } from '../types.ts';
import { type Checks, checkOptions, type ResolvedOptions } from './check.ts';
import { OptionsError } from './error.ts';
import type { FieldsOf } from './infer.ts';
import { environmentName } from './environment-name.ts';
import type { Rule } from './rules.ts';
import type { TextForm } from './spec.ts';

/** What configuration needs to know of one option. */
export interface OptionField {
  readonly expected: string;
  readonly text: TextForm;
  readonly sensitive: boolean;
}

/** The options of one middleware: what they are called and how they are checked. */
export interface OptionsDefinition<
  Input extends object,
  Resolved extends object,
> extends StandardSchema<Input, Readonly<Resolved>> {
  /** `@portcullis/cors` */
  readonly package: string;
  /** `CORS`: prefix of the issue codes and of the environment names. */
  readonly area: string;
  readonly fields: Readonly<Record<string, OptionField>>;
  /**
   * Checks options; all problems come together.
   *
   * @param source - Where they were written, when that is not the call: `./app.json`.
   * @throws `ERR_PORTCULLIS_OPTIONS`
   */
  resolve(input: unknown, source?: string): ResolvedOptions<Resolved>;
}

/** What {@link defineOptions} is given. */
export interface OptionsDescription<Resolved extends object> {
  readonly package: string;
  readonly area: string;
  /** Every option once. Problems are reported in this order. */
  readonly fields: FieldsOf<Resolved>;
  /** Other names -> option. Both at once is a problem. */
  readonly aliases?: Readonly<Record<string, keyof Resolved & string>> | undefined;
  /** Names that people bring from elsewhere -> option, for "did you mean". */
  readonly suggestions?: Readonly<Record<string, keyof Resolved & string>> | undefined;
  /** Names from elsewhere that have no counterpart -> what to do instead, as the hint says it. */
  readonly advice?: Readonly<Record<string, string>> | undefined;
  /** Name of the boolean option that turns warnings into errors. */
  readonly strict?: (keyof Resolved & string) | undefined;
  readonly rules?: readonly Rule<Resolved>[] | undefined;
}

/** Describes the options of a middleware once: names, checks, defaults, rules between them. */
export function defineOptions<Input extends object, Resolved extends object>(
  description: OptionsDescription<Resolved>,
): OptionsDefinition<Input, Resolved> {
  const { package: packageName, area, aliases, suggestions = {}, rules = [], strict } = description;
  const advice = new Map(Object.entries(description.advice ?? {}));
  const fields = Object.freeze({ ...description.fields });
  const names = Object.keys(fields);
  const spellings = new Map([
    ...names.map((name) => [environmentName(area, name), name] as const),
    ...Object.entries(suggestions),
  ]);
  const checks: Checks<Resolved> = {
    area,
    fields,
    names: { names, aliases, spellings, advice },
    rules,
    strict,
  };

  function resolve(input: unknown, source?: string): ResolvedOptions<Resolved> {
    const { problems, resolved } = checkOptions(checks, input, source);
    if (problems === undefined) return resolved;
    const error = new OptionsError(
      packageName,
      problems.map(({ issue }) => issue),
    );
    // The stack then starts at the call that gave the options.
    Error.captureStackTrace(error, resolve);
    throw error;
  }

  function validate(value: unknown): StandardResult<Readonly<Resolved>> {
    const { problems, resolved } = checkOptions(checks, value);
    if (problems === undefined) return { value: resolved.options };
    return {
      issues: problems.map(({ issue, segments }) => ({ message: issue.message, path: segments })),
    };
  }

  const standard = Object.freeze({ version: 1, vendor: 'portcullis', validate } as const);
  return Object.freeze({ package: packageName, area, fields, resolve, '~standard': standard });
}
