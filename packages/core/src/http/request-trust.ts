import type { IncomingMessage } from 'node:http';
import { sameTrust, type Trust } from './trust.ts';

/** Which family of headers the proxies in front manage. Never both: a proxy that sets one passes the other through. */
export type ForwardedFamily = 'x-forwarded' | 'forwarded';

/** What a middleware was told about proxies. A field left out falls back to an earlier Portcullis middleware, then to the app. */
export interface RequestTrust {
  readonly trust?: Trust | undefined;
  readonly forwarded?: ForwardedFamily | undefined;
  /** Lower-case header names that tell the scheme instead of `X-Forwarded-Proto`, in order of preference. */
  readonly protoHeaders?: readonly string[] | undefined;
}

const remembered: unique symbol = Symbol.for('portcullis.request-trust');
const protoHeaders: unique symbol = Symbol.for('portcullis.proto-headers');
const warned: unique symbol = Symbol.for('portcullis.trust-warned');

const remembering: unique symbol = Symbol.for('portcullis.remembering-trust');

type AppTrust = Trust & { readonly [remembering]?: Trust };

interface Carrier {
  [remembered]?: RequestTrust;
  [protoHeaders]?: readonly string[];
  readonly app?: unknown;
}

/**
 * Whom to believe about this request: the option, else what an earlier Portcullis middleware was told, else
 * the app's own `trust proxy`, else nobody (`undefined`).
 */
export function resolveTrust(req: IncomingMessage, given?: RequestTrust): Trust | undefined {
  return toldTrust(req, given) ?? resolveAppTrust(req);
}

/** Whom Portcullis was told to believe, here or earlier on this request. */
export function toldTrust(req: IncomingMessage, given?: RequestTrust): Trust | undefined {
  const carrier = req as Carrier;
  const earlier = carrier[remembered];
  if (given?.trust !== undefined) {
    if (earlier === undefined) carrier[remembered] = given;
    else if (earlier !== given) compareWith(earlier, given.trust);
    return given.trust;
  }
  return earlier?.trust;
}

/** The family of forwarded headers, found along the same chain. */
export function resolveFamily(req: IncomingMessage, given?: RequestTrust): ForwardedFamily {
  return given?.forwarded ?? (req as Carrier)[remembered]?.forwarded ?? 'x-forwarded';
}

/** The headers that tell the scheme, once a middleware was told of them: all later ones must find the same scheme. */
export function resolveProtoHeaders(
  req: IncomingMessage,
  given?: RequestTrust,
): readonly string[] | undefined {
  if (given?.protoHeaders === undefined) return (req as Carrier)[protoHeaders];
  (req as Carrier)[protoHeaders] = given.protoHeaders;
  return given.protoHeaders;
}

/** What the app's own getters (`req.ip`, `req.hostname`) believe, whatever Portcullis was told. */
export function resolveAppTrust(req: IncomingMessage): Trust | undefined {
  return appTrust((req as Carrier).app);
}

// Read from `settings`, not through `app.get(name)`: in other frameworks that call adds a route.
function appTrust(app: unknown): Trust | undefined {
  if (app === undefined || app === null) return undefined;
  const settings = (app as { settings?: Readonly<Record<string, unknown>> }).settings;
  const value = settings?.['trust proxy'];
  const own = settings?.['trust proxy fn'] ?? value;
  if (typeof own !== 'function') return undefined;
  // Express and tinyhttp both keep a compiled `(address, hop) => boolean` here.
  const trust = own as AppTrust;
  return typeof value === 'string' || Array.isArray(value) ? rememberingLast(trust) : trust;
}

/** Express compiles a list of addresses into a function that parses the peer's address anew, in half a microsecond. */
function rememberingLast(trust: AppTrust): Trust {
  const known = trust[remembering];
  if (known !== undefined) return known;
  let last: { readonly address: string; readonly trusted: boolean } | undefined;
  const quick: Trust = (address, hop) => {
    if (address === undefined) return trust(address, hop);
    if (last?.address !== address) last = { address, trusted: trust(address, hop) };
    return last.trusted;
  };
  Reflect.defineProperty(trust, remembering, { value: quick });
  return quick;
}

function compareWith(earlier: RequestTrust, trust: Trust & { [warned]?: true }): void {
  if (earlier.trust === undefined || sameTrust(earlier.trust, trust) || trust[warned]) return;
  Object.defineProperty(trust, warned, { value: true });
  process.emitWarning(
    'Two Portcullis middleware on one request were given different trustProxy values, so they may disagree ' +
      'about its scheme, host and client. Give both the same value, or only the first one.',
    { type: 'PortcullisWarning', code: 'ERR_PORTCULLIS_HTTP_TRUST_DIFFERS' },
  );
}

/** Asks without ever throwing: a user's function may not expect an `undefined` address or a forged one. */
export function isTrusted(trust: Trust, address: string | undefined, hop: number): boolean {
  try {
    return trust(address, hop);
  } catch {
    return false;
  }
}
