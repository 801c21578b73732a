import type { IncomingMessage, ServerResponse } from 'node:http';
import { appendVary } from '../http/vary.ts';

/** Whether a value is a web `Response`, of this or of another realm. */
export function isWebResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]';
}

/**
 * Sends a web `Response`: status, headers, and the body as it comes, at the pace of the client.
 * Headers that are there stay, unless the response names them; `Vary` and `Set-Cookie` are added to.
 * A response of `fetch()` goes out decoded, as `fetch()` gives it.
 *
 * Rejects when nothing was sent yet and the body cannot be read; later failures destroy the
 * response, so that the client does not take half an answer for a whole one.
 */
export async function sendWebResponse(
  req: IncomingMessage,
  res: ServerResponse,
  response: Response,
): Promise<void> {
  if (response.bodyUsed) throw new TypeError('The body of the Response has been read already');
  const reader = (response.body ?? undefined)?.getReader();
  // The first bytes before the head: a body that fails at once can still become a proper error.
  const first = req.method === 'HEAD' ? undefined : await reader?.read();
  writeHead(res, response);
  if (first === undefined || reader === undefined) {
    res.end();
    await reader?.cancel();
    return;
  }
  await copyBody(reader, first, res);
}

function writeHead(res: ServerResponse, response: Response): void {
  res.statusCode = response.status;
  // http2 has no status message, and warns of one.
  if (response.statusText !== '' && !('stream' in res)) res.statusMessage = response.statusText;
  for (const [name, value] of headersToSend(response)) {
    if (name === 'vary') appendVary(res, value);
    else if (name === 'set-cookie') res.appendHeader(name, value);
    else res.setHeader(name, value);
  }
}

// About the connection that a response came on, not about the response (RFC 9110 section 7.6.1).
// An HTTP/2 client breaks off at some of them.
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** What `fetch()` decodes; one coding that it does not know, and it decodes none. */
const DECODED = ['gzip', 'x-gzip', 'deflate', 'br'];

function headersToSend({ url, headers }: Response): Headers {
  // Only fetch() gives a response an address; what others made is sent as they made it.
  if (url === '') return headers;
  const sent = new Headers(headers);
  for (const name of [...HOP_BY_HOP, ...listOf(headers.get('connection'))]) sent.delete(name);
  const codings = listOf(headers.get('content-encoding'));
  if (codings.length > 0 && codings.every((coding) => DECODED.includes(coding))) {
    sent.delete('content-encoding');
    sent.delete('content-length');
  }
  return sent;
}

function listOf(value: string | null): readonly string[] {
  const items = value?.toLowerCase().split(',') ?? [];
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function copyBody(
  reader: Reader,
  first: Awaited<ReturnType<Reader['read']>>,
  res: ServerResponse,
): Promise<void> {
  let gone = false;
  const onClose = (): void => {
    gone = true;
  };
  res.once('close', onClose);
  try {
    for (let part = first; !part.done && !gone; part = await reader.read()) {
      if (!res.write(part.value) && !gone) await drained(res);
    }
    if (gone) await reader.cancel();
    else res.end();
  } catch (error) {
    // Always with an error: without one http2 ends the stream as if all had been said.
    res.destroy(new Error('The body of the Response failed', { cause: error }));
  } finally {
    res.off('close', onClose);
  }
}

/** Waits until more can be written, or nothing ever will. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      res.off('drain', settle);
      res.off('close', settle);
      resolve();
    };
    res.once('drain', settle);
    res.once('close', settle);
  });
}
