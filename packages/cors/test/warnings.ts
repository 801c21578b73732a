import { jest } from '@jest/globals';

export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** Collects what goes through `process.emitWarning` while `action` runs; nothing is printed. */
export async function warningsOf(action: () => unknown): Promise<readonly Warning[]> {
  const warnings: Warning[] = [];
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation(((
    message: string | Error,
    options?: { code?: string },
  ) => {
    warnings.push({ code: String(options?.code), message: String(message) });
  }) as typeof process.emitWarning);
  try {
    await action();
  } finally {
    spy.mockRestore();
  }
  return warnings;
}

/** The issues of the error that `action` throws. */
export function issuesOf(
  action: () => unknown,
): readonly { code: string; path: string; message: string; hint?: string }[] {
  try {
    action();
  } catch (error) {
    const { code, issues } = error as { code?: string; issues?: ReturnType<typeof issuesOf> };
    if (code === 'ERR_PORTCULLIS_OPTIONS' && issues !== undefined) return issues;
    throw error;
  }
  throw new Error('the options were accepted');
}
