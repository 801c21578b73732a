import type { IncomingMessage, ServerResponse } from 'node:http';
import { appendVary } from '../http/vary.ts';

/** Whether a value is a web `Response`, of this or of another realm. */
export function isWebResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]';
}

/**
 * Sends a web `Response`: status, headers, and the body as it comes, at the pace of the client.
 * Headers that are there stay, unless the response names them; `Vary` and `Set-Cookie` are added to.
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
  for (const [name, value] of response.headers) {
    if (name === 'vary') appendVary(res, value);
    else if (name === 'set-cookie') res.appendHeader(name, value);
    else res.setHeader(name, value);
  }
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
