import { httpError } from '@portcullis/core';

/** What was asked of a store. */
export type StoreOperation =
  | 'get'
  | 'create'
  | 'set'
  | 'update'
  | 'touch'
  | 'destroy'
  | 'rename'
  | 'listByUser'
  | 'destroyByUser';

/** The store answered with an error; the store's own error is the `cause`. */
export function storeFailed(operation: StoreOperation, cause: unknown): Error {
  return httpError(
    503,
    'ERR_PORTCULLIS_SESSION_STORE',
    `The session store failed to ${operation}`,
    { cause },
  );
}

const timeout = 'ERR_PORTCULLIS_SESSION_STORE_TIMEOUT';

export function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === timeout;
}

/** The store did not answer in time. */
export function storeTimedOut(operation: StoreOperation, milliseconds: number): Error {
  return httpError(
    503,
    timeout,
    `The session store did not ${operation} within ${milliseconds} ms`,
  );
}

/** The store failed so often that it is left alone for a moment. */
export function storeUnavailable(operation: StoreOperation): Error {
  return httpError(
    503,
    'ERR_PORTCULLIS_SESSION_STORE_UNAVAILABLE',
    `The session store is unavailable: ${operation} was not tried`,
  );
}
