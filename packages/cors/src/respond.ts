import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Next, Notices } from '@portcullis/core';
import { appendVary, isWebSocketHandshake } from '@portcullis/core/http';
import { forOptions, fromFlatList, nothingGranted } from './access-control.ts';
import { isForgeable, mayConnect } from './cross-site.ts';
import { isWatched, publishDecision } from './decision-channel.ts';
import type { CorsDecision } from './decision-channel.ts';
import { clearAccessControl, grant, grantOf } from './grant.ts';
import { parseOrigin } from './origin.ts';
import { grantTo } from './policy.ts';
import type { Policy } from './policy.ts';
import { answerPreflight, debugPreflight } from './preflight.ts';
import type { PreflightAnswer } from './preflight.ts';
import { isPromise } from './promise.ts';
import { reasonsOf } from './reason.ts';
import { askPredicates, toNextError } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** One request on its way through one instance. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly next: Next;
  readonly policy: Policy;
  readonly notices: Notices;
}

/** Decides about the request and answers it, or hands it on. */
export function respond(exchange: Exchange): void {
  const { req, res, next, policy } = exchange;
  const { origin } = req.headers;
  if (res.headersSent) {
    // Whoever has answered already cannot be helped, and `setHeader` would throw.
    next();
  } else if (origin === undefined) {
    withoutOrigin(exchange);
  } else {
    const rule = policy.origins.match(origin);
    const decided = rule !== undefined || policy.predicates.length === 0;
    if (decided || parseOrigin(origin) === undefined) decide(exchange, origin, rule, 'Origin');
    else askThenDecide(exchange, origin);
  }
}

/** Calls `next(error)` with nothing granted, for a function of the user that failed. */
export function fail({ res, next, notices }: Omit<Exchange, 'policy'>, error: unknown): void {
  if (!res.headersSent)
    grant(res, { values: nothingGranted, vary: 'Origin', asked: true, notices });
  next(toNextError(error));
}

function withoutOrigin(exchange: Exchange): void {
  const { req, res, next, policy, notices } = exchange;
  const sender = { origin: undefined, rule: undefined };
  if (isWebSocketHandshake(req)) {
    handshake(exchange, sender);
  } else if (policy.enforce && isForgeable(req, sender, policy.trust)) {
    refuse(exchange, { kind: 'enforce', ...sender }, 'Disallowed cross-origin request');
  } else {
    grant(res, { values: nothingGranted, vary: 'Origin', asked: false, notices });
    next();
  }
}

function askThenDecide(exchange: Exchange, origin: string): void {
  const { req, res, next, policy } = exchange;
  const settle = ({ rule, vary }: Verdict): void => {
    // Somebody may have answered in the meantime.
    if (res.headersSent) next();
    else decide(exchange, origin, rule, vary);
  };
  let verdict: Verdict | Promise<Verdict>;
  try {
    verdict = askPredicates({ predicates: policy.predicates, origin, req });
  } catch (error) {
    fail(exchange, error);
    return;
  }
  if (isPromise(verdict)) void verdict.then(settle, (error: unknown) => fail(exchange, error));
  else settle(verdict);
}

function decide(exchange: Exchange, origin: string, rule: string | undefined, vary: string): void {
  const { req, res, next, policy, notices } = exchange;
  if (req.method === 'OPTIONS') {
    const method = req.headers['access-control-request-method'];
    if (method !== undefined) {
      preflight(exchange, { origin, rule, vary, method });
      return;
    }
  } else if (isWebSocketHandshake(req)) {
    handshake(exchange, { origin, rule });
    return;
  } else if (policy.enforce && isForgeable(req, { origin, rule }, policy.trust)) {
    refuse(exchange, { kind: 'enforce', origin, rule }, 'Disallowed cross-origin request');
    return;
  }
  const granted = rule === undefined ? nothingGranted : grantTo(policy, origin);
  const values = req.method === 'OPTIONS' ? forOptions(granted) : granted;
  grant(res, { values, vary, asked: true, notices });
  if (isWatched()) publish(req, { kind: 'actual', allowed: rule !== undefined, origin, rule });
  next();
}

interface PreflightRequest {
  readonly origin: string;
  readonly rule: string | undefined;
  readonly vary: string;
  readonly method: string;
}

function preflight(exchange: Exchange, asked: PreflightRequest): void {
  const { req, res, next, policy, notices } = exchange;
  const { origin, rule, vary, method } = asked;
  const question = {
    origin: rule === undefined ? undefined : origin,
    method,
    headers: req.headers['access-control-request-headers'],
    privateNetwork: req.headers['access-control-request-private-network'] === 'true',
  };
  let answer = answerPreflight(policy.preflight, question);
  const { failures } = answer;
  if (policy.debug && failures.length > 0) {
    const reasons = reasonsOf(failures, { ...question, origin }, policy.preflight);
    answer = debugPreflight(policy.preflight, question, reasons.join('\n'));
  }
  if (isWatched()) {
    publish(req, { kind: 'preflight', allowed: failures.length === 0, origin, rule, failures });
  }
  if (policy.preflightContinue || grantOf(res) !== undefined) {
    const values = fromFlatList(answer.headers);
    // Both begin with Origin.
    const varyOnAll = policy.preflight.vary + vary.slice('Origin'.length);
    grant(res, { values, vary: varyOnAll, asked: true, notices });
  }
  if (policy.preflightContinue) next();
  else send(res, answer, vary);
}

function handshake(
  exchange: Exchange,
  sender: { readonly origin: string | undefined; readonly rule: string | undefined },
): void {
  const { req, next, policy, notices } = exchange;
  const allowed = mayConnect(req, sender, policy);
  if (!allowed) {
    refuse(exchange, { kind: 'handshake', ...sender }, 'Disallowed CORS origin');
    return;
  }
  if (sender.rule === '*' && req.headers.cookie !== undefined) {
    notices.once(
      'ERR_PORTCULLIS_CORS_HANDSHAKE_ANY_ORIGIN',
      'A WebSocket handshake with cookies came from another origin and was let in by allowOrigins: "*". Browsers send ' +
        'cookies with every handshake, whatever allowCredentials says: name the origins that may connect.',
    );
  }
  if (isWatched()) publish(req, { kind: 'handshake', allowed, ...sender });
  next();
}

function refuse(
  { req, res }: Exchange,
  decision: Omit<CorsDecision, 'allowed' | 'method' | 'url'>,
  body: string,
): void {
  if (isWatched()) publish(req, { ...decision, allowed: false });
  const headers = ['vary', 'Origin', 'content-type', 'text/plain; charset=utf-8'];
  headers.push('content-length', String(body.length));
  send(res, { status: 403, headers, body }, 'Origin');
}

function publish(req: IncomingMessage, decision: Omit<CorsDecision, 'method' | 'url'>): void {
  publishDecision({ ...decision, method: req.method, url: req.url });
}

function send(
  res: ServerResponse,
  { status, headers, body }: Omit<PreflightAnswer, 'failures'>,
  vary: string,
): void {
  clearAccessControl(res);
  if (vary !== 'Origin') appendVary(res, vary);
  if (res.hasHeader('vary')) {
    // `writeHead` would put ours in the place of what is there.
    const at = headers.indexOf('vary') + 1;
    appendVary(res, headers[at] as string);
    headers[at] = String(res.getHeader('vary'));
  }
  res.writeHead(status, headers);
  res.end(body);
}
