import type { Socket } from 'node:net';
import { Writable } from 'node:stream';

/** Where a response goes on when its connection is no longer its own. */
export interface Sink {
  /** For `res.assignSocket`. */
  readonly socket: Socket;
  /** Lets the response finish: until then its first write is pending. */
  release(): void;
}

/**
 * Makes a stand-in socket that swallows bytes. With it `headersSent`, `finish`, `close` and the
 * errors of a late `setHeader` are Node's own, and no byte reaches the client.
 *
 * @param onFirstBytes - The head is final: someone ended or flushed the response.
 */
export function createSink(onFirstBytes: () => void): Sink {
  let started = false;
  let released = false;
  let pending: (() => void) | undefined;
  const socket = new Writable({
    write(_chunk, _encoding, done) {
      if (!started) onFirstBytes();
      started = true;
      if (released) done();
      else pending = done;
    },
  });
  return {
    // A response asks no more of its socket than cork, write, end, destroy and events.
    socket: socket as unknown as Socket,
    release() {
      released = true;
      pending?.();
      pending = undefined;
    },
  };
}
