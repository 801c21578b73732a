import { listen } from '@portcullis/testing';
import type { HostName, TestMiddleware, TestResponse, TestServer } from '@portcullis/testing';
import { gzip } from '../src/index.ts';
import type { GzipOptions } from '../src/index.ts';
import { decode } from './decode.ts';

/** Text that compresses about as well as an API answer does. */
export function sample(bytes: number): string {
  let text = '';
  for (let id = 0; text.length < bytes; id++) {
    text += JSON.stringify({
      id,
      name: `user ${(id * 2_654_435_761) % 65_521}`,
      active: id % 3 === 0,
    });
  }
  return text.slice(0, bytes);
}

/** Answers with this text and type, in one call of `end`. */
export function answer(
  body: string | Buffer,
  headers: Record<string, string> = {},
): TestMiddleware {
  return (_req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    res.end(body);
  };
}

export function serve(
  options: GzipOptions,
  handler: TestMiddleware,
  host: HostName = 'http',
): Promise<TestServer> {
  return listen(host, gzip(options), handler);
}

export interface Ask {
  readonly accept?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** One request; `gzip` is accepted unless said otherwise. */
export function ask(
  server: TestServer,
  { accept = 'gzip', method, headers }: Ask = {},
): Promise<TestResponse> {
  return server.request('/', {
    method,
    headers: { ...(accept === '' ? {} : { 'Accept-Encoding': accept }), ...headers },
  });
}

/** The body as the application wrote it. */
export function plainText(response: TestResponse): string {
  const coding = response.headers['content-encoding'];
  return decode(typeof coding === 'string' ? coding : undefined, response.body).toString();
}
