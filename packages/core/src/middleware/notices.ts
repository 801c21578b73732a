/** Warnings of one middleware instance. */
export interface Notices {
  /** `process.emitWarning` with type `PortcullisWarning`, at most once per code. */
  once(code: string, message: string): void;
}

/** Makes the warnings of one middleware instance: whatever clients send, a code comes up once. */
export function createNotices(): Notices {
  const given = new Set<string>();
  return {
    once(code, message) {
      if (given.has(code)) return;
      given.add(code);
      process.emitWarning(message, { type: 'PortcullisWarning', code });
    },
  };
}
