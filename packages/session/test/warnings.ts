import { jest } from '@jest/globals';

export interface Warned {
  readonly message: string;
  readonly code: string;
}

/** Runs something and answers the process warnings that it gave; they are not printed. */
export async function warningsOf(run: () => unknown): Promise<Warned[]> {
  const warnings: Warned[] = [];
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation((message, ...rest) => {
    const [{ code = '' } = {}] = rest as [{ code?: string }?];
    warnings.push({ message: String(message), code });
  });
  try {
    await run();
  } finally {
    emit.mockRestore();
  }
  return warnings;
}
