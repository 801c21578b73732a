import { STATUS_CODES } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http';

/** What the client is told of an error. */
export interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
  /** Of the error itself, as `http-errors` has them: `WWW-Authenticate`, `Retry-After`. */
  readonly headers: OutgoingHttpHeaders;
}

/** Reads `status`, `expose`, `message` and `headers` of an error, as Express does; other errors are a bare 500. */
export function answerTo(error: unknown): ErrorAnswer {
  const { status, statusCode, expose, message, headers }: Answerable =
    typeof error === 'object' && error !== null ? error : {};
  const known = [status, statusCode].find(isErrorStatus);
  const code = known ?? 500;
  const reason = STATUS_CODES[code] ?? `Error ${String(code)}`;
  return {
    status: code,
    text: expose === true && typeof message === 'string' ? message : reason,
    headers: known !== undefined && isRecord(headers) ? headers : {},
  };
}

interface Answerable {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly expose?: unknown;
  readonly message?: unknown;
  readonly headers?: unknown;
}

function isErrorStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599;
}

function isRecord(value: unknown): value is OutgoingHttpHeaders {
  return typeof value === 'object' && value !== null;
}
