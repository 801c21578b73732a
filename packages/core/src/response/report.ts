/**
 * Reports what a hook, gate or listener threw. Never thrown on: it may happen inside a timer, where it would be an
 * uncaughtException while the client waits for ever.
 */
export function reportFault(what: string, error: unknown): void {
  process.emitWarning(`${what} threw; the response goes on without it: ${describe(error)}`, {
    type: 'PortcullisWarning',
    code: 'ERR_PORTCULLIS_RESPONSE_HOOK',
    ...(error instanceof Error && typeof error.stack === 'string' ? { detail: error.stack } : {}),
  });
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    // A value whose toString or message getter throws must not take the response with it.
    return 'a value that cannot be shown';
  }
}
