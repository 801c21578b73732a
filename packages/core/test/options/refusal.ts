import type { OptionsError } from '@portcullis/core/options';

/** The error of options that cannot be used. */
export function refusal(
  definition: { resolve(input: unknown, source?: string): unknown },
  input: unknown,
  source?: string,
): OptionsError {
  try {
    definition.resolve(input, source);
  } catch (error) {
    return error as OptionsError;
  }
  throw new Error('The options were accepted');
}
