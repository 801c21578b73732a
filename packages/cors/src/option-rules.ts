import type { Issue, Report, Rule } from '@portcullis/core/options';
import { isNeverSent } from './header-name.ts';
import type { ResolvedCorsOptions } from './options.ts';
import type { PatternRule, RegExpRule } from './origin-rule.ts';
import { isPublicSuffix } from './public-suffix.ts';
import { findNearMiss, findStranger } from './regexp-audit.ts';

type Resolved = Readonly<ResolvedCorsOptions>;

/** An entry of `allowOrigins` (or `allowOriginRegex`) with the path under which messages name it. */
interface Placed<R> {
  readonly rule: R;
  readonly path: string;
}

/** What only shows when several options are looked at together. */
export const corsRules: readonly Rule<ResolvedCorsOptions>[] = [
  anyOrigin,
  nullOrigin,
  normalizedOrigins,
  insecureOrigins,
  publicSuffixes,
  expressions,
  uselessHeaders,
  exposedHeaders,
  preflightAge,
];

function anyOrigin(options: Resolved, report: Report): void {
  const { allowOrigins, allowOriginRegex, allowCredentials, enforce } = options;
  if (allowOrigins.length === 0 && allowOriginRegex === undefined) {
    if (!options.dangerouslyAllowNullOrigin) report.warning(noOrigins);
  }
  if (!allowOrigins.some(({ kind }) => kind === 'any')) return;
  if (allowCredentials) warnOfAnyone(options, report, { path: 'allowOrigins', what: '"*"' });
  if (enforce) {
    report.warning({
      code: 'CORS_ENFORCE_ANY_ORIGIN',
      path: 'enforce',
      message: 'refuses nobody while allowOrigins contains "*"',
      hint: 'name the origins that may send unsafe requests',
    });
  }
}

const noOrigins: Issue = {
  code: 'CORS_NO_ORIGINS',
  path: 'allowOrigins',
  message: 'is empty, so no page of another origin can read a response',
  hint: 'name the origins of your pages: allowOrigins: ["https://app.example"]',
};

function warnOfAnyone(
  options: Resolved,
  report: Report,
  { path, what }: { path: string; what: string },
): void {
  if (options.dangerouslyAllowAnyOriginWithCredentials) return;
  report.warning({
    code: 'CORS_ANY_ORIGIN_WITH_CREDENTIALS',
    path,
    message: `${what} together with allowCredentials lets every site on the web act as your signed-in users`,
    hint:
      'name the origins or use a pattern; drop allowCredentials if your pages send only tokens in headers; ' +
      'or, if this is meant, set dangerouslyAllowAnyOriginWithCredentials: true',
  });
}

function nullOrigin({ allowOrigins, dangerouslyAllowNullOrigin }: Resolved, report: Report): void {
  for (const [index, { kind }] of allowOrigins.entries()) {
    if (kind !== 'null' || dangerouslyAllowNullOrigin) continue;
    report.error({
      code: 'CORS_NULL_ORIGIN',
      path: `allowOrigins[${String(index)}]`,
      message: '"null" is the origin of sandboxed frames, data: pages and files of any site',
      hint: 'remove it; or, if this is meant, set dangerouslyAllowNullOrigin: true',
    });
  }
}

function normalizedOrigins(options: Resolved, report: Report): void {
  for (const { rule, path } of patternsOf(options)) {
    if (rule.written === undefined) continue;
    report.warning({
      code: 'CORS_ORIGIN_NORMALIZED',
      path,
      message: `${JSON.stringify(rule.written)} is not how browsers write an origin; taken as ${JSON.stringify(rule.text)}`,
      hint: `write ${JSON.stringify(rule.text)}`,
    });
  }
}

function insecureOrigins(options: Resolved, report: Report): void {
  if (!options.allowCredentials) return;
  for (const { rule, path } of patternsOf(options)) {
    if (rule.pattern.scheme !== 'http' || isLoopback(rule.pattern.host)) continue;
    report.warning({
      code: 'CORS_INSECURE_ORIGIN',
      path,
      message: `whoever controls the network can put a page on ${JSON.stringify(rule.text)} and read what your users may read`,
      hint: `serve the page over https and write ${JSON.stringify(rule.text.replace('http:', 'https:'))}`,
    });
  }
}

/** RFC 6761 section 6.3: names below `localhost` stay on the machine. */
function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127\.[0-9.]+|\[::1\])$/.test(host);
}

function publicSuffixes(options: Resolved, report: Report): void {
  if (options.dangerouslyAllowPublicSuffix) return;
  for (const { rule, path } of patternsOf(options)) {
    const { subdomains, host } = rule.pattern;
    if (!subdomains || !isPublicSuffix(host)) continue;
    const issue: Issue = {
      code: 'CORS_PUBLIC_SUFFIX',
      path,
      message: `${JSON.stringify(rule.text)} allows strangers: anyone can get a name below ${host}`,
      hint: 'name your own host; or, if this is meant, set dangerouslyAllowPublicSuffix: true',
    };
    if (options.allowCredentials) report.error(issue);
    else report.warning(issue);
  }
}

function expressions(options: Resolved, report: Report): void {
  for (const { rule, path } of expressionsOf(options)) {
    const { expression, test } = rule;
    if (/[gmy]/.test(expression.flags)) {
      report.warning({
        code: 'CORS_REGEX_FLAGS',
        path,
        message: `the flags g, m and y of ${String(expression)} are ignored: the whole origin is matched, each time anew`,
        hint: 'remove them',
      });
    }
    const stranger = findStranger(test);
    if (stranger !== undefined && options.allowCredentials) {
      warnOfAnyone(options, report, {
        path,
        what: `${String(expression)}, which allows ${stranger},`,
      });
      continue;
    }
    const accepted = stranger ?? findNearMiss(expression.source, test);
    if (accepted === undefined) continue;
    report.warning({
      code: 'CORS_REGEX_LOOSE',
      path,
      message: `${String(expression)} also allows ${JSON.stringify(accepted)}`,
      hint: 'escape every dot as "\\." and put one before the host; or use a pattern such as "https://*.example.com"',
    });
  }
}

function uselessHeaders({ allowHeaders }: Resolved, report: Report): void {
  for (const [index, name] of allowHeaders.entries()) {
    if (!isNeverSent(name)) continue;
    report.warning({
      code: 'CORS_HEADER_NEVER_SENT',
      path: `allowHeaders[${String(index)}]`,
      message: `${JSON.stringify(name)} is set by the browser, never by a page, so no preflight asks for it`,
      hint: 'remove it',
    });
  }
}

function exposedHeaders({ exposeHeaders, allowCredentials }: Resolved, report: Report): void {
  const index = exposeHeaders.indexOf('*');
  if (index < 0 || !allowCredentials) return;
  report.error({
    code: 'CORS_EXPOSE_ANY_WITH_CREDENTIALS',
    path: `exposeHeaders[${String(index)}]`,
    message: '"*" means a header of that name when credentials are sent',
    hint: 'list the headers',
  });
}

function preflightAge({ maxAge }: Resolved, report: Report): void {
  if (!Number.isInteger(maxAge)) {
    report.error({
      code: 'CORS_OUT_OF_RANGE',
      path: 'maxAge',
      message: `expected whole seconds, got ${String(maxAge)}`,
    });
  } else if (maxAge > 7200) {
    report.warning({
      code: 'CORS_MAX_AGE_CAPPED',
      path: 'maxAge',
      message: `only Firefox keeps a preflight answer for ${String(maxAge)} seconds; Chromium stops at 7200, Safari at 600`,
      hint: 'write 7200',
    });
  }
}

function patternsOf({ allowOrigins }: Resolved): readonly Placed<PatternRule>[] {
  return allowOrigins.flatMap((rule, index) =>
    rule.kind === 'pattern' ? [{ rule, path: `allowOrigins[${String(index)}]` }] : [],
  );
}

function expressionsOf({
  allowOrigins,
  allowOriginRegex,
}: Resolved): readonly Placed<RegExpRule>[] {
  const listed = allowOrigins.flatMap((rule, index) =>
    rule.kind === 'regexp' ? [{ rule, path: `allowOrigins[${String(index)}]` }] : [],
  );
  if (allowOriginRegex === undefined) return listed;
  return [...listed, { rule: allowOriginRegex, path: 'allowOriginRegex' }];
}
