import { accessControlNames, fromFlatList, nothingGranted } from './access-control.ts';
import type { AccessControl } from './access-control.ts';
import { isSafelistedMethod, normalizeMethod } from './method.ts';
import { parseOrigin } from './origin.ts';
import { grantTo } from './policy.ts';
import type { Policy } from './policy.ts';
import { answerPreflight, debugPreflight, isNamed } from './preflight.ts';
import type { PreflightAnswer, PreflightFailure } from './preflight.ts';
import { originReason, reasonsOf } from './reason.ts';

/** A request that a page wants to make. */
export interface CorsQuestion {
  /** The origin of the page; left out for a request that no page makes. */
  readonly origin?: string | undefined;
  /** Default: `'GET'`. */
  readonly method?: string | undefined;
  /** Names of the headers that the page sets. A `Content-Type` counts as one that needs a preflight. */
  readonly headers?: readonly string[] | undefined;
  /** Only for the text of the console. */
  readonly url?: string | undefined;
}

/** What would happen to a request, and why. */
export interface CorsExplanation {
  /** Whether the page may read the response; undefined when a function in `allowOrigins` has to be asked. */
  readonly allowed: boolean | undefined;
  /** The entry of `allowOrigins` that allows the origin. */
  readonly rule: string | undefined;
  /** What is wrong, a sentence each. */
  readonly reasons: readonly string[];
  /** The answer to the preflight, when the browser would send one. */
  readonly preflight:
    | {
        readonly status: number;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string | undefined;
      }
    | undefined;
  /** What cors adds to the actual response. */
  readonly headers: Readonly<Record<string, string>>;
  /** What Chromium would print to the console of the page. */
  readonly console: string | undefined;
}

/** Works out what the policy does with a request, without one. */
export function explain(policy: Policy, question: CorsQuestion): CorsExplanation {
  const { origin } = question;
  if (origin === undefined) {
    return unasked(
      true,
      'a request without an Origin header does not come from a page of another origin',
    );
  }
  const rule = policy.origins.match(origin);
  if (rule === undefined && policy.predicates.length > 0 && parseOrigin(origin) !== undefined) {
    return unasked(
      undefined,
      'a function in allowOrigins decides about this origin, and it needs the request',
    );
  }
  return decided(policy, { ...question, origin, rule });
}

function unasked(allowed: true | undefined, reason: string): CorsExplanation {
  const headers = { vary: 'Origin' };
  return {
    allowed,
    rule: undefined,
    reasons: [reason],
    preflight: undefined,
    headers,
    console: undefined,
  };
}

function decided(policy: Policy, asked: Asked): CorsExplanation {
  const { origin, rule } = asked;
  const preflight = explainPreflight(policy, asked);
  const failures = preflight?.failures ?? (rule === undefined ? ['origin'] : []);
  const granted = rule === undefined ? nothingGranted : grantTo(policy, origin);
  return {
    allowed: failures.length === 0,
    rule,
    reasons: preflight?.reasons ?? failures.map(() => originReason(origin)),
    preflight: preflight?.answer,
    headers: toRecord(granted, 'Origin'),
    console: failures.length === 0 ? undefined : consoleText(policy, asked, preflight?.failures),
  };
}

type Asked = CorsQuestion & { readonly origin: string; readonly rule: string | undefined };

function explainPreflight(policy: Policy, asked: Asked) {
  const method = normalizeMethod(asked.method ?? 'GET');
  const names = unsafeNames(asked.headers ?? []);
  if (isSafelistedMethod(method) && names.length === 0) return undefined;
  const headers = names.length === 0 ? undefined : names.join(',');
  const origin = asked.rule === undefined ? undefined : asked.origin;
  const question = { origin, method, headers, privateNetwork: false };
  const plain = answerPreflight(policy.preflight, question);
  const { failures } = plain;
  const reasons = reasonsOf(failures, { origin: asked.origin, method, headers }, policy.preflight);
  const answer =
    policy.debug && failures.length > 0
      ? debugPreflight(policy.preflight, question, reasons.join('\n'))
      : plain;
  return { failures, reasons, answer: describe(answer) };
}

function describe({ status, headers, body }: PreflightAnswer) {
  const vary = String(headers[headers.indexOf('vary') + 1]);
  return { status, headers: toRecord(fromFlatList(headers), vary), body };
}

function toRecord(values: AccessControl, vary: string): Readonly<Record<string, string>> {
  const entries = accessControlNames.flatMap((name, index) => {
    const value = values[index];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries([...entries, ['vary', vary] as const]);
}

/** The names that a preflight asks about: sorted, in lower case, once. */
function unsafeNames(names: readonly string[]): readonly string[] {
  const safe = ['accept', 'accept-language', 'content-language'];
  const lower = names.map((name) => name.toLowerCase()).filter((name) => !safe.includes(name));
  return [...new Set(lower)].sort();
}

/** @param failures - Of the preflight; undefined when none was needed. */
function consoleText(
  policy: Policy,
  { origin, url = 'URL', method = 'GET', headers = [] }: Asked,
  failures: readonly PreflightFailure[] | undefined,
): string {
  const blocked = `Access to fetch at '${url}' from origin '${origin}' has been blocked by CORS policy: `;
  const noHeader = "No 'Access-Control-Allow-Origin' header is present on the requested resource.";
  if (failures === undefined) return blocked + noHeader;
  const normalized = normalizeMethod(method);
  if (!policy.debug || failures.includes('origin') || !isNamed(failures, normalized)) {
    return `${blocked}Response to preflight request doesn't pass access control check: ${noHeader}`;
  }
  if (failures.includes('method') && !isSafelistedMethod(normalized)) {
    return `${blocked}Method ${normalized} is not allowed by Access-Control-Allow-Methods in preflight response.`;
  }
  const allowed = policy.preflight.headers.names;
  const name = String(unsafeNames(headers).find((each) => !allowed.has(each)));
  return `${blocked}Request header field ${name} is not allowed by Access-Control-Allow-Headers in preflight response.`;
}
