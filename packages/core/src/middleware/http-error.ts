/** An error for `next(error)`, as Express, Connect and their error handlers understand it. */
export interface HttpError extends Error {
  readonly status: number;
  readonly statusCode: number;
  /** Whether the client may read the message. */
  readonly expose: boolean;
  readonly code: string;
}

/** More about an {@link HttpError}. */
export interface HttpErrorExtra {
  readonly cause?: unknown;
  /** Default: for a status below 500. */
  readonly expose?: boolean | undefined;
}

/** Makes an error that an error handler turns into a response with this status. */
export function httpError(
  status: number,
  code: string,
  message: string,
  extra: HttpErrorExtra = {},
): HttpError {
  const error = new Error(message, 'cause' in extra ? { cause: extra.cause } : undefined);
  Error.captureStackTrace(error, httpError);
  const expose = extra.expose ?? status < 500;
  return Object.assign(error, { status, statusCode: status, expose, code });
}
