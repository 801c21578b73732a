import type { IncomingMessage } from 'node:http';
import type { ResolvedUpgradeOptions } from './options.ts';

/**
 * Tells `onError`; what it throws itself is dropped, because a client must not be able to end the
 * process by way of a broken logger.
 */
export function reportTo(
  { onError }: ResolvedUpgradeOptions,
  error: unknown,
  req: IncomingMessage,
): void {
  if (onError === undefined) return;
  const told = async (): Promise<void> => onError(error, req);
  // An async function fits the type, too: its rejection would be unhandled.
  told().catch(ignore);
}

/** For `error` events: without a listener they end the process, and `close` follows them anyway. */
export function ignore(): void {}
