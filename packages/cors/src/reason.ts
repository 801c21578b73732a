import { allowsHeaders, maxHeaderListLength } from './header-list.ts';
import { parseOrigin } from './origin.ts';
import type { PreflightFailure, PreflightPolicy } from './preflight.ts';

/** What a client said, for sentences about it. */
export interface Claim {
  readonly origin: string;
  readonly method: string;
  readonly headers: string | undefined;
}

/** Says in words what each failure of a preflight is about. */
export function reasonsOf(
  failures: readonly PreflightFailure[],
  claim: Claim,
  policy: PreflightPolicy,
): readonly string[] {
  return failures.map((failure) => {
    switch (failure) {
      case 'origin':
        return originReason(claim.origin);
      case 'method':
        return `method: ${quote(claim.method)} is not in allowMethods (${[...policy.methods].join(', ')})`;
      case 'headers':
        return headersReason(String(claim.headers), policy);
    }
  });
}

export function originReason(origin: string): string {
  if (origin === 'null') {
    return 'origin: "null" is allowed by dangerouslyAllowNullOrigin only';
  }
  if (parseOrigin(origin) === undefined) return 'origin: the Origin header is not one origin';
  return `origin: ${quote(origin)} is not allowed by allowOrigins`;
}

function headersReason(list: string, { headers }: PreflightPolicy): string {
  if (list.length > maxHeaderListLength) {
    return `headers: the list is longer than ${String(maxHeaderListLength)} characters`;
  }
  const name = list
    .split(',')
    .map((part) => part.trim())
    .find((part) => !allowsHeaders(part, headers));
  if (name === undefined) return 'headers: the list repeats too much';
  if (headers.any) return `headers: ${quote(name)} is not a header name`;
  return `headers: ${quote(name)} is not in allowHeaders`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
