import type { ServerResponse } from 'node:http';
import type { Notices } from '@portcullis/core';
import { appendVary } from '@portcullis/core/http';
import { onHead } from '@portcullis/core/response';
import { accessControlNames } from './access-control.ts';
import type { AccessControl } from './access-control.ts';

/** What the innermost cors instance has decided about a response. */
export interface Grant {
  readonly values: AccessControl;
  /** Empty when every request gets the same. */
  readonly vary: string;
  /** Whether the request has an Origin; without one, what the application says about CORS is left alone. */
  readonly asked: boolean;
  /** Where the application says something else about CORS, that stands. */
  readonly yields?: boolean | undefined;
  readonly notices: Notices;
}

// Shared by all copies of this package: two of them on one response must still make one decision.
const slot: unique symbol = Symbol.for('portcullis.cors.grant');

type Carrier = ServerResponse & { [slot]?: Grant };

/**
 * Puts a decision on a response: at once, so that handlers see it and it survives if nothing else does, and again when
 * the head is written, because error handlers clear headers and `writeHead` replaces them.
 * A later, inner instance takes the place of an earlier one.
 */
export function grant(res: ServerResponse, decision: Grant): void {
  remember(res, decision);
  const { values } = decision;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== undefined) res.setHeader(nameAt(i), value);
  }
  appendVary(res, decision.vary);
}

/** Does all of that but for putting it on the response at once. */
export function remember(res: ServerResponse, decision: Grant): void {
  const carrier: Carrier = res;
  const outer = carrier[slot];
  carrier[slot] = decision;
  if (outer === undefined) onHead(carrier, assertGrant);
  else replaceOuter(carrier, outer, decision);
}

/** The decision of an outer instance, if there is one. */
export function grantOf(res: ServerResponse): Grant | undefined {
  return (res as Carrier)[slot];
}

/** Removes what the application or a proxy has said about CORS so far. */
export function clearAccessControl(res: ServerResponse): void {
  for (const name of accessControlNames) {
    if (res.hasHeader(name)) res.removeHeader(name);
  }
}

function replaceOuter(res: ServerResponse, outer: Grant, inner: Grant): void {
  clearAccessControl(res);
  if (outer.notices === inner.notices) return;
  inner.notices.once(
    'ERR_PORTCULLIS_CORS_STACKED',
    'Two cors middleware answered one request; the inner one decided. Where a route needs another policy, ' +
      'give one cors() a function of the request: its preflights then follow the same policy.',
  );
}

function assertGrant(res: Carrier): void {
  // Filled before the hook was registered, and never emptied.
  const decision = res[slot] as Grant;
  const { values, vary, yields } = decision;
  if (vary !== '') appendVary(res, vary);
  if (!decision.asked) return;
  for (let i = 0; i < values.length; i++) {
    const name = nameAt(i);
    const current = res.getHeader(name);
    if (yields === true && current !== undefined) continue;
    if (current !== values[i]) correct(res, decision, { name, current, value: values[i] });
  }
}

interface Correction {
  readonly name: string;
  readonly current: unknown;
  readonly value: string | undefined;
}

function correct(
  res: ServerResponse,
  { notices }: Grant,
  { name, current, value }: Correction,
): void {
  if (value === undefined) res.removeHeader(name);
  else res.setHeader(name, value);
  // Missing is no contradiction: some error handlers clear all headers.
  if (current === undefined) return;
  notices.once(
    'ERR_PORTCULLIS_CORS_HEADER_REPLACED',
    `Something behind cors set ${name}: ${JSON.stringify(current)}, which its options do not grant to this origin; ` +
      `${value === undefined ? 'it was removed' : `it was replaced by ${JSON.stringify(value)}`}. ` +
      'Let cors() alone set Access-Control headers.',
  );
}

function nameAt(index: number): string {
  // Values are made in the order of the names.
  return accessControlNames[index] as string;
}
