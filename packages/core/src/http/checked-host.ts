import type { IncomingMessage } from 'node:http';
import { formatHost, type Host } from './host.ts';
import type { HostSource } from './request-host.ts';
import { requestScheme, type Scheme } from './scheme.ts';
import { encodeText } from './target.ts';

/** A host that an allow-list has passed, and where it came from. */
export interface CheckedHost extends Host {
  readonly source: HostSource;
}

const slot: unique symbol = Symbol.for('portcullis.checked-host');

interface Carrier {
  [slot]?: CheckedHost;
}

/** The host that `trustedHost()` checked on this request; `undefined` when none was checked. Safe in links and redirects. */
export function getHost(req: IncomingMessage): CheckedHost | undefined {
  return (req as Carrier)[slot];
}

/** For middleware that checks hosts against an allow-list: keeps the result for {@link getHost}. */
export function setCheckedHost(req: IncomingMessage, checked: CheckedHost): void {
  (req as Carrier)[slot] = checked;
}

/** Parts of the URL that the application knows better than the request. */
export interface AbsoluteUrlOverrides {
  readonly scheme?: Scheme | undefined;
  /** `null` leaves the port out. A client can name any port of an allowed host unless the allow-list fixes it. */
  readonly port?: number | null | undefined;
}

/**
 * An absolute URL on the checked host, for links in mails and for redirects; `path` may hold a query and a fragment.
 *
 * @throws `ERR_PORTCULLIS_HTTP_UNCHECKED_HOST` when no `trustedHost()` ran on this request.
 */
export function absoluteUrl(
  req: IncomingMessage,
  path: string,
  overrides?: AbsoluteUrlOverrides,
): string {
  const host = getHost(req);
  if (host === undefined) throw uncheckedHost();
  const scheme = overrides?.scheme ?? requestScheme(req);
  const port = overrides?.port === undefined ? host.port : (overrides.port ?? undefined);
  const standard = scheme === 'https' ? 443 : 80;
  const authority = formatHost({ ...host, port: port === standard ? undefined : port });
  return `${scheme}://${authority}${encodeReference(path.startsWith('/') ? path : `/${path}`)}`;
}

/** With the fragment, in which applications in the browser keep their own paths. */
function encodeReference(path: string): string {
  const mark = path.indexOf('#');
  if (mark < 0) return encodeText(path);
  return `${encodeText(path.slice(0, mark))}#${encodeText(path.slice(mark + 1))}`;
}

function uncheckedHost(): Error {
  return Object.assign(
    new Error('absoluteUrl(req, path) needs a checked host. Mount trustedHost() before this code.'),
    { code: 'ERR_PORTCULLIS_HTTP_UNCHECKED_HOST', status: 500, statusCode: 500, expose: false },
  );
}
