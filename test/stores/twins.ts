import { setTimeout as sleep } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HostName, listen, type TestMiddleware } from '@portcullis/testing';
import expressSession = require('express-session');
import portcullisSession = require('@portcullis/session/express-session');

/** What both implementations put on a request; apps in JavaScript see no more. */
export interface AnySession {
  id: string;
  cookie: Record<string, unknown> & { maxAge: unknown; originalMaxAge: unknown; expires: unknown };
  save(callback?: (error?: unknown) => void): unknown;
  reload(callback: (error?: unknown) => void): unknown;
  destroy(callback?: (error?: unknown) => void): unknown;
  regenerate(callback: (error?: unknown) => void): unknown;
  touch(): AnySession;
  [key: string]: unknown;
}
export interface AnyRequest extends Omit<IncomingMessage, 'session'> {
  session: AnySession;
  sessionID: string;
  sessionStore: Record<string, (...all: unknown[]) => unknown>;
}
export type Handler = (
  req: AnyRequest,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

/** The factory that both packages export. */
export interface SessionPackage {
  (options: Record<string, unknown>): TestMiddleware;
  Store: new (...all: unknown[]) => Record<string, unknown>;
  Cookie: new (options?: unknown) => Record<string, unknown>;
  Session: new (...all: unknown[]) => AnySession;
  MemoryStore: new () => Record<string, (...all: unknown[]) => unknown>;
}

// Each has types of its own for the same thing.
export const original = expressSession as unknown as SessionPackage;
export const ours = portcullisSession as unknown as SessionPackage;

export const secret = 'a secret of more than thirty-two bytes, for both';
export const quiet = { secret, resave: false, saveUninitialized: false };

export interface Step {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Sends the cookies that came so far. Default: true. */
  readonly cookies?: boolean;
  readonly pause?: number;
}

export interface Seen {
  readonly status: number;
  readonly body: string;
  /** With ids by number and lifetimes in seconds, so that two runs compare. */
  readonly setCookie: readonly string[];
}

/** Runs requests one after another against one of the two. */
export async function run(
  session: SessionPackage,
  options: Record<string, unknown>,
  handler: Handler,
  steps: readonly Step[],
  settings: { host?: HostName; before?: readonly TestMiddleware[] } = {},
): Promise<Seen[]> {
  const server = await listen(
    settings.host ?? 'connect',
    [...(settings.before ?? []), session(options)],
    handler as unknown as TestMiddleware,
  );
  const jar = new Map<string, string>();
  const ids = new Map<string, string>();
  const seen: Seen[] = [];
  for (const { path = '/', headers = {}, cookies = true, pause = 0 } of steps) {
    await sleep(pause);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await server.request(path, {
      headers: { ...(cookies && cookie !== '' ? { cookie } : {}), ...headers },
    });
    for (const line of response.setCookie) {
      const [pair = ''] = line.split(';');
      const equals = pair.indexOf('=');
      jar.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    seen.push({
      status: response.status,
      body: anonymous(response.text, ids),
      setCookie: response.setCookie.map((line) => anonymous(line, ids)),
    });
  }
  await server.close();
  return seen;
}

function anonymous(text: string, ids: Map<string, string>): string {
  return text
    .replace(/s%3A([\w-]{8,})\.[\w%+/-]+/g, (_, id: string) => nameOf(id, ids))
    .replace(/(?<![\w-])[\w-]{32}(?![\w-])/g, (id) => nameOf(id, ids))
    .replace(/Expires=([^;]+)/g, (_, date: string) => {
      const left = Math.round((Date.parse(date) - Date.now()) / 1_000);
      return left < -1_000 ? 'Expires=past' : `Expires=in ${Math.round(left / 5) * 5} s`;
    });
}

function nameOf(id: string, ids: Map<string, string>): string {
  const known = ids.get(id) ?? `id${ids.size + 1}`;
  ids.set(id, known);
  return known;
}
