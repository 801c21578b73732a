import { OptionsError } from '../options/error.ts';
import { formatPath, type OptionIssue, toIssue } from '../options/issue.ts';
import { frozenCopy } from '../options/plain.ts';
import type { StandardIssue, StandardSchema } from '../types.ts';

/**
 * Checks options with a schema of another library; none are an empty object. Its issues are shown
 * in its own words.
 *
 * @throws `ERR_PORTCULLIS_OPTIONS`, also for a schema that answers with a promise: a factory
 * returns a middleware, not a promise of one.
 */
export function resolveForeign<Resolved>(
  name: string,
  schema: StandardSchema<unknown, Resolved>,
  input: unknown,
): Resolved {
  const area = name.replace(/[^a-z0-9]+/gi, '_').toUpperCase();
  const result = schema['~standard'].validate(input ?? {});
  if (isPromise(result)) {
    // Nobody will look at that promise: its rejection must not end the process.
    Promise.resolve(result).catch(() => undefined);
    const message = `the schema (${schema['~standard'].vendor}) answers with a promise`;
    const hint =
      'options are checked when the factory is called; use a schema without async checks';
    const fault = { code: 'ASYNC_SCHEMA', message, hint };
    throw new OptionsError(name, [toIssue(fault, { area, path: '' })]);
  }
  // A copy of data is of the type of the data.
  if (result.issues === undefined) return frozenCopy(result.value) as Resolved;
  throw new OptionsError(
    name,
    result.issues.map((issue) => translate(issue, area)),
  );
}

function translate({ message, path = [] }: StandardIssue, area: string): OptionIssue {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return toIssue({ code: 'INVALID', message }, { area, path: formatPath(keys) });
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
