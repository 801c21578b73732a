import { connect } from 'node:net';

export interface RawOptions {
  /** Stops early, with what was received, once this returns true. */
  readonly until?: ((received: string) => boolean) | undefined;
  /** Milliseconds after which the promise rejects. Default: `3000`. */
  readonly timeout?: number | undefined;
}

/**
 * Writes bytes to a real socket and resolves with everything the server answered, as latin1 text.
 * Resolves when the server closes the connection, or at `until`. A reset resolves with what came before it.
 */
export function rawRequest(
  port: number,
  text: string | Uint8Array,
  { until, timeout = 3000 }: RawOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${timeout} ms; received so far: ${JSON.stringify(received)}`));
    }, timeout);
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(received);
    };
    socket.setEncoding('latin1');
    socket.on('connect', () => {
      if (typeof text === 'string') socket.write(text, 'latin1');
      else socket.write(text);
    });
    socket.on('data', (chunk) => {
      received += String(chunk);
      if (until?.(received)) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
  });
}
