import type { Exchange } from './exchange.ts';

// Wrappers that other libraries (on-headers and what is built on it) have laid over the seam's `writeHead`.

export type HeadArguments = readonly [status: unknown, reason: unknown, headers: unknown];

function isWrapped({ res, writeHead }: Exchange): boolean {
  return (res as { writeHead: unknown }).writeHead !== writeHead;
}

/**
 * Shows them the head as Node does at the first `write` or `end`. They were mounted inside, so they come before our
 * gates and hooks; and while the answer is held it would be too late for them to set a header.
 */
export function driveHead(exchange: Exchange): void {
  if (!isWrapped(exchange)) return;
  exchange.driving = true;
  try {
    exchange.res.writeHead(exchange.res.statusCode);
  } finally {
    exchange.driving = false;
  }
}

/**
 * express-session, mounted inside the seam, looks at a private field of Node to see whether the head is out, and
 * when it is held makes Node write it once more. Only a bare repetition through another library's wrapper is let pass.
 */
export function isRepeatedByWrapper(
  exchange: Exchange,
  [status, reason, headers]: HeadArguments,
): boolean {
  const bare = reason === undefined && headers === undefined && status === exchange.status;
  return bare && isWrapped(exchange);
}
