import { listen, rawRequest, type HostName, type TestMiddleware } from '@portcullis/testing';
import { httpsRedirect, type HttpsRedirectOptions } from '@portcullis/https-redirect';

/** A test server behind `httpsRedirect`; what comes before it may be given too. */
export function serve(
  options?: HttpsRedirectOptions,
  {
    host = 'http',
    before = [],
    ...rest
  }: {
    host?: HostName;
    before?: TestMiddleware[];
    tls?: boolean;
    settings?: Record<string, unknown>;
  } = {},
) {
  return listen(host, [...before, httpsRedirect(options)], undefined, rest);
}

export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
  readonly head: string;
}

/** Sends a head exactly as written, over a real socket. */
export async function send(
  server: { readonly port: number },
  lines: readonly string[],
  start = 'GET / HTTP/1.1',
): Promise<Answer> {
  const head = [start, 'Connection: close', ...lines, '', ''].join('\r\n');
  const answer = await rawRequest(server.port, head);
  const end = answer.indexOf('\r\n\r\n');
  return {
    status: Number(answer.slice(9, 12)),
    location: /^Location: (.*?)\r?$/im.exec(answer)?.[1],
    body: answer.slice(end + 4),
    head: answer.slice(0, end),
  };
}
