/**
 * For tests of applications: makes the cookie of a session without logging in first, and reads the one that came back.
 *
 * @packageDocumentation
 */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { splitCookie, mostChunks } from './cookie/chunks.ts';
import { noCookies } from './cookie/scan.ts';
import { findSession } from './load.ts';
import { sessionOptions } from './options.ts';
import type { SessionOptions } from './options.ts';
import { resolvePolicy } from './policy.ts';
import type { SessionPolicy } from './policy.ts';
import { RequestSession } from './request-session.ts';
import { misuse, tooLarge } from './session-error.ts';
import { difference } from './data/difference.ts';

/** More about a session than its data. Times are in seconds since 1970. */
export interface SessionFacts {
  /** As if `login` had been called. */
  readonly userId?: string | undefined;
  /** Default: now. */
  readonly createdAt?: number | undefined;
  /** Default: now. */
  readonly issuedAt?: number | undefined;
}

/** A session as {@link readSessionCookie} finds it. */
export interface FoundSession {
  readonly data: Readonly<Record<string, unknown>>;
  readonly userId: string | undefined;
  readonly createdAt: number;
  readonly issuedAt: number;
}

/**
 * Makes the value of a `Cookie` header that carries a session with this data.
 *
 * @param options - Those of the application's `session()`. With a store: the same store object.
 * @example
 * const cookie = await sessionCookie({ secretKey }, { cart: [1] }, { userId: '42' });
 * await request(app).get('/cart').set('Cookie', cookie);
 */
export async function sessionCookie(
  options: SessionOptions,
  data: Record<string, unknown>,
  facts: SessionFacts = {},
): Promise<string> {
  const policy = policyOf(options);
  const ctx = contextOf(policy);
  const now = policy.now();
  const text = JSON.stringify(data);
  const generation =
    facts.userId === undefined ? undefined : await policy.strategy.generation?.(facts.userId);
  const action = await policy.strategy.commit(ctx, {
    kind: 'create',
    previous: undefined,
    next: {
      id: policy.strategy.newId(ctx),
      data,
      text,
      createdAt: facts.createdAt ?? now,
      issuedAt: facts.issuedAt ?? now,
      userId: facts.userId,
      generation,
    },
    grace: 0,
    patch: () => difference(undefined, text),
  });
  if (action.kind !== 'set')
    throw misuse('ERR_PORTCULLIS_SESSION_TESTING', 'the strategy gave no cookie for this session');
  const split = { format: policy.format, moment: { secure: false }, most: mostChunks };
  const lines = splitCookie(action.value, split, noCookies);
  if (lines === undefined) throw tooLarge(action.value.length, mostChunks * 4096, text);
  return lines.map((line) => line.slice(0, line.indexOf(';'))).join('; ');
}

/**
 * Reads the session that a `Cookie` header, or the `Set-Cookie` lines of a response, carry. `undefined` when there is none that
 * `session()` with these options would accept.
 */
export async function readSessionCookie(
  options: SessionOptions,
  cookies: string | readonly string[],
): Promise<FoundSession | undefined> {
  const pairs =
    typeof cookies === 'string' ? [cookies] : cookies.map((line) => line.split(';', 1).join(''));
  const found = await findSession(contextOf(policyOf(options), pairs.join('; ')));
  if (found.kind !== 'session') return undefined;
  const { data, userId, createdAt, issuedAt } = found.record;
  return { data, userId, createdAt, issuedAt };
}

function policyOf(options: SessionOptions): SessionPolicy {
  const resolved = sessionOptions.resolve(options).options;
  if (resolved.store === 'memory') {
    throw misuse(
      'ERR_PORTCULLIS_SESSION_TESTING',
      "store: 'memory' is private to each session(); give both the same memoryStore()",
    );
  }
  return resolvePolicy(resolved, () => Math.floor(Date.now() / 1000));
}

function contextOf(policy: SessionPolicy, cookie?: string): RequestSession {
  const req = new IncomingMessage(new Socket());
  if (cookie !== undefined) req.headers.cookie = cookie;
  return new RequestSession(policy, { req });
}
