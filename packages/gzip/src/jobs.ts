/** A bounded queue for work off the event loop. */
export interface Jobs {
  /**
   * Runs `start` now or when an earlier job is done; `false` when the queue is full and the work
   * must not be done at all.
   */
  add(job: Job): boolean;
  /** Whether a job of so many bytes would be taken now. */
  hasRoom(bytes: number): boolean;
  /** Jobs that run or wait. */
  readonly size: number;
}

export interface Job {
  /** Bytes that the job keeps in memory while it waits. */
  readonly bytes: number;
  /** Begins the work and calls `done` exactly once, later. */
  start(done: () => void): void;
  /** The answer is no longer wanted: the job is skipped without being started. */
  isCancelled(): boolean;
}

export interface JobLimits {
  /** Jobs at the same time. */
  readonly running: number;
  /** Jobs that may wait. */
  readonly waiting: number;
  /** Bytes that waiting jobs may hold together. */
  readonly waitingBytes: number;
}

export function createJobs(limits: JobLimits): Jobs {
  const waiting: Job[] = [];
  let running = 0;
  let waitingBytes = 0;

  function run(job: Job): void {
    running += 1;
    job.start(() => {
      running -= 1;
      runNext();
    });
  }

  function runNext(): void {
    while (running < limits.running) {
      const job = waiting.shift();
      if (job === undefined) return;
      waitingBytes -= job.bytes;
      if (!job.isCancelled()) run(job);
    }
  }

  function hasRoom(bytes: number): boolean {
    if (running < limits.running) return true;
    return waiting.length < limits.waiting && waitingBytes + bytes <= limits.waitingBytes;
  }

  return {
    hasRoom,
    add(job) {
      if (!hasRoom(job.bytes)) return false;
      if (running < limits.running) {
        run(job);
      } else {
        waiting.push(job);
        waitingBytes += job.bytes;
      }
      return true;
    },
    get size() {
      return running + waiting.length;
    },
  };
}
