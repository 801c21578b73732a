import { jest } from '@jest/globals';

/** Collects `[code, message]` of process warnings from here on; the function returned stops and gives them. */
export function collectWarnings(): () => [code: unknown, message: unknown][] {
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  return () => {
    const warnings = spy.mock.calls.map(([message, options]): [unknown, unknown] => [
      (options as unknown as { code?: string }).code,
      message,
    ]);
    spy.mockRestore();
    return warnings;
  };
}
