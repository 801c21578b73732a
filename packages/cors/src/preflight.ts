import { toFlatList } from './access-control.ts';
import { allowsHeaders, compileAllowedHeaders } from './header-list.ts';
import type { AllowedHeaders } from './header-list.ts';
import { formatAllowedHeaders, safelistedHeaders } from './header-name.ts';
import { anyMethod, isSafelistedMethod } from './method.ts';

/** What a preflight can fail for, in the order in which the answer names it. */
export type PreflightFailure = 'origin' | 'method' | 'headers';

/** What a preflight asks. */
export interface PreflightQuestion {
  /** The `Origin` header when it is allowed, else undefined. */
  readonly origin: string | undefined;
  readonly method: string;
  /** `Access-Control-Request-Headers`, all its lines joined. */
  readonly headers: string | undefined;
  readonly privateNetwork: boolean;
}

export interface PreflightAnswer {
  readonly status: number;
  /** Names and values alternating; a fresh list each time. */
  readonly headers: string[];
  /** Undefined with 204 and 205, which have none. */
  readonly body: string | undefined;
  readonly failures: readonly PreflightFailure[];
}

/** An answer that always says what was wrong. */
interface Refusal extends PreflightAnswer {
  readonly body: string;
}

export interface PreflightOptions {
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAge: number;
  readonly successStatus: number;
  readonly allowPrivateNetwork: boolean;
}

/** Everything about preflights that does not depend on the request, worked out beforehand. */
export interface PreflightPolicy {
  readonly methods: ReadonlySet<string>;
  readonly headers: AllowedHeaders;
  readonly allowPrivateNetwork: boolean;
  readonly success: { readonly status: number; readonly body: string | undefined };
  /** The headers of an answer that passes; the value of the first, the origin, is filled in. */
  readonly passed: readonly string[];
  /** What the browser may see of a refusal under `debug`: as above, without a body's headers. */
  readonly partial: readonly string[];
  /** One answer for each combination of failures, indexed by their bits. */
  readonly refused: readonly Refusal[];
  readonly vary: string;
}

const failureNames: readonly PreflightFailure[] = ['origin', 'method', 'headers'];

/** @param literal - Whether the answer allows a literal `*`. */
export function compilePreflight(options: PreflightOptions, literal: boolean): PreflightPolicy {
  const any = options.allowHeaders.includes('*');
  const allowHeaders = options.allowHeaders.filter((name) => name !== '*');
  const methods = expandMethods(options.allowMethods);
  const vary = [
    'Origin',
    'Access-Control-Request-Method',
    'Access-Control-Request-Headers',
    ...(options.allowPrivateNetwork ? ['Access-Control-Request-Private-Network'] : []),
  ].join(', ');
  const { successStatus: status } = options;
  const body = status === 204 || status === 205 ? undefined : 'OK';
  const granted = toFlatList([
    literal ? '*' : '',
    options.allowCredentials ? 'true' : undefined,
    undefined,
    methods.join(', '),
    any ? undefined : formatAllowedHeaders(allowHeaders),
    String(options.maxAge),
    undefined,
  ]);
  const partial = [...granted, 'vary', vary];
  return {
    methods: new Set(methods),
    headers: compileAllowedHeaders([...safelistedHeaders, ...allowHeaders], any),
    allowPrivateNetwork: options.allowPrivateNetwork,
    success: { status, body },
    passed: [...partial, ...bodyHeaders(status, body)],
    partial,
    refused: Array.from({ length: 8 }, (_, bits) => refusal(bits, vary)),
    vary,
  };
}

/** Answers a preflight. All checks are made, so that a refusal names everything at once. */
export function answerPreflight(
  policy: PreflightPolicy,
  question: PreflightQuestion,
): PreflightAnswer {
  const bits = failureBits(policy, question);
  const { origin } = question;
  if (origin === undefined || bits !== 0) return refuse(policy, bits);
  const { status, body } = policy.success;
  const headers = fillIn(policy.passed, origin, policy, question);
  return { status, headers, body, failures: [] };
}

/**
 * The refusal of {@link answerPreflight} in the form that makes a browser name the method or header at fault: it only
 * does so when the origin is granted and the status is 200. What it would not name stays refused outright.
 */
export function debugPreflight(
  policy: PreflightPolicy,
  question: PreflightQuestion,
  reason: string,
): PreflightAnswer {
  const refused = refuse(policy, failureBits(policy, question));
  const { failures } = refused;
  const body = `${refused.body}\n${reason}`;
  const { origin } = question;
  if (origin === undefined || !isNamed(failures, question.method)) {
    const headers = ['vary', policy.vary, ...bodyHeaders(refused.status, body)];
    return { status: refused.status, headers, body, failures };
  }
  // A list that failed is not mirrored.
  const list = failures.includes('headers') ? undefined : question.headers;
  const grant = fillIn(policy.partial, origin, policy, { ...question, headers: list });
  return { status: 200, headers: [...grant, ...bodyHeaders(200, body)], body, failures };
}

/**
 * Whether a browser finds a method or header at fault when it sees what is allowed. It does not look for GET, HEAD and
 * POST in the list of methods, so it would take the answer for a yes.
 */
export function isNamed(failures: readonly PreflightFailure[], method: string): boolean {
  return (
    failures.includes('headers') || (failures.includes('method') && !isSafelistedMethod(method))
  );
}

function failureBits(policy: PreflightPolicy, question: PreflightQuestion): number {
  let bits = question.origin === undefined ? 1 : 0;
  if (!policy.methods.has(question.method)) bits |= 2;
  if (question.headers !== undefined && !allowsHeaders(question.headers, policy.headers)) bits |= 4;
  return bits;
}

function fillIn(
  template: readonly string[],
  origin: string,
  policy: PreflightPolicy,
  { headers: list, privateNetwork }: Omit<PreflightQuestion, 'origin'>,
): string[] {
  // A copy, because whoever has patched `writeHead` may write into the list.
  const headers = template.slice();
  if (headers[1] === '') headers[1] = origin;
  // Checked before: nothing but tokens, commas, spaces and tabs is mirrored.
  if (policy.headers.any && list !== undefined && list !== '') {
    headers.push('access-control-allow-headers', list);
  }
  if (policy.allowPrivateNetwork && privateNetwork) {
    headers.push('access-control-allow-private-network', 'true');
  }
  return headers;
}

function refuse({ refused }: PreflightPolicy, bits: number): Refusal {
  // There is one for each of the eight values that three bits can have.
  const { status, headers, body, failures } = refused[bits] as Refusal;
  return { status, headers: headers.slice(), body, failures };
}

function refusal(bits: number, vary: string): Refusal {
  const failures = failureNames.filter((_, index) => (bits & (1 << index)) !== 0);
  const body = `Disallowed CORS ${failures.join(', ')}`;
  return { status: 400, headers: ['vary', vary, ...bodyHeaders(400, body)], body, failures };
}

function bodyHeaders(status: number, body: string | undefined): string[] {
  if (body !== undefined) {
    const length = String(Buffer.byteLength(body));
    return ['content-type', 'text/plain; charset=utf-8', 'content-length', length];
  }
  // RFC 9110 section 8.6: no Content-Length with 204.
  return status === 204 ? [] : ['content-length', '0'];
}

function expandMethods(methods: readonly string[]): readonly string[] {
  if (!methods.includes('*')) return [...new Set(methods)];
  return [...new Set([...anyMethod, ...methods.filter((method) => method !== '*')])];
}
