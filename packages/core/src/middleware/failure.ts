import { describeGot } from '../options/got.ts';
import type { Notices } from './notices.ts';

/** What to give to `next` for something thrown: `throw undefined` is a failure too. */
export function asFailure(thrown: unknown): unknown {
  return thrown || new Error(`A middleware failed with ${describeGot(thrown)}`);
}

/** Reports an error that came when the request could no longer be failed with it. */
export function reportLate(notices: Notices, name: string, thrown: unknown): void {
  notices.once(
    'ERR_PORTCULLIS_CORE_LATE_ERROR',
    `"${name}" failed after it had handed the request on: ${reasonOf(thrown)}`,
  );
}

function reasonOf(thrown: unknown): string {
  const isError = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  return isError ? String(thrown.message) : describeGot(thrown);
}

/** Whether a value is a promise of any make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}
