import type { Issue, Placed, Report, Rule } from '@portcullis/core/options';
import { isNeverSent } from './header-name.ts';
import type { ResolvedCorsOptions } from './options.ts';
import type { PatternRule, RegExpRule } from './origin-rule.ts';
import { isPublicSuffix } from './public-suffix.ts';
import { findNearMiss, findStranger } from './regexp-audit.ts';

type Resolved = Readonly<ResolvedCorsOptions>;
type CorsReport = Report<ResolvedCorsOptions>;

/** What only shows when several options are looked at together. */
export const corsRules: readonly Rule<ResolvedCorsOptions>[] = [
  someOrigin,
  anyOrigin,
  enforceAnyOrigin,
  nullOrigin,
  normalizedOrigins,
  insecureOrigins,
  publicSuffixes,
  listedExpressions,
  loneExpression,
  uselessHeaders,
  exposedHeaders,
  preflightAge,
];

function someOrigin(options: Resolved, report: CorsReport): void {
  const { allowOrigins, allowOriginRegex, dangerouslyAllowNullOrigin } = options;
  if (allowOrigins.length > 0 || allowOriginRegex !== undefined) return;
  if (!dangerouslyAllowNullOrigin) report.warning(noOrigins);
}

function anyOrigin(options: Resolved, report: CorsReport): void {
  if (!options.allowCredentials || !allowsAny(report)) return;
  warnOfAnyone(options, report, { path: 'allowOrigins', what: '"*"' });
}

function enforceAnyOrigin({ enforce }: Resolved, report: CorsReport): void {
  if (!enforce || !allowsAny(report)) return;
  report.warning({
    code: 'CORS_ENFORCE_ANY_ORIGIN',
    path: 'enforce',
    message: 'refuses nobody while allowOrigins contains "*"',
    hint: 'name the origins that may send unsafe requests',
  });
}

function allowsAny(report: CorsReport): boolean {
  return report.entries('allowOrigins').some(({ entry }) => entry.kind === 'any');
}

const noOrigins: Issue = {
  code: 'CORS_NO_ORIGINS',
  path: 'allowOrigins',
  message: 'is empty, so no page of another origin can read a response',
  hint: 'name the origins of your pages: allowOrigins: ["https://app.example"]',
};

function warnOfAnyone(
  options: Resolved,
  report: CorsReport,
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

function nullOrigin({ dangerouslyAllowNullOrigin }: Resolved, report: CorsReport): void {
  if (dangerouslyAllowNullOrigin) return;
  for (const { entry, path } of report.entries('allowOrigins')) {
    if (entry.kind !== 'null') continue;
    report.error({
      code: 'CORS_NULL_ORIGIN',
      path,
      message: '"null" is the origin of sandboxed frames, data: pages and files of any site',
      hint: 'remove it; or, if this is meant, set dangerouslyAllowNullOrigin: true',
    });
  }
}

function normalizedOrigins(_options: Resolved, report: CorsReport): void {
  for (const { entry: rule, path } of patternsOf(report)) {
    if (rule.written === undefined) continue;
    report.warning({
      code: 'CORS_ORIGIN_NORMALIZED',
      path,
      message: `${JSON.stringify(rule.written)} is not how browsers write an origin; taken as ${JSON.stringify(rule.text)}`,
      hint: `write ${JSON.stringify(rule.text)}`,
    });
  }
}

function insecureOrigins(options: Resolved, report: CorsReport): void {
  if (!options.allowCredentials) return;
  for (const { entry: rule, path } of patternsOf(report)) {
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

function publicSuffixes(options: Resolved, report: CorsReport): void {
  if (options.dangerouslyAllowPublicSuffix) return;
  for (const { entry: rule, path } of patternsOf(report)) {
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

function listedExpressions(options: Resolved, report: CorsReport): void {
  for (const { entry, path } of report.entries('allowOrigins')) {
    if (entry.kind === 'regexp') judgeExpression(options, report, { entry, path });
  }
}

function loneExpression(options: Resolved, report: CorsReport): void {
  const { allowOriginRegex: entry } = options;
  if (entry !== undefined) judgeExpression(options, report, { entry, path: 'allowOriginRegex' });
}

function judgeExpression(
  options: Resolved,
  report: CorsReport,
  { entry: { expression, test }, path }: Placed<RegExpRule>,
): void {
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
    return;
  }
  const accepted = stranger ?? findNearMiss(expression.source, test);
  if (accepted === undefined) return;
  report.warning({
    code: 'CORS_REGEX_LOOSE',
    path,
    message: `${String(expression)} also allows ${JSON.stringify(accepted)}`,
    hint: 'escape every dot as "\\." and put one before the host; or use a pattern such as "https://*.example.com"',
  });
}

function uselessHeaders(_options: Resolved, report: CorsReport): void {
  for (const { entry: name, path } of report.entries('allowHeaders')) {
    if (!isNeverSent(name)) continue;
    report.warning({
      code: 'CORS_HEADER_NEVER_SENT',
      path,
      message: `${JSON.stringify(name)} is set by the browser, never by a page, so no preflight asks for it`,
      hint: 'remove it',
    });
  }
}

function exposedHeaders({ allowCredentials }: Resolved, report: CorsReport): void {
  const wildcard = report.entries('exposeHeaders').find(({ entry }) => entry === '*');
  if (wildcard === undefined || !allowCredentials) return;
  report.error({
    code: 'CORS_EXPOSE_ANY_WITH_CREDENTIALS',
    path: wildcard.path,
    message: '"*" means a header of that name when credentials are sent',
    hint: 'list the headers',
  });
}

function preflightAge({ maxAge }: Resolved, report: CorsReport): void {
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

function patternsOf(report: CorsReport): readonly Placed<PatternRule>[] {
  return report
    .entries('allowOrigins')
    .flatMap(({ entry, path }) => (entry.kind === 'pattern' ? [{ entry, path }] : []));
}
