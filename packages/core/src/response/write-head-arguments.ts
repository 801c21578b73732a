import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { headerListError, isHttp2, statusCodeError, statusMessageError } from './node-errors.ts';

/**
 * Moves the arguments of `writeHead` into the response, where hooks can see and change them.
 * Takes every form Node takes: `(status)`, `(status, message)`, and headers as an object, a flat list or pairs.
 */
export function foldHead(
  res: ServerResponse,
  status: unknown,
  reason: unknown,
  headers: unknown,
): void {
  const http2 = isHttp2(res);
  // http2's own setter judges the status, and refuses 1xx.
  res.statusCode = http2 ? (status as number) : statusOf(status);
  let list = headers;
  if (typeof reason === 'string') {
    if (!http2) res.statusMessage = reasonOf(reason);
  } else {
    list ??= reason;
  }
  if (Array.isArray(list)) foldList(res, list);
  else if (typeof list === 'object' && list !== null) foldObject(res, list);
}

function statusOf(status: unknown): number {
  const code = (status as number) | 0;
  if (code < 100 || code > 999) throw statusCodeError(status);
  return code;
}

function reasonOf(reason: string): string {
  if (/[^\t\x20-\x7e\x80-\xff]/.test(reason)) throw statusMessageError();
  return reason;
}

function foldObject(res: ServerResponse, headers: object): void {
  for (const [name, value] of Object.entries(headers)) {
    // Node skips an empty name in writeHead, and nowhere else.
    if (name !== '') res.setHeader(name, value as string);
  }
}

function foldList(res: ServerResponse, list: readonly unknown[]): void {
  const pairs = Array.isArray(list[0]) ? (list as [string, OutgoingHttpHeader][]) : pair(list);
  // Remove, then append: a list may name Set-Cookie twice, and Node 20 keeps only the last of the two
  // as soon as any header was set before (fixed in Node 22).
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) {
    if (name !== '') res.appendHeader(name, value as string | string[]);
  }
}

function pair(list: readonly unknown[]): [string, OutgoingHttpHeader][] {
  if (list.length % 2 !== 0) throw headerListError();
  const pairs: [string, OutgoingHttpHeader][] = [];
  for (let index = 0; index < list.length; index += 2) {
    pairs.push([list[index] as string, list[index + 1] as OutgoingHttpHeader]);
  }
  return pairs;
}
