import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Everything published on a channel while `run` goes on. */
export async function collect(name: string, run: () => Promise<unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  const listener = (message: unknown): void => void messages.push(message);
  subscribe(name, listener);
  await run();
  unsubscribe(name, listener);
  return messages;
}
