import type { IncomingMessage } from 'node:http';
import type { ResolvedUpgradeOptions } from './options.ts';

/** Tells `onError`; what it throws itself is dropped. */
export function reportTo(
  { onError }: ResolvedUpgradeOptions,
  error: unknown,
  req: IncomingMessage,
): void {
  try {
    onError?.(error, req);
  } catch {
    // A client must not be able to end the process by way of a broken logger.
  }
}

/** For `error` events: without a listener they end the process, and `close` follows them anyway. */
export function ignore(): void {}
