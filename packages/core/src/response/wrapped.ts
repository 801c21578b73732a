import type { Exchange, OwnMethods } from './exchange.ts';
import type { SeamedResponse } from './seam.ts';

// Wrappers that other libraries have laid over the seam's methods: on-headers and what is built on it over
// `writeHead`, compression and express-session over `write` and `end` as well.

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

/**
 * Takes off the response what was laid over `write`, `end` and `flushHeaders`, when the answer that went through it was
 * discarded. compression would drop an error page as a second answer, or send it coded without saying so;
 * express-session would add the body of the first answer to it. What such a wrapper still has to send comes through the
 * methods that it wrapped, and is ignored: those of the response are others from here on.
 */
export function cutWrappersOff(exchange: Exchange): void {
  const { res, own, straight } = exchange;
  const wasBetween = goRoundBetween(exchange);
  const methods = res as unknown as OwnMethods;
  const isBare =
    methods.write === own.write &&
    methods.end === own.end &&
    methods.flushHeaders === own.flushHeaders;
  if (!exchange.cut && !isBare) {
    exchange.cut = true;
    exchange.writeHead = straight.writeHead;
    Object.assign(res, straight);
  } else if (!wasBetween) return;
  // compression hands listeners for `drain` to its own stream.
  if (Object.hasOwn(res, 'on')) res.on = exchange.on as SeamedResponse['on'];
}

/**
 * A compression between the first head hook and the first gate has seen the head of the discarded answer, like all that
 * stands above `writeHead`, and has made its choice for good. One that was there before the seam has not.
 */
function goRoundBetween(exchange: Exchange): boolean {
  const { write, end, flushHeaders, on } = exchange.seam;
  if (exchange.write === write) return false;
  Object.assign(exchange, { write, end, flushHeaders, on });
  return true;
}
