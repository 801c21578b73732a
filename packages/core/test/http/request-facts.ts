import type { IncomingMessage } from 'node:http';
import { listen, rawRequest, type HostName, type TestServer } from '@portcullis/testing';

/** A server that answers with what `read` makes of the request, as JSON. */
export function listenFor(
  read: (req: IncomingMessage) => unknown,
  options: { host?: HostName; tls?: boolean; settings?: Record<string, unknown> } = {},
): Promise<TestServer> {
  const { host = 'http', ...rest } = options;
  return listen(host, [], (req, res) => res.end(JSON.stringify(read(req) ?? null)), rest);
}

/** What a request with these header lines gives. */
export async function fact(
  read: (req: IncomingMessage) => unknown,
  lines: readonly string[],
  target = '/',
): Promise<unknown> {
  const server = await listenFor(read);
  const head = [`GET ${target} HTTP/1.1`, 'Connection: close', ...lines];
  const answer = await rawRequest(server.port, `${head.join('\r\n')}\r\n\r\n`);
  await server.close();
  return bodyOf(answer);
}

export function bodyOf(answer: string): unknown {
  const [, body = ''] = answer.split('\r\n\r\n');
  const text = /chunked/i.test(answer) ? (body.split('\r\n')[1] ?? '') : body;
  return JSON.parse(text) as unknown;
}
