import type { Socket } from 'node:net';
import { Writable } from 'node:stream';

/** Where a response goes on when its connection is no longer its own. */
export interface Sink {
  /** For `res.assignSocket`. */
  readonly socket: Socket;
  /** Lets the response finish: until then its only write, the head of a 101, is pending. */
  release(): void;
}

/**
 * Makes a stand-in socket that swallows bytes. With it `headersSent`, `finish`, `close` and the
 * errors of a late `setHeader` are Node's own, and no byte reaches the client.
 *
 * @param onBytes - The head is final: someone ended or flushed the response.
 */
export function createSink(onBytes: () => void): Sink {
  let pending: (() => void) | undefined;
  const socket = new Writable({
    write(_chunk, _encoding, done) {
      pending = done;
      onBytes();
    },
  });
  return {
    // A response asks no more of its socket than cork, write, end, destroy and events.
    socket: socket as unknown as Socket,
    release: () => pending?.(),
  };
}
