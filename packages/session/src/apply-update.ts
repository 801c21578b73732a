import { findUnserialisable } from './data/json-values.ts';
import { isReserved } from './data/reserved.ts';
import { misuse, unserialisable } from './session-error.ts';
import { reservedKey } from './session-object.ts';
import type { SessionObject } from './session-object.ts';
import { isThenable } from './thenable.ts';

/** Has the application change the data in `update()`, and refuses what a store would lose. */
export function applyUpdate(apply: (data: SessionObject) => unknown, data: SessionObject): void {
  const answer = apply(data);
  if (isThenable(answer)) {
    answer.then(undefined, () => undefined);
    throw misuse(
      'ERR_PORTCULLIS_SESSION_UPDATE_ASYNC',
      'session.update() takes a function that changes the data at once, because it may run again on newer data; await what it needs before',
    );
  }
  const reserved = Object.keys(data).find(isReserved);
  if (reserved !== undefined) throw reservedKey(reserved);
  const lost = findUnserialisable(data);
  if (lost !== undefined) throw unserialisable(lost.path, lost.what, lost.hint);
}
