import { lateError, patience } from './promise.ts';
import { toNextError } from './verdict.ts';

type Settle<T> = (error: unknown, value?: T) => void;

/** Calls a function of the user that answers through a callback, or throws; `settle` is called once. */
export function askOnce<T>(ask: (done: Settle<T>) => void, settle: Settle<T>): void {
  let settled = false;
  const late: { timer?: NodeJS.Timeout } = {};
  const done: Settle<T> = (error, value) => {
    if (settled) return;
    settled = true;
    clearTimeout(late.timer);
    // Routers take these two words for commands, and would skip handlers.
    settle(error === 'route' || error === 'router' ? toNextError(error) : error, value);
  };
  try {
    ask(done);
  } catch (error) {
    // Once it has answered, this comes from further in.
    if (settled) throw error;
    done(error || toNextError(error));
  }
  if (settled) return;
  late.timer = setTimeout(() => done(lateError('A function in the options of cors')), patience);
  late.timer.unref();
}
