import { listen, rawRequest, type HostName, type TestServer } from '@portcullis/testing';
import { getHost, trustedHost, type TrustedHostOptions } from '@portcullis/trusted-host';

/** A server behind `trustedHost` that answers with the checked host, or `none`. */
export function serve(
  options: TrustedHostOptions,
  host: HostName = 'http',
  settings?: Record<string, unknown>,
): Promise<TestServer> {
  return listen(
    host,
    trustedHost(options),
    (req, res) => {
      const checked = getHost(req);
      res.end(checked === undefined ? 'none' : `${checked.hostname} from ${checked.source}`);
    },
    { settings },
  );
}

/** Sends a head exactly as written, on a real socket: status and body of the answer. */
export async function send(
  server: TestServer,
  lines: readonly string[],
  start = 'GET / HTTP/1.1',
): Promise<string> {
  const head = [start, 'Connection: close', ...lines, '', ''].join('\r\n');
  const answer = await rawRequest(server.port, head);
  const status = /^HTTP\/1\.1 ([0-9]{3})/.exec(answer)?.[1] ?? answer;
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  const text = /transfer-encoding: chunked/i.test(answer) ? body.split('\r\n')[1] : body;
  return `${status} ${text}`;
}

export function headerOf(answer: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*?)\\r?$`, 'im').exec(answer)?.[1];
}
