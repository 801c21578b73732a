import type { Deflate, Gzip } from 'node:zlib';

export type Finished = (error: Error | undefined, output?: Buffer) => void;

/** Compresses whole bodies off the event loop with streams that are reset and used again. */
export interface StreamPool {
  compress(body: Buffer, finished: Finished): void;
  /** Streams that wait for work. */
  readonly idle: number;
}

interface Pooled {
  readonly stream: Gzip | Deflate;
  chunks: Buffer[];
  finished: Finished | undefined;
}

/**
 * @param create - Makes a stream whose default flush is `Z_FINISH`, so that one write is the whole
 *   body in one trip to the thread pool. `zlib.gzip()` builds and throws away a stream each time,
 *   which at 1 KB costs four times as much.
 * @param maximum - Streams kept for later; each holds about 260 KB.
 * @param idleMilliseconds - After so long without work all of them are closed.
 */
export function createStreamPool(
  create: () => Gzip | Deflate,
  maximum: number,
  idleMilliseconds: number,
): StreamPool {
  const idle: Pooled[] = [];
  let trimmer: NodeJS.Timeout | undefined;

  function open(): Pooled {
    const pooled: Pooled = { stream: create(), chunks: [], finished: undefined };
    pooled.stream.on('data', (chunk: Buffer) => pooled.chunks.push(chunk));
    pooled.stream.on('error', (error) => {
      const at = idle.indexOf(pooled);
      if (at !== -1) idle.splice(at, 1);
      settle(pooled, error);
    });
    return pooled;
  }

  function release(pooled: Pooled): void {
    if (idle.length >= maximum) {
      pooled.stream.close();
      return;
    }
    // A reset forgets the history, so nothing of one body can reach the next.
    pooled.stream.reset();
    idle.push(pooled);
    if (trimmer === undefined) trimmer = setTimeout(trim, idleMilliseconds).unref();
    else trimmer.refresh();
  }

  function trim(): void {
    trimmer = undefined;
    for (const { stream } of idle.splice(0)) stream.close();
  }

  return {
    compress(body, finished) {
      const pooled = idle.pop() ?? open();
      pooled.finished = finished;
      pooled.stream.write(body, (error) => {
        // The error event brings the failure. A stream that is destroyed in mid-work calls back
        // without one, and resetting it would abort the process.
        if (error || pooled.stream.destroyed) return;
        const output = Buffer.concat(pooled.chunks);
        release(pooled);
        settle(pooled, undefined, output);
      });
    },
    get idle() {
      return idle.length;
    },
  };
}

function settle(pooled: Pooled, error: Error | undefined, output?: Buffer): void {
  const { finished } = pooled;
  pooled.finished = undefined;
  pooled.chunks = [];
  finished?.(error, output);
}
